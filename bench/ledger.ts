import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { serialize } from 'node:v8'
import { BIG, chainFile, type NamedChain, NEARLY_EMPTY } from './chain/chain-file.ts'
import { dumpFloor } from './floor/dump.ts'
import { median } from './median.ts'
import { countsOf, ledgerOf, type TakenIn, takeIn } from './take-in.ts'

/** What is asked of it: of the big chain, and whatever the chain. */
const MOST_TIMES_THE_FLOOR = 1.5
const MOST_MB = 400

export interface FloorRun {
  seconds: number
  cpu: { user: number; system: number }
  rows: number
}

export interface LedgerFigures {
  chain: { name: string; sha256: string; blocks: number; txs: number; inputs: number; megabytes: number }
  ours: TakenIn[]
  floor: FloorRun[]
  /** Medians of ours over those of the floor: time on the clock, and of processors. */
  ratio: { seconds: number; cpu: number }
  peakMb: number
}

/**
 * A relay process takes a chain in over loopback P2P, with every check but scripts, in turns with the floor
 * (`floor/floor.ts`), which writes the rows that the first run made. Peers, sockets, checksums, parsing, checks, coin
 * look-ups, three threads and their messages are ours alone; so are the coins that were flushed and spent later.
 */
export async function benchLedger(say: (text: string) => void, rounds = 3): Promise<LedgerFigures[]> {
  return [await against(BIG, say, rounds), await against(NEARLY_EMPTY, say, rounds)]
}

export async function against(chain: NamedChain, say: (text: string) => void, rounds: number): Promise<LedgerFigures> {
  const { path, sha256 } = await chainFile(chain)
  const folder = mkdtempSync(join(tmpdir(), 'causeway-bench-'))
  try {
    const plan = join(folder, 'plan')
    const ours: TakenIn[] = []
    const floor: FloorRun[] = []
    let counts: ReturnType<typeof countsOf> | undefined
    for (let round = 0; round < rounds; round++) {
      const { program, taken } = await takeIn(chain, path, { scripts: false })
      ours.push(taken)
      if (!counts) {
        await program.stop()
        counts = countsOf(ledgerOf(program))
        const { blocks, txs, inputs, megabytes } = counts
        say(`chain "${chain.name}", sha256 ${sha256}`)
        say(`  ${blocks} blocks, ${txs} transactions, ${inputs} inputs, ${megabytes.toFixed(0)} MB`)
        writeFileSync(plan, serialize(dumpFloor(ledgerOf(program), path, taken.commits)))
      }
      await program.remove()
      floor.push(runFloor(plan, join(folder, `floor-${round}.sqlite`)))
      sayRound(say, ours.at(-1)!, floor.at(-1)!)
    }
    const seconds = median(ours.map((run) => run.seconds)) / median(floor.map((run) => run.seconds))
    const cpu = median(ours.map(cpuOf)) / median(floor.map(cpuOf))
    const peakMb = Math.max(...ours.map((run) => run.highWaterMb))
    const { txs, blocks } = counts!
    const took = median(ours.map((run) => run.seconds))
    say(`  ${(blocks / took).toFixed(0)} blocks/s, ${(txs / took).toFixed(0)} tx/s`)
    const asked = chain === BIG ? ` (at most ${MOST_TIMES_THE_FLOOR})` : ''
    say(`  ${seconds.toFixed(2)} times the floor${asked}, ${cpu.toFixed(2)} times its processor time`)
    say(`  most memory ${peakMb.toFixed(0)} MB (less than ${MOST_MB})`)
    return { chain: { name: chain.name, sha256, ...counts! }, ours, floor, ratio: { seconds, cpu }, peakMb }
  } finally {
    rmSync(folder, { recursive: true })
  }
}

function runFloor(plan: string, database: string): FloorRun {
  const program = join(import.meta.dirname, 'floor/floor.ts')
  const { status, stdout, stderr } = spawnSync(process.execPath, [program, plan, database], { encoding: 'utf8' })
  if (status !== 0) throw new Error(`the floor failed:\n${stderr}`)
  return JSON.parse(stdout) as FloorRun
}

function sayRound(say: (text: string) => void, ours: TakenIn, floor: FloorRun): void {
  const threads = ours.threads
    .slice(0, 4)
    .map(({ seconds }) => seconds.toFixed(1))
    .join(' + ')
  say(
    `  ours ${ours.seconds.toFixed(2)} s (processors ${cpuOf(ours).toFixed(2)} s: threads ${threads} …), ` +
      `${ours.commits.length} commits, ${ours.highWaterMb.toFixed(0)} MB; ` +
      `floor ${floor.seconds.toFixed(2)} s (${cpuOf(floor).toFixed(2)} s), ${floor.rows} rows`,
  )
}

function cpuOf({ cpu }: { cpu: { user: number; system: number } }): number {
  return cpu.user + cpu.system
}
