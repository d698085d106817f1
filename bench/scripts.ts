import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { loadSecp256k1 } from '../src/node/secp256k1.ts'
import type { Secp256k1 } from '../src/script/secp256k1.ts'
import { sharedVectors } from '../test/shared.ts'
import { BIG, chainFile } from './chain/chain-file.ts'
import { median } from './median.ts'
import { AskedCurve } from './scripts/asked.ts'
import { type BlockInputs, blockInputs, checkInputs } from './scripts/block-inputs.ts'
import { manyInputs, type SignedAs } from './scripts/many-inputs.ts'
import { countsOf, ledgerOf, takeIn } from './take-in.ts'

/** What is asked of it: of the signatures alone, and of a process that checks the block with the most inputs. */
const LEAST_OF_THE_FLOOR = 0.7
const MOST_MB = 200
/** And of the big chain with every script, on two cores. */
const MOST_SECONDS = 60

const BLOCKS = ['mainnet-413567', 'mainnet-757739', 'mainnet-866342']
const MOST_INPUTS = 'mainnet-367891'
/** A small block is checked over and over until it is as much work as a large one. */
const LEAST_INPUTS = 4000
/** The first of them are for the compiler. */
const WARM_UP = 2
const ROUNDS = 7

export interface ScriptFigures {
  curve: string
  blocks: BlockFigures[]
  memory?: { inputs: number; seconds: number; peakMb: number }
  /** Seconds from the dialled connection to the commit of the last block, and most memory, by round. */
  bigChain: { scripts: ChainRun[]; without: ChainRun[] }
  manyInputs: { as: SignedAs; inputs: number; bytes: number; microsecondsEach: number }[]
}

interface ChainRun {
  seconds: number
  cpuSeconds: number
  highWaterMb: number
}

interface BlockFigures {
  block: string
  inputs: number
  asked: { ecdsa: number; schnorr: number; tweak: number }
  /** Inputs a second of one processor, and of the same signatures alone. */
  checked: number
  floor: number
  ratio: number
}

/**
 * The inputs of real blocks, from their bytes on, in turns with a floor that asks the curve the same and does nothing else;
 * then what memory a process takes for the most inputs of all, and transactions that are all inputs: in these time is of
 * the processor, one thread's. At last a relay takes the big chain in with every script on, on all processors.
 */
export async function benchScripts(say: (text: string) => void, rounds = 3): Promise<ScriptFigures> {
  const { kind, secp256k1 } = loadSecp256k1()
  const figures: ScriptFigures = { curve: kind, blocks: [], manyInputs: [], bigChain: { scripts: [], without: [] } }
  say(`signatures by libsecp256k1: ${kind}`)
  if (!sharedVectors()) say('  the real blocks are skipped: there is no ../shared/vectors here')
  else {
    say(`inputs a second, medians of ${ROUNDS} rounds; the floor only asks the curve the same`)
    for (const name of BLOCKS) figures.blocks.push(againstFloor(name, secp256k1, say))
    figures.memory = memoryOf(MOST_INPUTS)
    const { inputs, seconds, peakMb } = figures.memory
    say(`  ${MOST_INPUTS} in a process of its own: ${inputs} inputs, ${seconds.toFixed(2)} s, most memory`)
    say(`    ${peakMb.toFixed(0)} MB (at most ${MOST_MB})`)
  }
  say('one transaction whose every input is signed for the whole of it')
  for (const as of ['legacy', 'segwit', 'taproot'] as const) {
    for (const inputs of [1000, 4000]) figures.manyInputs.push(timeOfMany(inputs, as, secp256k1, say))
  }
  await takeBigChain(figures.bigChain, rounds, say)
  return figures
}

