const SEQUENCE = 0x30
const INTEGER = 0x02
/** Set in the first byte of a length: the rest says how many bytes of length follow. */
const LONG_FORM = 0x80
/** The longest that a length may be written in, leading zeros aside. No script holds what would need a fourth. */
const MAX_LENGTH_BYTES = 3

/** Bytes of a signature in strict DER with its hash type: two integers of 1 byte, two of 33. */
const MIN_STRICT = 9
const MAX_STRICT = 73

/** The order of the group, and the largest s of the lower half: (order - 1) / 2. Big-endian. */
const ORDER = bytes32(0xffffffff, 0xffffffff, 0xffffffff, 0xfffffffe, 0xbaaedce6, 0xaf48a03b, 0xbfd25e8c, 0xd0364141)
const HALF = bytes32(0x7fffffff, 0xffffffff, 0xffffffff, 0xffffffff, 0x5d576e73, 0x57a4501d, 0xdfe92f46, 0x681b20a0)

/**
 * The r and s of an ECDSA signature (without its hash type), 32 bytes each, as consensus reads what came before BIP 66:
 * lengths may be written in more bytes than they need, integers may be padded or look negative, the sequence's own length
 * does not count, and something may follow. Both are zero, which no signature is good with, where one of them is too large
 * for the curve. `undefined`: no signature at all.
 */
export function laxDer(bytes: Uint8Array): Uint8Array | undefined {
  if (bytes[0] !== SEQUENCE || bytes.length < 2) return undefined
  const first = bytes[1]!
  const contentAt = first & LONG_FORM ? 2 + (first & ~LONG_FORM) : 2
  const compact = new Uint8Array(64)
  const r = integerAt(bytes, contentAt)
  if (!r) return undefined
  const s = integerAt(bytes, r.end)
  if (!s) return undefined
  const fits = placeInteger(bytes, r, compact, 32) && placeInteger(bytes, s, compact, 64)
  if (!fits || !isBelow(compact, 0, ORDER) || !isBelow(compact, 32, ORDER)) return compact.fill(0)
  return compact
}

/** Whether a signature, with its hash type, is encoded as BIP 66 demands. */
export function isStrictDer(bytes: Uint8Array): boolean {
  const { length } = bytes
  if (length < MIN_STRICT || length > MAX_STRICT) return false
  const end = length - 1 // of what is DER: the hash type follows
  if (bytes[0] !== SEQUENCE || bytes[1] !== end - 2) return false
  const sAt = strictEnd(bytes, 2, end)
  return sAt !== undefined && strictEnd(bytes, sAt, end) === end
}

/** Whether the s of a signature (r and s, 32 bytes each) is in the lower half of the order's range; zero is. */
export function isLowS(compact: Uint8Array): boolean {
  return !isBelow(HALF, 0, compact.subarray(32))
}

interface Span {
  at: number
  end: number
}

/** Where the value of an integer lies whose tag is at `at`; `undefined` when there is none, or it ends past the bytes. */
function integerAt(bytes: Uint8Array, at: number): Span | undefined {
  if (bytes[at] !== INTEGER || at + 1 >= bytes.length) return undefined
  let from = at + 2
  let length = bytes[at + 1]!
  if (length & LONG_FORM) {
    const lengthEnd = from + (length & ~LONG_FORM)
    if (lengthEnd > bytes.length) return undefined
    while (from < lengthEnd && bytes[from] === 0) from++
    if (lengthEnd - from > MAX_LENGTH_BYTES) return undefined
    length = 0
    while (from < lengthEnd) length = length * 256 + bytes[from++]!
  }
  const end = from + length
  return end <= bytes.length ? { at: from, end } : undefined
}

/** Puts an integer before `end` in `out`, where its 32 bytes are zero; false when it does not fit them. */
function placeInteger(bytes: Uint8Array, { at, end: valueEnd }: Span, out: Uint8Array, end: number): boolean {
  let from = at
  while (from < valueEnd && bytes[from] === 0) from++
  const length = valueEnd - from
  if (length > 32) return false
  for (let i = 0; i < length; i++) out[end - length + i] = bytes[from + i]!
  return true
}

/** Where a strictly encoded positive integer ends whose tag is at `at`, at `limit` at the latest. */
function strictEnd(bytes: Uint8Array, at: number, limit: number): number | undefined {
  if (at + 2 >= limit || bytes[at] !== INTEGER) return undefined
  const length = bytes[at + 1]!
  const end = at + 2 + length
  if (length === 0 || end > limit) return undefined
  const first = bytes[at + 2]!
  if (first & 0x80) return undefined // negative
  if (length > 1 && first === 0 && !(bytes[at + 3]! & 0x80)) return undefined // padded
  return end
}

/** Whether the 32 bytes from `at` are a lesser number than `other`. */
function isBelow(bytes: Uint8Array, at: number, other: Uint8Array): boolean {
  for (let i = 0; i < 32; i++) {
    const difference = bytes[at + i]! - other[i]!
    if (difference !== 0) return difference < 0
  }
  return false
}

function bytes32(...words: number[]): Uint8Array {
  const bytes = new Uint8Array(32)
  const view = new DataView(bytes.buffer)
  for (const [i, word] of words.entries()) view.setUint32(4 * i, word)
  return bytes
}
