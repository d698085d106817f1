import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { Program } from '../test/program.ts'
import { heightOf } from './chain/assemble.ts'
import { type NamedChain, topHashHex } from './chain/chain-file.ts'
import { servePeer } from './chain/serving-peer.ts'
import { ProcessWatch } from './process-watch.ts'

/** No chain of ours takes longer on a machine that is of any use. */
const WITHIN_MS = 300_000

export interface TakenIn {
  /** From the dialled connection to the commit of the last block. */
  seconds: number
  /** Of the whole process, its start included. */
  cpu: { user: number; system: number }
  threads: { name: string; seconds: number }[]
  /** Resident, as sampled and as the kernel noted. */
  peakMb: number
  highWaterMb: number
  /** Heights of the tip after each commit. */
  commits: number[]
}

/**
 * A relay process on an empty folder, which dials a peer of this process that has the chain, and takes it in with every
 * check and every index; without `scripts` with those of two weeks of blocks at most, because the last is taken as valid. It still runs when this returns: `program.remove()` ends it.
 */
export async function takeIn(
  chain: NamedChain,
  path: string,
  { env = {}, scripts = true }: { env?: Record<string, string>; scripts?: boolean } = {},
): Promise<{ program: Program; taken: TakenIn }> {
  const top = heightOf(chain.shape)
  const peer = await servePeer(path)
  try {
    const args = ['relay', '--network', 'regtest', '--connect', `127.0.0.1:${peer.port}`, '--log', 'info']
    if (!scripts) args.push('--assume-valid', topHashHex(path))
    const program = await Program.start(args, { env })
    const watch = new ProcessWatch(program.pid!)
    try {
      const dialled = await peer.dialled
      const { time } = await program.waitForLog('block', { height: top }, { within: WITHIN_MS })
      const taken = {
        seconds: (Date.parse(time) - dialled) / 1000,
        cpu: watch.cpu(),
        threads: watch.threads(),
        peakMb: watch.peakMb,
        highWaterMb: watch.highWaterMb(),
        commits: program.logged('block').map(({ height }) => height as number),
      }
      return { program, taken }
    } catch (error) {
      await program.remove()
      throw error
    } finally {
      watch.stop()
    }
  } finally {
    await peer.stop()
  }
}

export function ledgerOf(program: Program): string {
  return join(program.data, 'ledger.sqlite')
}

/** What a ledger holds, counted. */
export function countsOf(path: string): { blocks: number; txs: number; inputs: number; megabytes: number } {
  const db = new DatabaseSync(path, { readOnly: true })
  try {
    const query =
      'SELECT count(*) AS blocks, sum(tx_count) AS txs, sum(inputs) AS inputs, sum(size) / 1e6 AS megabytes FROM best'
    return db.prepare(query).get() as unknown as { blocks: number; txs: number; inputs: number; megabytes: number }
  } finally {
    db.close()
  }
}
