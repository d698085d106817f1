import { equalBytes, sha256d } from '../wire/hash.ts'

const ALPHABET = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz'
const CHECKSUM_SIZE = 4

/** Digits of base 58, most significant first; each leading zero byte is written as `1`. Time grows with the square of the length. */
export function encodeBase58(bytes: Uint8Array): string {
  const zeros = leading(bytes, 0)
  const digits = convertBase(bytes.subarray(zeros), 256, 58)
  return '1'.repeat(zeros) + digits.map((digit) => ALPHABET[digit]).join('')
}

/** The bytes, or undefined where a character is not of the alphabet. Callers bound the length of `text`. */
export function decodeBase58(text: string): Uint8Array | undefined {
  const digits: number[] = []
  for (const character of text) {
    const digit = ALPHABET.indexOf(character)
    if (digit < 0) return undefined
    digits.push(digit)
  }
  const zeros = leading(digits, 0)
  const bytes = convertBase(digits.slice(zeros), 58, 256)
  const out = new Uint8Array(zeros + bytes.length)
  out.set(bytes, zeros)
  return out
}

/** Base 58 of the payload and the first four bytes of its double SHA-256. */
export function encodeBase58Check(payload: Uint8Array): string {
  const whole = new Uint8Array(payload.length + CHECKSUM_SIZE)
  whole.set(payload)
  whole.set(sha256d(payload).subarray(0, CHECKSUM_SIZE), payload.length)
  return encodeBase58(whole)
}

export type Base58Decoded =
  | { kind: 'ok'; payload: Uint8Array }
  | { kind: 'invalid'; reason: 'bad-character' | 'too-short' | 'bad-checksum' }

/** Reads what `encodeBase58Check` writes. */
export function decodeBase58Check(text: string): Base58Decoded {
  const whole = decodeBase58(text)
  if (!whole) return { kind: 'invalid', reason: 'bad-character' }
  if (whole.length < CHECKSUM_SIZE) return { kind: 'invalid', reason: 'too-short' }
  const payload = whole.subarray(0, -CHECKSUM_SIZE)
  const expected = sha256d(payload).subarray(0, CHECKSUM_SIZE)
  if (!equalBytes(expected, whole.subarray(-CHECKSUM_SIZE))) return { kind: 'invalid', reason: 'bad-checksum' }
  return { kind: 'ok', payload }
}

function leading(digits: ArrayLike<number>, value: number): number {
  let count = 0
  while (count < digits.length && digits[count] === value) count++
  return count
}

/** Rewrites a number from one base to another, both most significant first; zero has no digits. */
function convertBase(digits: ArrayLike<number>, from: number, to: number): number[] {
  const out: number[] = []
  for (let i = 0; i < digits.length; i++) {
    let carry = digits[i]!
    for (let j = 0; j < out.length; j++) {
      carry += out[j]! * from
      out[j] = carry % to
      carry = Math.floor(carry / to)
    }
    for (; carry > 0; carry = Math.floor(carry / to)) out.push(carry % to)
  }
  return out.reverse()
}
