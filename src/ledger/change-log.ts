import { cursorText, readCursor } from './cursor.ts'
import type { Change, Changes } from './queries.ts'

/** Entries kept: a block or a transaction that comes or goes counts as one. */
export const MAX_CHANGES = 10_000

/**
 * What happened lately, for those who ask what is new since they asked last. A cursor is `<epoch>-<number>`: it is good
 * only for the log that gave it. Where changes that follow a cursor are gone, or it is not one of ours, the answer is
 * `reset`: look at everything anew.
 */
export class ChangeLog {
  readonly #epoch: string
  readonly #maxEntries: number
  #log: { change: Change; entries: number }[] = []
  #entries = 0
  /** Number of the first change in the log. */
  #first = 0

  /** `epoch` differs with every start of the ledger: changes before a start are not known after it. */
  constructor(epoch: number | string, maxEntries: number = MAX_CHANGES) {
    this.#epoch = String(epoch)
    this.#maxEntries = maxEntries
  }

  get cursor(): string {
    return this.#cursorAt(this.#log.length)
  }

  push(change: Change): void {
    const entries = change.kind === 'reorg' ? change.reorg.reverted.length + change.reorg.connected.length : 1
    this.#log.push({ change, entries })
    this.#entries += entries
    let dropped = 0
    while (this.#entries > this.#maxEntries) this.#entries -= this.#log[dropped++]!.entries
    // Half at a time, so that a full log does not move all of itself for every change.
    if (dropped === 0) return
    while (dropped < this.#log.length && this.#entries > this.#maxEntries / 2)
      this.#entries -= this.#log[dropped++]!.entries
    this.#log = this.#log.slice(dropped)
    this.#first += dropped
  }

  /** More happened than is ever kept: whoever asks looks at everything anew. */
  reset(): void {
    this.#first += this.#log.length + 1
    this.#log = []
    this.#entries = 0
  }

  /** At most so many entries at a time, but always one change where there is one; the cursor says how far it went. */
  since(cursor: string | undefined, maxEntries: number = Number.POSITIVE_INFINITY): Changes {
    if (cursor === undefined) return { cursor: this.cursor, reset: false, changes: [] }
    const from = this.#position(cursor)
    if (from === undefined) return { cursor: this.cursor, reset: true, changes: [] }
    let to = from
    for (let entries = 0; to < this.#log.length; to++) {
      entries += this.#log[to]!.entries
      if (entries > maxEntries && to > from) break
    }
    return { cursor: this.#cursorAt(to), reset: false, changes: this.#log.slice(from, to).map(({ change }) => change) }
  }

  #cursorAt(index: number): string {
    return cursorText({ epoch: this.#epoch, number: this.#first + index })
  }

  /** Where in the log the changes after a cursor begin. */
  #position(cursor: string): number | undefined {
    const at = readCursor(cursor)
    if (at?.epoch !== this.#epoch) return undefined
    const from = at.number - this.#first
    return from >= 0 && from <= this.#log.length ? from : undefined
  }
}
