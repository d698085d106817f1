import { WireError } from './error.ts'

const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'))
/** Bytes whose hex is made at once. */
const CHUNK = 1024
const chunk: number[] = Array(2 * CHUNK).fill(0)
/** Character codes of the hex digits. */
const DIGIT = Uint8Array.from('0123456789abcdef', (digit) => digit.charCodeAt(0))

export function bytesToHex(bytes: Uint8Array): string {
  let hex = ''
  let at = 0
  for (; at + CHUNK <= bytes.length; at += CHUNK) hex += hexOfChunk(bytes, at)
  for (; at + 8 <= bytes.length; at += 8) hex += hexOfEight(bytes, at, 1)
  for (; at < bytes.length; at++) hex += HEX[bytes[at]!]
  return hex
}

/** Of long bytes, in pieces of this size: eight at a time would leave the memory full of little strings. */
function hexOfChunk(bytes: Uint8Array, at: number): string {
  for (let i = 0; i < CHUNK; i++) {
    const byte = bytes[at + i]!
    chunk[2 * i] = DIGIT[byte >> 4]!
    chunk[2 * i + 1] = DIGIT[byte & 15]!
  }
  return String.fromCharCode.apply(null, chunk)
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
  let i = hash.length - 1
  for (; i >= 7; i -= 8) hex += hexOfEight(hash, i, -1)
  for (; i >= 0; i--) hex += HEX[hash[i]!]
  return hex
}

/** Hex of eight bytes from `at` on, forwards or backwards: several times as fast as one byte after the other. */
function hexOfEight(bytes: Uint8Array, at: number, step: 1 | -1): string {
  const a = bytes[at]!
  const b = bytes[at + step]!
  const c = bytes[at + 2 * step]!
  const d = bytes[at + 3 * step]!
  const e = bytes[at + 4 * step]!
  const f = bytes[at + 5 * step]!
  const g = bytes[at + 6 * step]!
  const h = bytes[at + 7 * step]!
  // biome-ignore format: a table
  return String.fromCharCode(
    DIGIT[a >> 4]!, DIGIT[a & 15]!, DIGIT[b >> 4]!, DIGIT[b & 15]!, DIGIT[c >> 4]!, DIGIT[c & 15]!, DIGIT[d >> 4]!, DIGIT[d & 15]!,
    DIGIT[e >> 4]!, DIGIT[e & 15]!, DIGIT[f >> 4]!, DIGIT[f & 15]!, DIGIT[g >> 4]!, DIGIT[g & 15]!, DIGIT[h >> 4]!, DIGIT[h & 15]!,
  )
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
