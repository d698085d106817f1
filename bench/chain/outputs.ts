import * as secp256k1 from 'tiny-secp256k1'
import { multisig, p2pkh, p2sh, p2shOf, p2tr, p2wpkh, p2wshOf, push, script } from '../../src/script/build.ts'
import { OP } from '../../src/script/opcodes.ts'
import { SIGHASH, type SignatureHashes } from '../../src/script/sighash.ts'
import { TAPSCRIPT, tapBranchHash, tapLeafHash, tapTweak } from '../../src/script/taproot.ts'
import { concatBytes, hash160 } from '../../src/wire/hash.ts'
import type { KeyRing } from './keys.ts'

/** How often an output is of each kind, of 100: roughly as the network has them. */
const SHARES = {
  p2wpkh: 38,
  p2tr: 22,
  p2pkh: 14,
  'p2sh-p2wpkh': 12,
  /** 2 of 3. */
  p2wsh: 6,
  /** 2 of 3. */
  p2sh: 3,
  /** Taproot, spent by a script of two keys. */
  tapscript: 3,
  /** Bare, 1 of 2. */
  multisig: 2,
} as const
export type Kind = keyof typeof SHARES

/** What an output pays to: a kind and the keys behind it, by number in the ring. */
export interface Lock {
  kind: Kind
  keys: readonly [number, number, number]
}

export interface Unlocking {
  scriptSig: Uint8Array
  witness: Uint8Array[]
}

const KINDS = Object.entries(SHARES).flatMap(([kind, share]) => Array<Kind>(share).fill(kind as Kind))
const NOTHING = new Uint8Array(0)

/** `at`: from 0 up to but not including 1. */
export function kindAt(at: number): Kind {
  return KINDS[Math.floor(at * KINDS.length)]!
}

export function scriptOf({ kind, keys }: Lock, ring: KeyRing): Uint8Array {
  const key = ring.key(keys[0])
  switch (kind) {
    case 'p2wpkh':
      return p2wpkh(key.hash)
    case 'p2tr':
      return p2tr(ring.taproot(keys[0]).output)
    case 'p2pkh':
      return p2pkh(key.hash)
    case 'p2sh-p2wpkh':
      return p2sh(hash160(p2wpkh(key.hash)))
    case 'p2wsh':
      return p2wshOf(twoOfThree(keys, ring))
    case 'p2sh':
      return p2shOf(twoOfThree(keys, ring))
    case 'tapscript':
      return p2tr(tapscript(keys, ring).output)
    case 'multisig':
      return oneOfTwo(keys, ring)
  }
}

/** Signs input `index`, which spends an output of this lock with so many satoshi. */
export function unlock(
  lock: Lock,
  ring: KeyRing,
  hashes: SignatureHashes,
  index: number,
  value: bigint,
  output: Uint8Array,
): Unlocking {
  const { kind, keys } = lock
  const { secret, point, hash } = ring.key(keys[0])
  const secretOf = (n: number) => ring.key(keys[n]!).secret
  const legacy = (code: Uint8Array, by: Uint8Array) => ecdsa(hashes.legacy(index, code, SIGHASH.ALL), by)
  const v0 = (code: Uint8Array, by: Uint8Array) => ecdsa(hashes.witnessV0(index, code, value, SIGHASH.ALL), by)
  switch (kind) {
    case 'p2wpkh':
      return { scriptSig: NOTHING, witness: [v0(p2pkh(hash), secret), point] }
    case 'p2sh-p2wpkh':
      return { scriptSig: push(p2wpkh(hash)), witness: [v0(p2pkh(hash), secret), point] }
    case 'p2tr': {
      const message = hashes.taproot(index, SIGHASH.DEFAULT)!
      return { scriptSig: NOTHING, witness: [secp256k1.signSchnorr(message, ring.taproot(keys[0]).secret)] }
    }
    case 'p2pkh':
      return { scriptSig: script(legacy(output, secret), point), witness: [] }
    case 'p2wsh': {
      const code = twoOfThree(keys, ring)
      return { scriptSig: NOTHING, witness: [NOTHING, v0(code, secretOf(0)), v0(code, secretOf(2)), code] }
    }
    case 'p2sh': {
      const code = twoOfThree(keys, ring)
      const signatures = [legacy(code, secretOf(0)), legacy(code, secretOf(2))]
      return { scriptSig: script(OP.OP_0, ...signatures, code), witness: [] }
    }
    case 'tapscript': {
      const { leaf, leafHash, controlBlock } = tapscript(keys, ring)
      const message = hashes.taproot(index, SIGHASH.DEFAULT, { leafHash })!
      // The script takes the signature of its last key from deepest in the stack.
      const signatures = [secretOf(2), secretOf(1)].map((by) => secp256k1.signSchnorr(message, by))
      return { scriptSig: NOTHING, witness: [...signatures, leaf, controlBlock] }
    }
    case 'multisig':
      return { scriptSig: script(OP.OP_0, legacy(output, secret)), witness: [] }
  }
}

function twoOfThree(keys: Lock['keys'], ring: KeyRing): Uint8Array {
  return multisig(
    2,
    keys.map((key) => ring.key(key).point),
  )
}

function oneOfTwo(keys: Lock['keys'], ring: KeyRing): Uint8Array {
  return multisig(1, [ring.key(keys[0]).point, ring.key(keys[1]).point])
}

/** Two leaves: the second key alone, or the second and third together, which is the one that is spent. */
function tapscript(keys: Lock['keys'], ring: KeyRing) {
  const [internal, first, second] = keys.map((key) => ring.key(key).point.subarray(1)) as [
    Uint8Array,
    Uint8Array,
    Uint8Array,
  ]
  const leaf = script(first, OP.OP_CHECKSIG, second, OP.OP_CHECKSIGADD, OP.OP_2, OP.OP_NUMEQUAL)
  const leafHash = tapLeafHash(leaf)
  const sibling = tapLeafHash(script(first, OP.OP_CHECKSIG))
  const tweak = tapTweak(internal, tapBranchHash(leafHash, sibling))
  const { xOnlyPubkey, parity } = secp256k1.xOnlyPointAddTweak(internal, tweak)!
  const controlBlock = concatBytes(Uint8Array.of(TAPSCRIPT + parity), internal, sibling)
  return { output: xOnlyPubkey, leaf, leafHash, controlBlock }
}

/** Deterministic (RFC 6979), low s, in DER and with its hash type. */
function ecdsa(hash: Uint8Array, secret: Uint8Array): Uint8Array {
  const compact = secp256k1.sign(hash, secret)
  const r = derInteger(compact.subarray(0, 32))
  const s = derInteger(compact.subarray(32))
  return concatBytes(Uint8Array.of(0x30, r.length + s.length), r, s, Uint8Array.of(SIGHASH.ALL))
}

function derInteger(bytes: Uint8Array): Uint8Array {
  let start = 0
  while (start < 31 && bytes[start] === 0) start++
  const digits = bytes.subarray(start)
  const sign = digits[0]! & 0x80 ? [0] : []
  return concatBytes(Uint8Array.of(2, digits.length + sign.length, ...sign), digits)
}
