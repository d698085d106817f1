import { NumberRows } from './number-rows.ts'
import type { Scripts } from './script-sums.ts'
import { type BlockTouches, eachTouch, makesCoin, type TouchSink } from './touches.ts'

/**
 * What the blocks of a batch do to the scripts of busy prefixes: the sums go to the scripts, the outputs into lists of
 * rows (prefix48, next48, txNum, vout).
 */
export class BatchTouches {
  /** Outputs that reverted blocks had spent. */
  readonly back = new NumberRows(4)
  /** Outputs from before the batch that are spent, and those that reverted blocks had made. */
  readonly gone = new NumberRows(4)
  /** Outputs that the batch makes; some it spends again (`isStillThere`). */
  readonly made = new NumberRows(4)
  readonly #scripts: Scripts
  /** txNum of the first transaction after what is left of the former chain. */
  readonly #first: number
  readonly #connected: readonly BlockTouches[]
  /** By connected block and output: 1 where the batch spends it. */
  readonly #spentHere: (Uint8Array | undefined)[]

  constructor(scripts: Scripts, first: number, connected: readonly BlockTouches[]) {
    this.#scripts = scripts
    this.#first = first
    this.#connected = connected
    this.#spentHere = Array(connected.length)
  }

  /** A block is taken back. `isMeant`: for which slots that counts. */
  revert(block: BlockTouches, isMeant: (slot: number) => boolean): void {
    eachTouch(block, {
      slotOf: this.#slotOf(isMeant),
      funds: (slot, txNum, vout, output, value, at, length) => {
        const sums = this.#scripts.sums(slot, block.bytes, at, length)
        sums.fund(txNum, value, -1)
        if (makesCoin(block, txNum, output)) this.gone.add(this.#prefix(slot), sums.next48, txNum, vout)
      },
      spends: (slot, txNum, fundingTx, vout, value, at, length) => {
        const sums = this.#scripts.sums(slot, block.prevouts, at, length)
        sums.spend(txNum, value, -1)
        if (fundingTx < this.#first) this.back.add(this.#prefix(slot), sums.next48, fundingTx, vout)
      },
    })
  }

  /** A block is added. */
  connect(block: BlockTouches, isMeant: (slot: number) => boolean): void {
    eachTouch(block, {
      slotOf: this.#slotOf(isMeant),
      funds: (slot, txNum, vout, output, value, at, length) => {
        const sums = this.#scripts.sums(slot, block.bytes, at, length)
        sums.fund(txNum, value, 1)
        if (makesCoin(block, txNum, output)) this.made.add(this.#prefix(slot), sums.next48, txNum, vout)
      },
      spends: (slot, txNum, fundingTx, vout, value, at, length) => {
        const sums = this.#scripts.sums(slot, block.prevouts, at, length)
        sums.spend(txNum, value, 1)
        if (fundingTx < this.#first) this.gone.add(this.#prefix(slot), sums.next48, fundingTx, vout)
        else this.#markSpent(fundingTx, vout)
      },
    })
  }

  /** Whether a row of `made` is unspent at the end of the batch. */
  isStillThere(row: number): boolean {
    const [block, output] = this.#placeOf(this.made.columns[2]![row]!, this.made.columns[3]![row]!)
    return this.#spentHere[block]?.[output] !== 1
  }

  #slotOf(isMeant: (slot: number) => boolean): TouchSink['slotOf'] {
    const scripts = this.#scripts
    return (prefix) => {
      const slot = scripts.slotOf(prefix)
      return slot >= 0 && isMeant(slot) ? slot : -1
    }
  }

  #prefix(slot: number): number {
    return this.#scripts.prefixes[slot]!
  }

  #markSpent(txNum: number, vout: number): void {
    const [block, output] = this.#placeOf(txNum, vout)
    const { digest } = this.#connected[block]!
    this.#spentHere[block] ??= new Uint8Array(digest.outputStart[digest.txCount]!)
    this.#spentHere[block][output] = 1
  }

  /** Which connected block has the output, and its number there. */
  #placeOf(txNum: number, vout: number): [block: number, output: number] {
    const blocks = this.#connected
    let low = 0
    let high = blocks.length - 1
    while (low < high) {
      const middle = (low + high + 1) >>> 1
      if (blocks[middle]!.firstTx <= txNum) low = middle
      else high = middle - 1
    }
    const { firstTx, digest } = blocks[low]!
    return [low, digest.outputStart[txNum - firstTx]! + vout]
  }
}
