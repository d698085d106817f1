import { multisig, type Part, p2pk, p2pkh, push, pushNumber, script, scriptNumber } from '../../src/script/build.ts'
import { OP } from '../../src/script/opcodes.ts'
import { concatBytes, hash160, ripemd160, sha256, sha256d } from '../../src/wire/hash.ts'
import type { SeededRandom } from '../sim/random.ts'
import { randomKey } from './random-keys.ts'

/** A signature to be made by the owner of a key once the transaction is known. */
export interface Wanted {
  owner: number
}

/** A script with the items that it finds on the stack, lowest first. */
export interface Program {
  script: Uint8Array
  items: (Uint8Array | Wanted)[]
}

const NUMBERS = [
  0, 0, 1, 1, 1, 2, 2, 3, 4, 5, 16, 17, -1, -1, -2, 127, 128, -127, -128, 255, 256, 32_767, 32_768, 8_388_608,
  499_999_999, 500_000_000, 2_147_483_646, 2_147_483_647, -2_147_483_647, 2_147_483_648, -2_147_483_648, 4_294_967_295,
  549_755_813_887,
]

/** Opcodes by how many items they take off, what is left behind included: `takes` is what they need, `leaves` what stays of it and is added. */
const STEPS: readonly [opcode: number, takes: number, leaves: number][] = [
  [OP.OP_NOP, 0, 0],
  [OP.OP_VERIFY, 1, 0],
  [OP.OP_TOALTSTACK, 1, 0],
  [OP.OP_FROMALTSTACK, 0, 1],
  [OP.OP_2DROP, 2, 0],
  [OP.OP_2DUP, 2, 4],
  [OP.OP_3DUP, 3, 6],
  [OP.OP_2OVER, 4, 6],
  [OP.OP_2ROT, 6, 6],
  [OP.OP_2SWAP, 4, 4],
  [OP.OP_IFDUP, 1, 1],
  [OP.OP_DEPTH, 0, 1],
  [OP.OP_DROP, 1, 0],
  [OP.OP_DUP, 1, 2],
  [OP.OP_NIP, 2, 1],
  [OP.OP_OVER, 2, 3],
  [OP.OP_PICK, 2, 2],
  [OP.OP_ROLL, 2, 1],
  [OP.OP_ROT, 3, 3],
  [OP.OP_SWAP, 2, 2],
  [OP.OP_TUCK, 2, 3],
  [OP.OP_SIZE, 1, 2],
  [OP.OP_EQUAL, 2, 1],
  [OP.OP_EQUALVERIFY, 2, 0],
  [OP.OP_1ADD, 1, 1],
  [OP.OP_1SUB, 1, 1],
  [OP.OP_NEGATE, 1, 1],
  [OP.OP_ABS, 1, 1],
  [OP.OP_NOT, 1, 1],
  [OP.OP_0NOTEQUAL, 1, 1],
  [OP.OP_ADD, 2, 1],
  [OP.OP_SUB, 2, 1],
  [OP.OP_BOOLAND, 2, 1],
  [OP.OP_BOOLOR, 2, 1],
  [OP.OP_NUMEQUAL, 2, 1],
  [OP.OP_NUMEQUALVERIFY, 2, 0],
  [OP.OP_NUMNOTEQUAL, 2, 1],
  [OP.OP_LESSTHAN, 2, 1],
  [OP.OP_GREATERTHAN, 2, 1],
  [OP.OP_LESSTHANOREQUAL, 2, 1],
  [OP.OP_GREATERTHANOREQUAL, 2, 1],
  [OP.OP_MIN, 2, 1],
  [OP.OP_MAX, 2, 1],
  [OP.OP_WITHIN, 3, 1],
  [OP.OP_RIPEMD160, 1, 1],
  [OP.OP_SHA1, 1, 1],
  [OP.OP_SHA256, 1, 1],
  [OP.OP_HASH160, 1, 1],
  [OP.OP_HASH256, 1, 1],
  [OP.OP_CODESEPARATOR, 0, 0],
  [OP.OP_CHECKLOCKTIMEVERIFY, 1, 1],
  [OP.OP_CHECKSEQUENCEVERIFY, 1, 1],
]

/** A script that could be somebody's, or mostly nonsense; seldom bytes of no sense at all. */
export function randomProgram(random: SeededRandom): Program {
  const kind = random.below(20)
  if (kind === 0) return { script: random.bytes(random.below(40)), items: anyItems(random) }
  if (kind < 8) return spell(random)
  const program = known(random)
  return random.chance(0.3) ? extended(random, program) : program
}

/** What people lock outputs with. */
function known(random: SeededRandom): Program {
  const { key, owner } = randomKey(random)
  switch (random.below(9)) {
    case 0:
      return { script: p2pk(key), items: [{ owner }] }
    case 1:
      return { script: p2pkh(hash160(key)), items: [{ owner }, key] }
    case 2:
    case 3:
      return multisigProgram(random)
    case 4:
      return either(random, known(random), known(random))
    case 5:
      return hashLocked(random, { script: p2pk(key), items: [{ owner }] })
    case 6:
      return timeLocked(random, { script: p2pk(key), items: [{ owner }] })
    case 7:
      return bySignatureOrNot(random)
    default: {
      // its own separator, which the signature may begin behind
      const inner = known(random)
      return { script: concatBytes(script(OP.OP_CODESEPARATOR), inner.script), items: inner.items }
    }
  }
}

