import type { Random } from '../../src/peer/ports.ts'

/** xorshift128+ by halves, from one number: the same seed gives the same run on every machine. */
export class SeededRandom implements Random {
  readonly seed: number
  #state: Uint32Array

  constructor(seed: number) {
    this.seed = seed
    this.#state = new Uint32Array([seed >>> 0, 0x9e3779b9, 0x243f6a88, 0xb7e15162])
    for (let i = 0; i < 16; i++) this.u32()
  }

  u32(): number {
    const s = this.#state
    let t = s[3]!
    t ^= t << 11
    t ^= t >>> 8
    s[3] = s[2]!
    s[2] = s[1]!
    s[1] = s[0]!
    t ^= s[0]! ^ (s[0]! >>> 19)
    s[0] = t
    return t >>> 0
  }

  u64(): bigint {
    return (BigInt(this.u32()) << 32n) | BigInt(this.u32())
  }

  /** A whole number, 0 ≤ n < `limit`. */
  below(limit: number): number {
    return Math.floor((this.u32() / 0x1_0000_0000) * limit)
  }

  chance(probability: number): boolean {
    return this.u32() < probability * 0x1_0000_0000
  }

  pick<T>(items: readonly T[]): T {
    return items[this.below(items.length)]!
  }

  bytes(length: number): Uint8Array<ArrayBuffer> {
    return Uint8Array.from({ length }, () => this.u32() & 0xff)
  }
}
