const MIN_ROWS = 1024

/** Rows of numbers, column by column: the first `count` entries of each. */
export interface RowColumns {
  readonly columns: readonly Float64Array<ArrayBuffer>[]
  readonly count: number
}

/** Rows of numbers, column by column, growing. */
export class NumberRows implements RowColumns {
  readonly columns: Float64Array<ArrayBuffer>[]
  count = 0

  constructor(width: number) {
    this.columns = Array.from({ length: width }, () => new Float64Array(MIN_ROWS))
  }

  /** Makes sure that so many more can be set without a check. */
  reserve(more: number): void {
    const needed = this.count + more
    if (needed <= this.columns[0]!.length) return
    const capacity = Math.max(needed, this.columns[0]!.length * 2)
    for (let i = 0; i < this.columns.length; i++) {
      const larger = new Float64Array(capacity)
      larger.set(this.columns[i]!)
      this.columns[i] = larger
    }
  }

  /** Adds a row of four. */
  add(a: number, b: number, c: number, d: number): void {
    this.reserve(1)
    const { columns, count } = this
    columns[0]![count] = a
    columns[1]![count] = b
    columns[2]![count] = c
    columns[3]![count] = d
    this.count = count + 1
  }
}
