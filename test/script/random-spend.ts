import { p2pkh, p2shOf, p2wpkh, p2wshOf, push, witnessScriptPubKey } from '../../src/script/build.ts'
import { instructionAt } from '../../src/script/instructions.ts'
import { OP } from '../../src/script/opcodes.ts'
import { SignatureHashes } from '../../src/script/sighash.ts'
import { concatBytes, hash160 } from '../../src/wire/hash.ts'
import type { Transaction, TxOut } from '../../src/wire/transaction.ts'
import type { SeededRandom } from '../sim/random.ts'
import { flipped } from './edited-bytes.ts'
import { randomKey } from './random-keys.ts'
import { type Program, randomProgram } from './random-program.ts'
import { RandomSigner } from './random-signer.ts'

/** An input of a random transaction, with what it spends. */
export interface RandomSpend {
  tx: Transaction
  index: number
  spent: TxOut
}

/** How the script that runs is reached from the output. */
type Wrapping = 'bare' | 'p2sh' | 'p2wsh' | 'p2sh-p2wsh' | 'p2wpkh' | 'p2sh-p2wpkh'

const WRAPPINGS: readonly Wrapping[] = [
  'bare',
  'bare',
  'p2sh',
  'p2sh',
  'p2wsh',
  'p2wsh',
  'p2sh-p2wsh',
  'p2wpkh',
  'p2sh-p2wpkh',
]
const LOCK_TIMES = [0, 0, 1, 100, 499_999_999, 500_000_000, 1_700_000_000, 0xffff_ffff]
const SEQUENCES = [0, 1, 5, 0xffff, 0x40_0000, 0x40_0005, 0x8000_0000, 0xffff_fffe, 0xffff_ffff, 0xffff_ffff]
const VERSIONS = [1, 2, 2, 3, 0, -1]

export function randomSpend(random: SeededRandom): RandomSpend {
  const tx = randomTransaction(random)
  const index = random.below(tx.inputs.length)
  const value = BigInt(random.pick([0, 1, 546, 100_000_000, 2_099_999_999_999_999]))
  const wrapping = random.pick(WRAPPINGS)
  const witness = wrapping.includes('w')
  const program = wrapping.endsWith('wpkh') ? keyProgram(random) : randomProgram(random)
  const signer = new RandomSigner(random, new SignatureHashes(tx), index, witness ? value : undefined)
  const signs = (code: Uint8Array) =>
    program.items.map((item) =>
      item instanceof Uint8Array ? item : signer.sign(item.owner, codeFor(random, code, witness)),
    )
  let items = signs(program.script)
  if (!witness && random.chance(0.05)) {
    // With a signature in the very script that it signs: only its push is left out of what is hashed.
    const rest = concatBytes(Uint8Array.of(OP.OP_DROP), program.script)
    items = signs(rest)
    const own = random.pick(items.length > 0 ? items : [random.bytes(9)])
    program.script = concatBytes(push(own), rest)
  }
  const scriptPubKey = lock(tx, index, wrapping, program, items, random)
  const spend = { tx, index, spent: { value, scriptPubKey } }
  if (random.chance(0.15)) damage(random, spend)
  return spend
}

/** As stands behind P2WPKH: the item below is the signature, and the key is pushed after it. */
function keyProgram(random: SeededRandom): Program {
  const { key, owner } = randomKey(random)
  return { script: p2pkh(hash160(key)), items: [{ owner }, key] }
}

function randomTransaction(random: SeededRandom): Transaction {
  return {
    version: random.pick(VERSIONS),
    inputs: Array.from({ length: 1 + random.below(3) }, () => ({
      prevout: { hash: random.bytes(32), index: random.below(4) },
      scriptSig: random.chance(0.7) ? new Uint8Array() : random.bytes(random.below(5)),
      sequence: random.pick(SEQUENCES),
      witness: [],
    })),
    outputs: Array.from({ length: 1 + random.below(2) }, () => ({
      value: BigInt(random.below(1e9)),
      scriptPubKey: random.bytes(random.below(30)),
    })),
    lockTime: random.pick(LOCK_TIMES),
  }
}

