import { WireError } from './error.ts'

const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'))

export function bytesToHex(bytes: Uint8Array): string {
  let hex = ''
  for (let i = 0; i < bytes.length; i++) hex += HEX[bytes[i]!]
  return hex
}

/** Both letter cases; anything but pairs of hex digits is `bad-value`. */
export function hexToBytes(hex: string): Uint8Array<ArrayBuffer> {
  if (hex.length % 2 !== 0) throw new WireError('bad-value', 'odd number of hex digits')
  const bytes = new Uint8Array(hex.length / 2)
  for (let i = 0; i < bytes.length; i++) {
    bytes[i] = (digit(hex.charCodeAt(2 * i)) << 4) | digit(hex.charCodeAt(2 * i + 1))
  }
  return bytes
}

/** A hash as people write it: hex of the bytes in reverse. */
export function toDisplay(hash: Uint8Array): string {
  let hex = ''
  for (let i = hash.length - 1; i >= 0; i--) hex += HEX[hash[i]!]
  return hex
}

/** The wire order of a 32-byte hash in display hex; anything but 64 hex digits is `bad-value`. */
export function fromDisplay(hashHex: string): Uint8Array<ArrayBuffer> {
  if (hashHex.length !== 64) throw new WireError('bad-value', 'a hash has 64 hex digits')
  return hexToBytes(hashHex).reverse()
}

/** A 32-byte hash as the key of a Map: one character (U+0000 to U+00FF) per byte. */
export function hashKey(hash: Uint8Array): string {
  const h = hash as unknown as number[]
  // Spelled out because spreading takes twice to ten times as long, and coins and inventories live by this.
  // biome-ignore format: a table
  return String.fromCharCode(
    h[0]!, h[1]!, h[2]!, h[3]!, h[4]!, h[5]!, h[6]!, h[7]!, h[8]!, h[9]!, h[10]!, h[11]!, h[12]!, h[13]!, h[14]!, h[15]!,
    h[16]!, h[17]!, h[18]!, h[19]!, h[20]!, h[21]!, h[22]!, h[23]!, h[24]!, h[25]!, h[26]!, h[27]!, h[28]!, h[29]!, h[30]!, h[31]!,
  )
}

/** The first six bytes, big-endian, as a whole number: the key of the indexes. */
export function prefix48(hash: Uint8Array): number {
  return (
    (hash[0]! * 0x100 + hash[1]!) * 0x1_0000_0000 +
    hash[2]! * 0x100_0000 +
    ((hash[3]! << 16) | (hash[4]! << 8) | hash[5]!)
  )
}

export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false
  return true
}

export function concatBytes(...parts: Uint8Array[]): Uint8Array<ArrayBuffer> {
  let length = 0
  for (const part of parts) length += part.length
  const whole = new Uint8Array(length)
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  return whole
}

function digit(code: number): number {
  if (code >= 48 && code <= 57) return code - 48
  const letter = code | 0x20
  if (letter >= 97 && letter <= 102) return letter - 87
  throw new WireError('bad-value', 'not a hex digit')
}
