import type { Network } from '../chain/network.ts'
import { parseConfig } from '../config.ts'
import type { Env } from './env.ts'

export type EdgeSettings = { kind: 'ok'; network: Network } | { kind: 'refused'; text: string }

/** What the operator has set, or a text that says what is wrong with it. */
export function readSettings(env: Pick<Env, 'CAUSEWAY_NETWORK' | 'CAUSEWAY_MIN_WORK'>): EdgeSettings {
  const settings = { network: env.CAUSEWAY_NETWORK ?? undefined, 'min-work': env.CAUSEWAY_MIN_WORK ?? undefined }
  const result = parseConfig(settings, { home: '', terminal: false })
  if (result.kind === 'bad') {
    return { kind: 'refused', text: `This relay is not set up: ${result.mistakes.join('; ')}.\n` }
  }
  const { network } = result.config
  return network.name === 'main' ? { kind: 'refused', text: NO_MAIN } : { kind: 'ok', network }
}

const NO_MAIN = `This relay is set up for the network main, whose ledger does not fit here: an object of the edge
platform keeps at most 10 GB. Set CAUSEWAY_NETWORK to testnet4, signet or regtest, or run the relay
for main as a program of its own.
`
