import { expect, test } from 'vitest'
import { nodeHasher } from '../../src/node/hasher.ts'
import { nodeSecp256k1 } from '../../src/node/secp256k1.ts'
import { InputScripts } from '../../src/script/input-scripts.ts'
import { hasWitness, type Transaction, type TxOut } from '../../src/wire/transaction.ts'
import { describeShared } from '../shared.ts'
import { SeededRandom } from '../sim/random.ts'
import { BCOIN_FLAGS, bcoinCheck } from './bcoin.ts'
import { withByte } from './edited-bytes.ts'
import { type GoodInput, type Mutation, type Verdict, verdictOn } from './mutation-law.ts'
import { type RealBlock, realBlock, realBlockNames } from './real-blocks.ts'
import { recording, spendKind } from './spend-kind.ts'

/** `CAUSEWAY_SCRIPT_RUNS` makes a campaign of it, from `CAUSEWAY_SCRIPT_SEED` on. */
const CAMPAIGN = process.env.CAUSEWAY_SCRIPT_RUNS
const RUNS = Number(CAMPAIGN ?? 1000)
const FIRST_SEED = Number(process.env.CAUSEWAY_SCRIPT_SEED ?? 1)

describeShared('an input of a real block with one byte changed', () => {
  test(`fails where the byte is signed, in ${RUNS} cases, seeds ${FIRST_SEED} and up`, () => {
    const blocks = realBlockNames()
      .map(realBlock)
      .filter(({ inputs }) => inputs > 0)
    const modern = blocks.filter(({ spends }) => spends.some(({ tx }) => hasWitness(tx)))
    const seen = new Map<string, number>()
    for (let seed = FIRST_SEED; seed < FIRST_SEED + RUNS; seed++) {
      const random = new SeededRandom(seed)
      const { law, about } = tryOne(random, random.pick(random.chance(0.4) ? modern : blocks), seed)
      for (const what of [law, about]) seen.set(what, (seen.get(what) ?? 0) + 1)
    }
    if (CAMPAIGN) console.log(Object.fromEntries([...seen].sort()))
    const [fails, passes, open] = (['fails', 'passes', 'open'] as const).map((law) => seen.get(law) ?? 0)
    expect(fails).toBeGreaterThan(RUNS / 3)
    expect(passes).toBeGreaterThan(RUNS / 10)
    expect(open).toBeLessThan(RUNS / 5)
  }, 36_000_000)
})

function tryOne(random: SeededRandom, block: RealBlock, seed: number): { law: Verdict; about: string } {
  const { tx, spent } = random.pick(block.spends)
  const index = random.below(tx.inputs.length)
  const { scriptPubKey } = spent[index]!
  const kind = spendKind(tx.inputs[index]!, scriptPubKey)
  const { secp256k1, good } = recording(nodeSecp256k1)
  expect(new InputScripts(tx, spent, secp256k1, nodeHasher).check(index, block.flags)).toBeUndefined()

  const input: GoodInput = { tx, index, scriptPubKey, flags: block.flags, kind, good }
  const mutation = randomMutation(random, input)
  const changed = mutate(random, tx, spent, index, mutation)
  const law = verdictOn(input, mutation)
  const check = (flags: number) =>
    new InputScripts(changed.tx, changed.spent, nodeSecp256k1, nodeHasher).check(index, flags)
  const about = `${law}: ${mutation.of} of ${kind.name}`
  const where = () => `seed ${seed}: ${block.name}, ${about}, ${JSON.stringify(mutation)}, input ${index}`
  if (law !== 'open') expect(check(block.flags) ? 'fails' : 'passes', where()).toBe(law)
  else check(block.flags)
  if (kind.version !== 1) {
    const flags = block.flags & BCOIN_FLAGS
    const theirs = bcoinCheck(changed.tx, index, changed.spent[index]!, flags)
    expect(check(flags) ? 'fails' : 'passes', `${where()}, as bcoin: ${theirs}`).toBe(theirs ? 'fails' : 'passes')
  }
  return { law, about }
}

function randomMutation(random: SeededRandom, { tx, index, scriptPubKey }: GoodInput): Mutation {
  const { scriptSig, witness } = tx.inputs[index]!
  const anyByte = (bytes: Uint8Array) => {
    const at = random.below(bytes.length)
    return { at, to: bytes[at]! ^ (1 + random.below(255)) }
  }
  const choices: (() => Mutation)[] = [() => ({ of: 'amount' }), () => ({ of: 'script', ...anyByte(scriptPubKey) })]
  if (tx.inputs.length > 1) choices.push(() => ({ of: 'other amount' }))
  if (scriptSig.length > 0) choices.push(() => ({ of: 'scriptSig', ...anyByte(scriptSig) }))
  const items = witness.flatMap((bytes, item) => (bytes.length > 0 ? [item] : []))
  const ofWitness = (): Mutation => {
    const item = random.pick(items)
    return { of: 'witness', item, ...anyByte(witness[item]!) }
  }
  if (items.length > 0) choices.push(ofWitness, ofWitness)
  return random.pick(choices)()
}

function mutate(random: SeededRandom, tx: Transaction, spent: TxOut[], index: number, mutation: Mutation) {
  const input = { ...tx.inputs[index]! }
  const outputs = [...spent]
  if (mutation.of === 'amount') outputs[index] = withAmount(random, spent[index]!)
  else if (mutation.of === 'other amount') {
    const other = (index + 1 + random.below(tx.inputs.length - 1)) % tx.inputs.length
    outputs[other] = withAmount(random, spent[other]!)
  } else if (mutation.of === 'witness') {
    const { item, at, to } = mutation
    input.witness = input.witness.map((bytes, i) => (i === item ? withByte(bytes, at, to) : bytes))
  } else if (mutation.of === 'scriptSig') input.scriptSig = withByte(input.scriptSig, mutation.at, mutation.to)
  else {
    const { value, scriptPubKey } = spent[index]!
    outputs[index] = { value, scriptPubKey: withByte(scriptPubKey, mutation.at, mutation.to) }
  }
  return { tx: { ...tx, inputs: tx.inputs.map((old, i) => (i === index ? input : old)) }, spent: outputs }
}

/** Another byte in the lowest six: more is no number to bcoin. */
function withAmount(random: SeededRandom, { value, scriptPubKey }: TxOut): TxOut {
  return { value: value ^ (BigInt(1 + random.below(255)) << BigInt(8 * random.below(6))), scriptPubKey }
}
