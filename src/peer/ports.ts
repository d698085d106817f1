/** Milliseconds since 1970, handed in with every input: machines have no clock. */
export type Millis = number

/** Where machines get chance from. */
export interface Random {
  /** 64 random bits, not to be guessed by peers. */
  u64(): bigint
  /** A whole number, 0 ≤ n < `limit`. */
  below(limit: number): number
}
