/** So many sat for so much weight: a piece of a diagram. */
export interface Slope {
  feeSat: number
  weight: number
}

/**
 * Whether miners would rather have `after` than `before`, whatever room they have: with chunks taken by falling rate,
 * `after` brings as many fees at every weight, and more at one at least. Both in any order; exact.
 */
export function improves(before: readonly Slope[], after: readonly Slope[]): boolean {
  const a = new Diagram(before)
  const b = new Diagram(after)
  let isBetter = false
  for (const weight of [...a.weights, ...b.weights]) {
    const difference = compare(b.at(weight), a.at(weight))
    if (difference < 0) return false
    if (difference > 0) isBetter = true
  }
  return isBetter
}

/** An exact fraction; fees times weights leave the safe integers. */
interface Fraction {
  over: bigint
  under: bigint
}

function compare(a: Fraction, b: Fraction): number {
  const difference = a.over * b.under - b.over * a.under
  return difference > 0n ? 1 : difference < 0n ? -1 : 0
}

/** Sum of fees by weight: straight between the corners, level after the last one. */
class Diagram {
  /** Where the corners are, without the one at 0. */
  readonly weights: number[] = []
  readonly #fees: number[] = []

  constructor(slopes: readonly Slope[]) {
    const falling = [...slopes].sort((a, b) => (compare(rate(a), rate(b)) > 0 ? -1 : 1))
    let [weight, fee] = [0, 0]
    for (const slope of falling) {
      weight += slope.weight
      fee += slope.feeSat
      this.weights.push(weight)
      this.#fees.push(fee)
    }
  }

  at(weight: number): Fraction {
    let low = 0
    let high = this.weights.length
    while (low < high) {
      const middle = (low + high) >> 1
      if (this.weights[middle]! < weight) low = middle + 1
      else high = middle
    }
    if (low === this.weights.length) return { over: BigInt(this.#fees.at(-1) ?? 0), under: 1n }
    const [fromWeight, fromFee] = low === 0 ? [0, 0] : [this.weights[low - 1]!, this.#fees[low - 1]!]
    const under = BigInt(this.weights[low]! - fromWeight)
    const rise = BigInt(this.#fees[low]! - fromFee)
    return { over: BigInt(fromFee) * under + rise * BigInt(weight - fromWeight), under }
  }
}

function rate({ feeSat, weight }: Slope): Fraction {
  return { over: BigInt(feeSat), under: BigInt(weight) }
}
