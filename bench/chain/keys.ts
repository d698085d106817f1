import * as secp256k1 from 'tiny-secp256k1'
import { nodeHasher } from '../../src/node/hasher.ts'
import { tapTweak } from '../../src/script/taproot.ts'
import { hash160 } from '../../src/wire/hash.ts'

export interface Key {
  secret: Uint8Array
  /** 33 bytes. */
  point: Uint8Array
  /** HASH160 of the point. */
  hash: Uint8Array
}

/** A taproot output that is spent by key. */
export interface TaprootKey {
  secret: Uint8Array
  /** x coordinate, the witness program. */
  output: Uint8Array
}

/** So many private keys, made from the ring's name when they are first asked for. libsecp256k1 does the curve. */
export class KeyRing {
  readonly count: number
  readonly #name: string
  readonly #keys: (Key | undefined)[]
  readonly #taproot: (TaprootKey | undefined)[]

  constructor(name: string, count: number) {
    this.#name = name
    this.count = count
    this.#keys = Array(count)
    this.#taproot = Array(count)
  }

  key(index: number): Key {
    const known = this.#keys[index]
    if (known) return known
    // That a hash is no private key has never been seen: one in 2^127 is not.
    const secret = nodeHasher.sha256(Buffer.from(`causeway bench ${this.#name} ${index}`))
    const point = secp256k1.pointFromScalar(secret, true)!
    const key = { secret, point, hash: hash160(point) }
    this.#keys[index] = key
    return key
  }

  taproot(index: number): TaprootKey {
    const known = this.#taproot[index]
    if (known) return known
    const { secret, point } = this.key(index)
    const internal = point.subarray(1)
    const tweak = tapTweak(internal)
    const even = point[0] === 2 ? secret : secp256k1.privateNegate(secret)
    const key = {
      secret: secp256k1.privateAdd(even, tweak)!,
      output: secp256k1.xOnlyPointAddTweak(internal, tweak)!.xOnlyPubkey,
    }
    this.#taproot[index] = key
    return key
  }
}