/** A relay process takes the big chain in over loopback P2P, with its scripts and without them, in turns. */
async function takeBigChain(runs: ScriptFigures['bigChain'], rounds: number, say: (text: string) => void) {
  const { path } = await chainFile(BIG)
  for (let round = 0; round < rounds; round++) {
    for (const scripts of [true, false]) {
      const { program, taken } = await takeIn(BIG, path, { scripts })
      if (round === 0 && scripts) {
        await program.stop()
        const { blocks, txs, inputs, megabytes } = countsOf(ledgerOf(program))
        say(`chain "${BIG.name}": ${blocks} blocks, ${txs} transactions, ${inputs} inputs, ${megabytes.toFixed(0)} MB`)
      }
      await program.remove()
      const { seconds, cpu, highWaterMb } = taken
      const run = { seconds, cpuSeconds: cpu.user + cpu.system, highWaterMb }
      runs[scripts ? 'scripts' : 'without'].push(run)
      const how = scripts ? 'with every script' : 'without scripts'
      say(`  ${how}: ${seconds.toFixed(1)} s (processors ${run.cpuSeconds.toFixed(1)} s), ${highWaterMb.toFixed(0)} MB`)
    }
  }
  const [scripts, without] = [runs.scripts, runs.without].map((each) => median(each.map(({ seconds }) => seconds)))
  const times = (scripts! / without!).toFixed(2)
  say(`  medians ${scripts!.toFixed(1)} s (at most ${MOST_SECONDS}) and ${without!.toFixed(1)} s: ${times} times`)
}

function againstFloor(name: string, secp256k1: Secp256k1, say: (text: string) => void): BlockFigures {
  const block = blockInputs(name)
  const curve = new AskedCurve(secp256k1)
  checkInputs(block, curve)
  const times = Math.ceil(LEAST_INPUTS / block.inputs)
  const rate = (work: () => void) => (times * block.inputs) / cpuSeconds(() => repeat(times, work))
  const rounds: { checked: number; floor: number }[] = []
  for (let round = 0; round < WARM_UP + ROUNDS; round++) {
    const checked = rate(() => checkInputs(block, secp256k1))
    const floor = rate(() => curve.askAgain())
    if (round >= WARM_UP) rounds.push({ checked, floor })
  }
  const figures = {
    block: name,
    inputs: block.inputs,
    asked: curve.counts(),
    checked: median(rounds.map(({ checked }) => checked)),
    floor: median(rounds.map(({ floor }) => floor)),
    ratio: median(rounds.map(({ checked, floor }) => checked / floor)),
  }
  const { ecdsa, schnorr, tweak } = figures.asked
  say(`  ${name}: ${block.inputs} inputs, ${ecdsa} ECDSA + ${schnorr} Schnorr signatures, ${tweak} tweaked keys`)
  const [checked, floor] = [figures.checked, figures.floor].map((n) => `${Math.round(n).toLocaleString('en')}/s`)
  say(`    ${checked}, ${figures.ratio.toFixed(2)} of the floor's ${floor} (at least ${LEAST_OF_THE_FLOOR})`)
  return figures
}

function memoryOf(name: string): { inputs: number; seconds: number; peakMb: number } {
  const program = join(import.meta.dirname, 'scripts/block-memory.ts')
  const { status, stdout, stderr } = spawnSync(process.execPath, [program, name], { encoding: 'utf8' })
  if (status !== 0) throw new Error(`the process that checks ${name} failed:\n${stderr}`)
  return JSON.parse(stdout) as { inputs: number; seconds: number; peakMb: number }
}

function timeOfMany(inputs: number, as: SignedAs, secp256k1: Secp256k1, say: (text: string) => void) {
  const block: BlockInputs = manyInputs(inputs, as)
  const seconds = median([0, 1, 2].map(() => cpuSeconds(() => checkInputs(block, secp256k1))))
  const microsecondsEach = (seconds / inputs) * 1e6
  const bytes = block.spends[0]!.raw.length
  say(`  ${as}: ${inputs} inputs, ${(bytes / 1e6).toFixed(2)} MB, ${microsecondsEach.toFixed(0)} µs each`)
  return { as, inputs, bytes, microsecondsEach }
}

function repeat(times: number, work: () => void): void {
  for (let i = 0; i < times; i++) work()
}

function cpuSeconds(work: () => void): number {
  const before = process.cpuUsage()
  work()
  const { user, system } = process.cpuUsage(before)
  return (user + system) / 1e6
}
