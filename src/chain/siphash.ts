/**
 * SipHash-2-4 of byte ranges under one 128-bit key. The 64-bit state lives in halves of 32 bits, as JavaScript has no
 * other fast integers; the result of the last `hash` is in `high` and `low`.
 */
export class SipHash {
  high = 0
  low = 0
  readonly #key: readonly [k0Low: number, k0High: number, k1Low: number, k1High: number]

  /** The first 16 bytes are the key, two little-endian words. */
  constructor(key: Uint8Array) {
    const view = new DataView(key.buffer, key.byteOffset, 16)
    this.#key = [view.getInt32(0, true), view.getInt32(4, true), view.getInt32(8, true), view.getInt32(12, true)]
  }

  /** Bytes `at` up to but not including `at + length`. */
  hash(bytes: Uint8Array, at = 0, length = bytes.length - at): void {
    const [k0l, k0h, k1l, k1h] = this.#key
    let al = k0l ^ 0x70736575
    let ah = k0h ^ 0x736f6d65
    let bl = k1l ^ 0x6e646f6d
    let bh = k1h ^ 0x646f7261
    let cl = k0l ^ 0x6e657261
    let ch = k0h ^ 0x6c796765
    let dl = k1l ^ 0x79746573
    let dh = k1h ^ 0x74656462
    const end = at + length
    const wholeEnd = end - (length & 7)
    let last = false
    let rounds = 2
    while (true) {
      let ml = 0
      let mh = 0
      if (at < wholeEnd) {
        ml = bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)
        mh = bytes[at + 4]! | (bytes[at + 5]! << 8) | (bytes[at + 6]! << 16) | (bytes[at + 7]! << 24)
        at += 8
      } else if (!last) {
        // The last word: what is left over, and the length in its top byte.
        for (let i = 0; at < end; i++, at++) {
          if (i < 4) ml |= bytes[at]! << (8 * i)
          else mh |= bytes[at]! << (8 * (i - 4))
        }
        mh |= length << 24
        last = true
      } else {
        cl ^= 0xff
        rounds = 4
      }
      dl ^= ml
      dh ^= mh
      for (let round = 0; round < rounds; round++) {
        // a += b, b <<< 13, b ^= a, a <<< 32
        let sum = (al >>> 0) + (bl >>> 0)
        al = sum | 0
        ah = (ah + bh + (sum > 0xffff_ffff ? 1 : 0)) | 0
        let top = (bh << 13) | (bl >>> 19)
        bl = ((bl << 13) | (bh >>> 19)) ^ al
        bh = top ^ ah
        top = ah
        ah = al
        al = top
        // c += d, d <<< 16, d ^= c
        sum = (cl >>> 0) + (dl >>> 0)
        cl = sum | 0
        ch = (ch + dh + (sum > 0xffff_ffff ? 1 : 0)) | 0
        top = (dh << 16) | (dl >>> 16)
        dl = ((dl << 16) | (dh >>> 16)) ^ cl
        dh = top ^ ch
        // a += d, d <<< 21, d ^= a
        sum = (al >>> 0) + (dl >>> 0)
        al = sum | 0
        ah = (ah + dh + (sum > 0xffff_ffff ? 1 : 0)) | 0
        top = (dh << 21) | (dl >>> 11)
        dl = ((dl << 21) | (dh >>> 11)) ^ al
        dh = top ^ ah
        // c += b, b <<< 17, b ^= c, c <<< 32
        sum = (cl >>> 0) + (bl >>> 0)
        cl = sum | 0
        ch = (ch + bh + (sum > 0xffff_ffff ? 1 : 0)) | 0
        top = (bh << 17) | (bl >>> 15)
        bl = ((bl << 17) | (bh >>> 15)) ^ cl
        bh = top ^ ch
        top = ch
        ch = cl
        cl = top
      }
      if (rounds === 4) break
      al ^= ml
      ah ^= mh
    }
    this.low = (al ^ bl ^ cl ^ dl) >>> 0
    this.high = (ah ^ bh ^ ch ^ dh) >>> 0
  }
}
