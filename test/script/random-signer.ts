import type { SignatureHashes } from '../../src/script/sighash.ts'
import { signEcdsa } from '../../src/script/sign.ts'
import { concatBytes } from '../../src/wire/hash.ts'
import type { SeededRandom } from '../sim/random.ts'
import { flipped, withByte } from './edited-bytes.ts'
import { KEYS } from './random-keys.ts'

const HASH_TYPES = [0, 1, 1, 1, 1, 2, 3, 3, 4, 0x1f, 0x41, 0x80, 0x81, 0x82, 0x83, 0xc1, 0xff]

/** Of the group: s and this less s are as good. */
const ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n

/** Signs one input, mostly as it should be done. */
export class RandomSigner {
  readonly #random: SeededRandom
  readonly #hashes: SignatureHashes
  readonly #index: number
  /** Of the spent output where signatures cover it. */
  readonly #value: bigint | undefined

  constructor(random: SeededRandom, hashes: SignatureHashes, index: number, value: bigint | undefined) {
    this.#random = random
    this.#hashes = hashes
    this.#index = index
    this.#value = value
  }

  sign(owner: number, code: Uint8Array): Uint8Array {
    const random = this.#random
    const oddity = random.below(40)
    if (oddity === 0) return new Uint8Array()
    if (oddity === 1) return random.bytes(random.below(75))
    const hashType = random.pick(HASH_TYPES)
    const hash =
      this.#value === undefined
        ? this.#hashes.legacy(this.#index, code, hashType)
        : this.#hashes.witnessV0(this.#index, code, this.#value, hashType)
    let der = signEcdsa(hash, KEYS[oddity === 2 ? (owner + 1) % KEYS.length : owner]!)
    if (oddity === 3) der = withHighS(der)
    else if (oddity === 4) der = padded(random, der)
    else if (oddity === 5) der = flipped(random, der)
    return concatBytes(der, Uint8Array.of(hashType))
  }
}

/** A strict signature with its s turned around: as good, and not of the lower half. */
function withHighS(der: Uint8Array): Uint8Array {
  const r = der.subarray(4, 4 + der[3]!)
  const s = der.subarray(6 + r.length)
  let value = 0n
  for (const byte of s) value = (value << 8n) | BigInt(byte)
  return derOf(r, bytesOf(ORDER - value))
}

/** The same numbers in a form that only lax readers take. */
function padded(random: SeededRandom, der: Uint8Array): Uint8Array {
  const r = der.subarray(4, 4 + der[3]!)
  const s = der.subarray(6 + r.length)
  const zeros = new Uint8Array(1 + random.below(3))
  switch (random.below(5)) {
    case 0:
      return derOf(concatBytes(zeros, r), s)
    case 1:
      return derOf(r, concatBytes(zeros, s))
    case 2:
      return concatBytes(der, random.bytes(1 + random.below(3)))
    case 3:
      return withByte(der, 1, random.below(256))
    default: // lengths of two bytes
      return concatBytes(
        Uint8Array.of(0x30, 0x81, der[1]! + 2, 0x02, 0x81, r.length),
        r,
        Uint8Array.of(0x02, 0x81, s.length),
        s,
      )
  }
}

function derOf(r: Uint8Array, s: Uint8Array): Uint8Array {
  return concatBytes(Uint8Array.of(0x30, r.length + s.length + 4, 0x02, r.length), r, Uint8Array.of(0x02, s.length), s)
}

function bytesOf(value: bigint): Uint8Array {
  const bytes: number[] = []
  for (let rest = value; rest > 0n; rest >>= 8n) bytes.unshift(Number(rest & 0xffn))
  if (bytes[0]! & 0x80) bytes.unshift(0)
  return Uint8Array.from(bytes)
}
