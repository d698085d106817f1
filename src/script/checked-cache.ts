import { type Hasher, nobleHasher } from '../wire/hash.ts'
import type { Secp256k1 } from './secp256k1.ts'

/** 32-bit words of an entry: the first 128 bits of its key. */
const WORDS = 4
/** Entries of a bucket, the oldest of which makes room. */
const WAYS = 8
/** The entries, and a byte that says where the next of them goes. */
const BUCKET_SIZE = WAYS * WORDS * 4 + 1
/** Bytes of a salt. */
const SALT = 32
/** What a key is made of at most: salt, kind, signature, hash, uncompressed public key. */
const MAX_KEYED = SALT + 1 + 64 + 32 + 65
/** An input with a signature has this many bytes at least, in round numbers. */
const SIGNED_INPUT = 100

/** What was checked; beginnings of keys, so that nothing is taken for something of another kind. */
const KIND = { ecdsa: 1, schnorr: 2, tweak: 3, transaction: 4 } as const
type Kind = keyof typeof KIND

/**
 * Signatures, tweaked keys and whole transactions that were found good, so that a block does not check again what the
 * mempool has. It holds nothing of what was found bad, and forgets the oldest.
 *
 * Over one piece of memory, which several threads may share without any lock. An entry is four words that are written one
 * by one: one that two threads write at once, or that is read meanwhile, can be words of several keys. What bad thing could
 * be taken for good by that? One whose own key consists of just those words. Keys are hashes that begin with a secret salt:
 * nobody can choose one, or know which are there, and that the key of something bad is the same as any given 128 bits, be
 * they torn or not, has a chance of 2⁻¹²⁸. The same goes for free entries, which are zero. Everything else that threads can
 * do to each other loses an entry.
 */
export class CheckedCache {
  readonly #hasher: Hasher
  readonly #entries: Uint32Array
  /** By bucket the place of its oldest entry; only the lowest bits count. */
  readonly #oldest: Uint8Array
  readonly #keyed = new Uint8Array(MAX_KEYED)

  /** `buffer`: zeros, or what others use who have the same salt of 32 random bytes. */
  constructor(buffer: ArrayBufferLike, salt: Uint8Array, hasher: Hasher = nobleHasher) {
    const buckets = Math.floor(buffer.byteLength / BUCKET_SIZE)
    if (buckets === 0 || salt.length !== SALT) throw new Error('a cache needs room for a bucket, and a salt')
    this.#hasher = hasher
    this.#entries = new Uint32Array(buffer, 0, buckets * WAYS * WORDS)
    this.#oldest = new Uint8Array(buffer, this.#entries.byteLength, buckets)
    this.#keyed.set(salt)
  }

  /** Bytes that hold what a mempool of so many bytes is full of at most, if all of it were inputs with a signature. */
  static bytesFor(mempoolBytes: number): number {
    return Math.ceil(mempoolBytes / SIGNED_INPUT) * WORDS * 4
  }

  /**
   * The key of something. `parts` are the bytes that make it good or bad: none of them but the last may have another length
   * in another thing of the kind.
   */
  key(kind: Kind, ...parts: readonly Uint8Array[]): Uint8Array {
    const keyed = this.#keyed
    keyed[SALT] = KIND[kind]
    let at = SALT + 1
    for (const part of parts) {
      keyed.set(part, at)
      at += part.length
    }
    return this.#hasher.sha256(keyed.subarray(0, at))
  }

  /**
   * The key of a whole transaction, checked under these flags. Its wtxid stands for the outputs that it spends as well: it
   * names them by hashes of their transactions.
   */
  transactionKey(wtxid: Uint8Array, flags: number): Uint8Array {
    const flagBytes = new Uint8Array(4)
    new DataView(flagBytes.buffer).setUint32(0, flags)
    return this.key('transaction', wtxid, flagBytes)
  }

  /** Whether what has this key was found good, and is remembered. */
  has(key: Uint8Array): boolean {
    const entries = this.#entries
    const words = wordsOf(key)
    const [a, b, c, d] = words
    const from = this.#bucketOf(words) * WAYS * WORDS
    for (let at = from; at < from + WAYS * WORDS; at += WORDS) {
      if (entries[at] === a && entries[at + 1] === b && entries[at + 2] === c && entries[at + 3] === d) return true
    }
    return false
  }

  /** Remembers what was found good. */
  add(key: Uint8Array): void {
    const words = wordsOf(key)
    const bucket = this.#bucketOf(words)
    const way = this.#oldest[bucket]! % WAYS
    this.#oldest[bucket]! = (way + 1) % WAYS
    const at = (bucket * WAYS + way) * WORDS
    for (let word = 0; word < WORDS; word++) this.#entries[at + word] = words[word]!
  }

  /** By a word that is not kept. */
  #bucketOf(words: Words): number {
    return words[WORDS] % this.#oldest.length
  }
}

type Words = [number, number, number, number, number]

function wordsOf(key: Uint8Array): Words {
  const view = new DataView(key.buffer, key.byteOffset)
  return [view.getUint32(0), view.getUint32(4), view.getUint32(8), view.getUint32(12), view.getUint32(16)]
}

/**
 * Asks the cache first. `stores`: what is found good is put there; for who checks blocks it would only push out what waits
 * for the next ones.
 */
export function withCache(secp256k1: Secp256k1, cache: CheckedCache, { stores }: { stores: boolean }): Secp256k1 {
  const ask = (key: Uint8Array, check: () => boolean) => {
    if (cache.has(key)) return true
    const isGood = check()
    if (isGood && stores) cache.add(key)
    return isGood
  }
  return {
    verifyEcdsa(signature, hash, publicKey) {
      if (signature.length !== 64 || hash.length !== 32 || publicKey.length > 65) return false
      return ask(cache.key('ecdsa', signature, hash, publicKey), () =>
        secp256k1.verifyEcdsa(signature, hash, publicKey),
      )
    },
    verifySchnorr(signature, message, publicKey) {
      if (signature.length !== 64 || message.length !== 32 || publicKey.length !== 32) return false
      return ask(cache.key('schnorr', signature, message, publicKey), () =>
        secp256k1.verifySchnorr(signature, message, publicKey),
      )
    },
    isTweaked(outputKey, parity, internalKey, tweak) {
      if (outputKey.length !== 32 || internalKey.length !== 32 || tweak.length !== 32) return false
      if (parity !== 0 && parity !== 1) return false
      return ask(cache.key('tweak', outputKey, internalKey, tweak, Uint8Array.of(parity)), () =>
        secp256k1.isTweaked(outputKey, parity, internalKey, tweak),
      )
    },
  }
}
