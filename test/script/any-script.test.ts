import { expect, test } from 'vitest'
import { p2tr, push } from '../../src/script/build.ts'
import { CONSENSUS_FLAGS, STANDARD_FLAGS } from '../../src/script/flags.ts'
import { InputScripts } from '../../src/script/input-scripts.ts'
import { OP } from '../../src/script/opcodes.ts'
import { SCRIPT_ERROR_TEXT } from '../../src/script/script-error.ts'
import { concatBytes } from '../../src/wire/hash.ts'
import { SeededRandom } from '../sim/random.ts'
import { CountingCurve, CountingHasher } from './counting.ts'
import { randomProgram } from './random-program.ts'
import { damage, type RandomSpend, randomSpend } from './random-spend.ts'

/** `CAUSEWAY_SCRIPT_RUNS` makes a campaign of it, from `CAUSEWAY_SCRIPT_SEED` on. */
const RUNS = Number(process.env.CAUSEWAY_SCRIPT_RUNS ?? 1000)
const FIRST_SEED = Number(process.env.CAUSEWAY_SCRIPT_SEED ?? 1)

/** Steps of one script before tapscript; scriptSig, output and what that reveals are three. */
const MOST_QUESTIONS = 3 * 201
const ALL_FLAGS = (1 << 21) - 1

test(`whatever scripts are, the answer is a reason or none, and asks for no more than it may: ${RUNS} inputs, seeds ${FIRST_SEED} and up`, () => {
  const outcomes = new Map<string, number>()
  for (let seed = FIRST_SEED; seed < FIRST_SEED + RUNS; seed++) {
    const random = new SeededRandom(seed)
    const spend = random.chance(0.7) ? taprootSpend(random) : randomSpend(random)
    if (random.chance(0.3)) damage(random, spend)
    const flags = random.pick([CONSENSUS_FLAGS, STANDARD_FLAGS, ALL_FLAGS, random.u32() & ALL_FLAGS])
    const { error, asked, hashed } = check(spend, flags, random.chance(0.7))
    expect(error === undefined || error in SCRIPT_ERROR_TEXT, `seed ${seed}: ${error}`).toBe(true)

    const { witness } = spend.tx.inputs[spend.index]!
    const size = witness.reduce((sum, { length }) => sum + length + 9, 9)
    expect(asked, `seed ${seed}`).toBeLessThanOrEqual(Math.max(MOST_QUESTIONS, size / 50 + 1))
    expect(hashed, `seed ${seed}`).toBeLessThan(1_000_000)
    outcomes.set(error ?? 'OK', (outcomes.get(error ?? 'OK') ?? 0) + 1)
  }
  if (process.env.CAUSEWAY_SCRIPT_RUNS) console.log(Object.fromEntries([...outcomes].sort(([, a], [, b]) => b - a)))
  expect(outcomes.get('OK')).toBeGreaterThan(RUNS / 20)
  expect(outcomes.size).toBeGreaterThan(30)
}, 36_000_000)

/** The curve believes everything, or nothing. */
function check({ tx, index, spent }: RandomSpend, flags: number, believes: boolean) {
  const curve = new CountingCurve(believes)
  const hasher = new CountingHasher()
  const all = tx.inputs.map((_, i) => (i === index ? spent : { value: 1n, scriptPubKey: new Uint8Array() }))
  const error = new InputScripts(tx, all, curve, hasher).check(index, flags)
  return { error, asked: curve.asked, hashed: hasher.bytes }
}

/** A taproot output, and a witness that may be one for it. */
function taprootSpend(random: SeededRandom): RandomSpend {
  const spend = randomSpend(random)
  const input = spend.tx.inputs[spend.index]!
  spend.spent.scriptPubKey = p2tr(random.bytes(32))
  input.scriptSig = new Uint8Array()
  input.witness = random.chance(0.2) ? [anySignature(random)] : leafWitness(random)
  if (random.chance(0.1)) input.witness.push(concatBytes(Uint8Array.of(0x50), random.bytes(random.below(20))))
  return spend
}

function leafWitness(random: SeededRandom): Uint8Array[] {
  const { script, items } = random.chance(0.6) ? signedLeaf(random) : randomProgram(random)
  const version = random.chance(0.9) ? 0xc0 : random.below(256)
  const depth = random.chance(0.9) ? random.below(3) : random.below(131)
  const controlBlock = concatBytes(Uint8Array.of(version | random.below(2)), random.bytes(32 + 32 * depth))
  const stack = items.map((item) => (item instanceof Uint8Array ? item : anySignature(random)))
  return [...stack, script, random.chance(0.95) ? controlBlock : controlBlock.subarray(random.below(33))]
}

/** Checks of signatures one after the other, as far as the budget reaches. */
function signedLeaf(random: SeededRandom): { script: Uint8Array; items: Uint8Array[] } {
  const parts: Uint8Array[] = [Uint8Array.of(OP.OP_0)]
  const items: Uint8Array[] = []
  for (let keys = 1 + random.below(12); keys > 0; keys--) {
    const key = push(random.bytes(random.pick([32, 32, 32, 32, 0, 1, 33])))
    if (random.chance(0.1))
      parts.push(Uint8Array.of(random.pick([OP.OP_CODESEPARATOR, OP.OP_IF, 0x50, 0x62, 0x80, 0xfe])))
    if (random.chance(0.3)) parts.push(push(anySignature(random)), key, Uint8Array.of(OP.OP_CHECKSIGVERIFY))
    else {
      items.unshift(anySignature(random))
      parts.push(key, Uint8Array.of(OP.OP_CHECKSIGADD))
    }
  }
  if (random.chance(0.5)) parts.push(Uint8Array.of(OP.OP_1 + random.below(12), OP.OP_NUMEQUAL))
  return { script: concatBytes(...parts), items }
}

function anySignature(random: SeededRandom): Uint8Array {
  const kind = random.below(12)
  if (kind === 0) return random.bytes(random.below(70))
  if (kind < 3) return new Uint8Array()
  const signature = random.bytes(64)
  return kind < 9 ? signature : concatBytes(signature, Uint8Array.of(random.pick([0, 1, 2, 3, 3, 4, 0x81, 0x83, 0x84])))
}
