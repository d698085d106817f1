import { bytesToHex } from '../wire/hash.ts'

/** Of secp256k1: the field's prime. */
const P = 2n ** 256n - 2n ** 32n - 977n

/**
 * Whether 32 bytes are the x coordinate of a point of secp256k1, big-endian: whether x³ + 7 has a root. Asked by the
 * Jacobi symbol, several times as fast as looking for the root.
 */
export function isXOnlyKey(bytes: Uint8Array): boolean {
  const x = BigInt(`0x${bytesToHex(bytes)}`)
  return x < P && jacobi((x * x * x + 7n) % P, P) === 1
}

/** 1, -1 or 0, for an odd n. */
function jacobi(a: bigint, n: bigint): number {
  let symbol = 1
  while (a !== 0n) {
    while ((a & 1n) === 0n) {
      a >>= 1n
      const last = Number(n & 7n)
      if (last === 3 || last === 5) symbol = -symbol
    }
    ;[a, n] = [n, a]
    if ((a & 3n) === 3n && (n & 3n) === 3n) symbol = -symbol
    a %= n
  }
  return n === 1n ? symbol : 0
}
