/**
 * Rising whole numbers as a Golomb-Rice coded set (BIP 158): each is written as its distance from the one before, the
 * quotient by 2^p in unary, the rest in p bits, most significant bit first. `values` are sorted, below 2^53.
 */
export function encodeGolombRice(values: Float64Array, p: number): Uint8Array<ArrayBuffer> {
  const divisor = 2 ** p
  let bits = values.length * (p + 1)
  let before = 0
  for (const value of values) {
    bits += Math.floor((value - before) / divisor)
    before = value
  }
  const bytes = new Uint8Array((bits + 7) >> 3)
  let at = 0
  before = 0
  for (const value of values) {
    const quotient = Math.floor((value - before) / divisor)
    for (let i = 0; i < quotient; i++, at++) bytes[at >> 3]! |= 0x80 >>> (at & 7)
    at++
    const rest = value - before - quotient * divisor
    // Byte by byte: as many bits as the byte at hand still holds.
    for (let left = p; left > 0; ) {
      const room = Math.min(8 - (at & 7), left)
      bytes[at >> 3]! |= ((rest >>> (left - room)) & (0xff >>> (8 - room))) << (8 - (at & 7) - room)
      left -= room
      at += room
    }
    before = value
  }
  return bytes
}
