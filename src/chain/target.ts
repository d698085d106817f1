/**
 * The target that compact bits stand for: below it or at it lies the work hash of a valid header. `undefined` for bits
 * that no header may carry: negative, zero, or beyond 256 bits.
 */
export function targetOf(bits: number): bigint | undefined {
  const size = bits >>> 24
  const mantissa = bits & 0x7fffff
  const word = size < 3 ? mantissa >>> (8 * (3 - size)) : mantissa
  if (word === 0 || bits & 0x800000) return undefined
  if (size > 34 || (size === 34 && word > 0xff) || (size === 33 && word > 0xffff)) return undefined
  return size <= 3 ? BigInt(word) : BigInt(word) << BigInt(8 * (size - 3))
}

/** The compact form, which keeps the upper 15 to 23 bits of a target (0 ≤ target < 2^256). */
export function bitsOf(target: bigint): number {
  if (target === 0n) return 0
  let size = Math.ceil(target.toString(16).length / 2)
  let mantissa = size <= 3 ? Number(target) << (8 * (3 - size)) : Number(target >> BigInt(8 * (size - 3)))
  // The mantissa's top bit is a sign.
  if (mantissa & 0x800000) {
    mantissa >>= 8
    size++
  }
  return ((size << 24) | mantissa) >>> 0
}

/** Hashes that have to be tried on average to meet the target of `bits`; 0 for bits without a target. */
export function workOf(bits: number): bigint {
  const target = targetOf(bits)
  return target === undefined ? 0n : (1n << 256n) / (target + 1n)
}

/**
 * How many times harder than the easiest mainnet target, computed in doubles step by step as Bitcoin Core does: the
 * very number that its RPC and block explorers show.
 */
export function difficultyOf(bits: number): number {
  let difficulty = 0xffff / (bits & 0xffffff)
  for (let size = bits >>> 24; size < 29; size++) difficulty *= 256
  for (let size = bits >>> 24; size > 29; size--) difficulty /= 256
  return difficulty
}

/**
 * Whether a work hash, the 32 bytes from `at` on read as a little-endian number, is not above the target of `bits`. No
 * limit of a network is looked at.
 */
export function hashMeetsTarget(hash: Uint8Array, bits: number, at = 0): boolean {
  const size = bits >>> 24
  if (size < 3 || size > 32) return hashMeetsUnusualTarget(hash.subarray(at, at + 32), bits)
  const mantissa = bits & 0x7fffff
  if (mantissa === 0 || bits & 0x800000) return false
  for (let i = 31; i >= size; i--) if (hash[at + i] !== 0) return false
  const top = (hash[at + size - 1]! << 16) | (hash[at + size - 2]! << 8) | hash[at + size - 3]!
  if (top !== mantissa) return top < mantissa
  for (let i = size - 4; i >= 0; i--) if (hash[at + i] !== 0) return false
  return true
}

function hashMeetsUnusualTarget(hash: Uint8Array, bits: number): boolean {
  const target = targetOf(bits)
  if (target === undefined) return false
  let value = 0n
  for (let i = 31; i >= 0; i--) value = (value << 8n) | BigInt(hash[i]!)
  return value <= target
}