function multisigProgram(random: SeededRandom): Program {
  const keys = Array.from({ length: 1 + random.below(4) }, () => randomKey(random))
  const required = 1 + random.below(keys.length)
  const signers = keys.map(({ owner }) => owner)
  while (signers.length > required) signers.splice(random.below(signers.length), 1)
  if (random.chance(0.1)) signers.reverse()
  const dummy = random.chance(0.95) ? new Uint8Array() : Uint8Array.of(random.below(3))
  const code = multisig(
    required,
    keys.map(({ key }) => key),
  )
  const items = [dummy, ...signers.map((owner) => ({ owner }))]
  if (random.chance(0.9)) return { script: code, items }
  return { script: concatBytes(code.subarray(0, -1), script(OP.OP_CHECKMULTISIGVERIFY, OP.OP_1)), items }
}

function either(random: SeededRandom, one: Program, other: Program): Program {
  const first = random.chance(0.5)
  const chosen = first ? one : other
  const argument = random.chance(0.9) ? (first ? Uint8Array.of(1) : new Uint8Array()) : random.pick(ODD_BOOLEANS)
  return {
    script: concatBytes(script(OP.OP_IF), one.script, script(OP.OP_ELSE), other.script, script(OP.OP_ENDIF)),
    items: [...chosen.items, argument],
  }
}

const ODD_BOOLEANS = [
  Uint8Array.of(0),
  Uint8Array.of(0x80),
  Uint8Array.of(2),
  Uint8Array.of(0, 0x80),
  Uint8Array.of(1, 0),
]

function hashLocked(random: SeededRandom, inner: Program): Program {
  const secret = random.bytes(random.pick([0, 1, 32, 32, 80]))
  const [opcode, hash] = random.pick([
    [OP.OP_SHA256, sha256(secret)],
    [OP.OP_HASH256, sha256d(secret)],
    [OP.OP_HASH160, hash160(secret)],
    [OP.OP_RIPEMD160, ripemd160(secret)],
  ] as const)
  return { script: concatBytes(script(opcode, hash, OP.OP_EQUALVERIFY), inner.script), items: [...inner.items, secret] }
}

function timeLocked(random: SeededRandom, inner: Program): Program {
  const opcode = random.pick([OP.OP_CHECKLOCKTIMEVERIFY, OP.OP_CHECKSEQUENCEVERIFY])
  const number = random.pick([...NUMBERS, 0x40_0001, 0x8000_0000, 0xffff_ffff])
  return { script: concatBytes(pushNumber(number), script(opcode, OP.OP_DROP), inner.script), items: inner.items }
}

/** A check whose answer is data: the signature may be empty or bad. */
function bySignatureOrNot(random: SeededRandom): Program {
  const { key, owner } = randomKey(random)
  const item = random.chance(0.5) ? new Uint8Array() : { owner }
  return { script: script(key, OP.OP_CHECKSIG, random.pick([OP.OP_NOT, OP.OP_NOP, OP.OP_DUP])), items: [item] }
}

/** Something more before or behind. */
function extended(random: SeededRandom, { script, items }: Program): Program {
  const more = spell(random, 1 + random.below(4))
  if (random.chance(0.5)) return { script: concatBytes(more.script, script), items: [...items, ...more.items] }
  return { script: concatBytes(script, more.script), items }
}

/** Steps of which most find on the stack what they take. */
function spell(random: SeededRandom, steps = 1 + random.below(30)): Program {
  const items = anyItems(random)
  const parts: Uint8Array[] = []
  let depth = items.length
  let open = 0
  for (let i = 0; i < steps; i++) {
    const kind = random.below(100)
    if (kind < 35) {
      parts.push(anyData(random))
      depth++
    } else if (kind < 40) {
      parts.push(script(random.pick([OP.OP_IF, OP.OP_NOTIF])))
      depth--
      open++
    } else if (kind < 45 && open > 0) {
      parts.push(script(random.pick([OP.OP_ELSE, OP.OP_ENDIF, OP.OP_ENDIF])))
      if (parts.at(-1)![0] === OP.OP_ENDIF) open--
    } else if (kind < 47) parts.push(Uint8Array.of(random.below(256)))
    else if (kind < 49) parts.push(signatureStep(random))
    else {
      let [opcode, takes, leaves] = random.pick(STEPS)
      for (let tries = 0; takes > depth && tries < 4; tries++) [opcode, takes, leaves] = random.pick(STEPS)
      parts.push(script(opcode))
      depth += leaves - takes
    }
  }
  while (open-- > 0 && random.chance(0.95)) parts.push(script(OP.OP_ENDIF))
  if (random.chance(0.5)) parts.push(script(OP.OP_1))
  return { script: concatBytes(...parts), items }
}

function signatureStep(random: SeededRandom): Uint8Array {
  const parts: Part[] = [random.pick([new Uint8Array(), random.bytes(70)]), randomKey(random).key, OP.OP_CHECKSIG]
  return script(...(random.chance(0.5) ? parts : [OP.OP_0, OP.OP_0, OP.OP_1, parts[1]!, OP.OP_1, OP.OP_CHECKMULTISIG]))
}

function anyData(random: SeededRandom): Uint8Array {
  const kind = random.below(10)
  if (kind < 7) return pushNumber(random.pick(NUMBERS))
  if (kind === 7) return push(random.bytes(random.below(8)))
  if (kind === 8) return push(random.bytes(random.pick([20, 32, 75, 76, 255, 256, 520, 521])))
  return concatBytes(Uint8Array.of(OP.OP_PUSHDATA1, 1), random.bytes(1))
}

function anyItems(random: SeededRandom): Uint8Array[] {
  return Array.from({ length: random.below(6) }, () =>
    random.chance(0.8) ? scriptNumber(random.pick(NUMBERS)) : random.bytes(random.below(12)),
  )
}