/** Puts the items where the wrapping wants them, and gives the output that asks for them. */
function lock(
  tx: Transaction,
  index: number,
  wrapping: Wrapping,
  { script }: Program,
  items: Uint8Array[],
  random: SeededRandom,
): Uint8Array {
  const input = tx.inputs[index]!
  const pushes = (...more: Uint8Array[]) => concatBytes(...[...items, ...more].map((item) => anyPush(random, item)))
  switch (wrapping) {
    case 'bare':
      input.scriptSig = pushes()
      return script
    case 'p2sh':
      input.scriptSig = pushes(script)
      return script.length <= 520 ? p2shOf(script) : script
    case 'p2wsh':
    case 'p2sh-p2wsh': {
      input.witness = [...items, script]
      return wrapped(random, input, wrapping === 'p2wsh', p2wshOf(script))
    }
    default:
      input.witness = items
      return wrapped(random, input, wrapping === 'p2wpkh', p2wpkh(script.subarray(3, 23)))
  }
}

/** Now and then another version than 0, or a program of another length. */
function wrapped(
  random: SeededRandom,
  input: Transaction['inputs'][0],
  native: boolean,
  program: Uint8Array,
): Uint8Array {
  let output = program
  if (random.chance(0.02)) output = witnessScriptPubKey(random.below(17), random.bytes(2 + random.below(39)))
  input.scriptSig = native ? new Uint8Array() : push(output)
  return native ? output : p2shOf(output)
}

/** Mostly the shortest push; now and then a longer one. */
function anyPush(random: SeededRandom, data: Uint8Array): Uint8Array {
  if (!random.chance(0.03)) return push(data)
  if (data.length < 0x100 && random.chance(0.6)) return concatBytes(Uint8Array.of(OP.OP_PUSHDATA1, data.length), data)
  return concatBytes(Uint8Array.of(OP.OP_PUSHDATA2, data.length & 0xff, data.length >> 8), data)
}

/** What a signature may cover: the script, or what follows one of its code separators. */
function codeFor(random: SeededRandom, script: Uint8Array, witness: boolean): Uint8Array {
  const starts = [0]
  for (let at = 0; at < script.length; ) {
    const step = instructionAt(script, at)
    at = step.next
    if (step.opcode === OP.OP_CODESEPARATOR) starts.push(at)
  }
  return script.subarray(witness || random.chance(0.9) ? random.pick(starts) : 0)
}

/** Changes, adds or takes away a byte somewhere: in the scriptSig, in the output's script, or in the witness. */
export function damage(random: SeededRandom, { tx, index, spent }: RandomSpend): void {
  const input = tx.inputs[index]!
  const target = random.below(2 + (input.witness.length > 0 ? 2 : 0))
  if (target === 0) input.scriptSig = edited(random, input.scriptSig)
  else if (target === 1) spent.scriptPubKey = edited(random, spent.scriptPubKey)
  else if (random.chance(0.2))
    input.witness = random.chance(0.5) ? input.witness.slice(1) : [new Uint8Array(), ...input.witness]
  else {
    const item = random.below(input.witness.length)
    input.witness = input.witness.map((bytes, i) => (i === item ? edited(random, bytes) : bytes))
  }
}

function edited(random: SeededRandom, bytes: Uint8Array): Uint8Array {
  const at = random.below(bytes.length + 1)
  const kind = random.below(4)
  if (kind === 0) return concatBytes(bytes.subarray(0, at), random.bytes(1), bytes.subarray(at))
  if (kind === 1) return concatBytes(bytes.subarray(0, at), bytes.subarray(at + 1))
  return bytes.length === 0 ? bytes : flipped(random, bytes)
}
