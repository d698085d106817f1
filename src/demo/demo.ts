import { randomBytes } from 'node:crypto'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import type { HostPort } from '../config.ts'
import type { Log } from '../node/log.ts'
import { type DemoNetwork, startNetwork } from './network.ts'
import { Rounds, type RoundsEnd } from './rounds.ts'
import type { Screen } from './screen.ts'

/** A node that has failed says so before this is over. */
const NOTICED_WITHIN_MS = 200

export interface DemoOptions {
  /** Where everything is kept; a fresh directory that is removed at the end where it is not given. */
  data: string | undefined
  /** Between two blocks. */
  everyMs: number
  /** Prove for so long and end; otherwise go on until told to stop. */
  checkMs: number | undefined
  /** Where the relay's pages go if that port is free. */
  http: HostPort
  log: Log
  screen: Screen
  /** Aborted when a person has seen enough. */
  stop: AbortSignal
  /** The nodes are about to be stopped. */
  onStopping?(): void
}

/**
 * A whole network, all but the edge relay in this process: it starts the nodes, lets time pass, and takes everything down
 * again. Throws when a node fails.
 */
export async function runDemo(options: DemoOptions): Promise<RoundsEnd> {
  const { screen, stop, http, log } = options
  const data = options.data ?? mkdtempSync(join(tmpdir(), 'causeway-demo-'))
  let network: DemoNetwork | undefined
  let rounds: Rounds | undefined
  const takeDown = async () => {
    options.onStopping?.()
    screen.end()
    rounds?.stop()
    try {
      await network?.stop()
    } finally {
      if (options.data === undefined) rmSync(data, { recursive: true, force: true })
    }
  }
  let end: RoundsEnd
  try {
    const seed = seedIn(data)
    network = await startNetwork({ data, http, log })
    if (!stop.aborted) screen.say(...whereToLook(network, data))
    rounds = new Rounds({ ...options, network, seed, now: Date.now })
    const failed = network.failed.then((error) => Promise.reject(error))
    end = await Promise.race([aborted(stop), rounds.run(), failed])
  } catch (error) {
    // A node that fails is often noticed first by somebody who asked it something.
    const reason = network && (await Promise.race([network.failed, delay(NOTICED_WITHIN_MS)]))
    await takeDown().catch(() => {})
    throw reason ?? error
  }
  await takeDown()
  return end
}

async function aborted(signal: AbortSignal): Promise<RoundsEnd> {
  if (!signal.aborted) await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }))
  return { kind: 'stopped' }
}

function whereToLook({ relay, edge, withoutEdge, nodes }: DemoNetwork, data: string): string[] {
  const what = edge
    ? [
        'A whole network on this machine: a relay on Node and one in workerd, peers of each other;',
        'a node on each, and an SPV node on the second, that only dial out; a miner, a wallet.',
      ]
    : [
        'A whole network on this machine: a relay, two nodes and an SPV node that only dial out to it, a miner, a wallet.',
        `There is no relay in workerd, which does not run here: ${withoutEdge}`,
      ]
  const others = edge ? [edge, ...nodes] : nodes
  return [
    ...what,
    '',
    `  home page   ${relay.http}/`,
    `  API         ${relay.http}/api/blocks/tip/height`,
    ...others.map(({ name, http }) => `  ${name.padEnd(10)}  ${http}/`),
    `  data        ${data}`,
    '',
  ]
}

/** What all keys of the wallet come from, kept beside the chain that it has its money in. */
function seedIn(data: string): Uint8Array {
  mkdirSync(data, { recursive: true })
  const file = join(data, 'wallet-seed')
  try {
    writeFileSync(file, randomBytes(32).toString('hex'), { mode: 0o600, flag: 'wx' })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  }
  const hex = readFileSync(file, 'utf8').trim()
  if (!/^[0-9a-f]{64}$/.test(hex)) throw new Error(`${file} is not the seed of a wallet`)
  return Buffer.from(hex, 'hex')
}
