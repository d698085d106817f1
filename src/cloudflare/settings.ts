import type { ApiSettings } from '../api/deps.ts'
import type { Network } from '../chain/network.ts'
import { parseConfig, parseHostPort } from '../config.ts'
import { DEFAULT_RESOLVER } from './dns-over-https.ts'
import type { Env } from './env.ts'

export interface Dialling {
  /** Only these. */
  named: { host: string; port: number }[]
  /** Where nobody is named: asked for addresses. */
  seeds: readonly string[]
  /** URL of the DNS-over-HTTPS resolver. */
  resolver: string
}

export type EdgeSettings =
  | { kind: 'ok'; network: Network; dialling: Dialling; filters: boolean; api: ApiSettings; trackedAddresses: number }
  /** A text that says what is wrong. */
  | { kind: 'refused'; text: string }

type SettingsEnv = { [K in keyof Env as K extends `CAUSEWAY_${string}` ? K : never]: Env[K] }

/** What the operator has set, or a text that says what is wrong with it. */
export function readSettings(env: SettingsEnv): EdgeSettings {
  const settings = {
    network: env.CAUSEWAY_NETWORK ?? undefined,
    'min-work': env.CAUSEWAY_MIN_WORK ?? undefined,
    'assume-valid': env.CAUSEWAY_ASSUME_VALID || undefined,
    // They cost the object a look at every block, and so are asked for here.
    filters: env.CAUSEWAY_FILTERS || 'off',
    'esplora-sigops': env.CAUSEWAY_ESPLORA_SIGOPS ?? undefined,
    'tracked-addresses': env.CAUSEWAY_TRACKED_ADDRESSES || undefined,
  }
  const result = parseConfig(settings, { home: '', terminal: false })
  const mistakes = result.kind === 'bad' ? [...result.mistakes] : []
  const named = (env.CAUSEWAY_CONNECT ?? '')
    .split(/[\s,]+/)
    .filter(Boolean)
    .flatMap((text) => {
      const peer = parseHostPort(text)
      if (peer && peer.port > 0) return [peer]
      mistakes.push(`connect: "${text}" is not a peer's HOST:PORT`)
      return []
    })
  const dial = (env.CAUSEWAY_DIAL || 'off').toLowerCase()
  if (dial !== 'on' && dial !== 'off') mistakes.push(`dial: "${env.CAUSEWAY_DIAL}" is neither on nor off`)
  const resolver = env.CAUSEWAY_RESOLVER || DEFAULT_RESOLVER
  if (!/^https?:\/\//.test(resolver) || !URL.canParse(resolver)) mistakes.push(`resolver: "${resolver}" is no URL`)
  if (result.kind === 'bad' || mistakes.length > 0) {
    return { kind: 'refused', text: `This relay is not set up: ${mistakes.join('; ')}.\n` }
  }
  const { network, filters, esploraSigops, trackedAddresses } = result.config
  if (network.name === 'main') return { kind: 'refused', text: NO_MAIN }
  const seeds = dial === 'on' && named.length === 0 ? network.dnsSeeds : []
  return {
    kind: 'ok',
    network,
    dialling: { named, seeds, resolver },
    filters,
    api: { sigops: esploraSigops },
    trackedAddresses,
  }
}

const NO_MAIN = `This relay is set up for the network main, whose ledger does not fit here: an object of the edge
platform keeps at most 10 GB. Set CAUSEWAY_NETWORK to testnet4, signet or regtest, or run the relay
for main as a program of its own.
`
