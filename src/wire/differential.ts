import type { Codec, Reader, Writer } from './codec.ts'
import { WireError } from './error.ts'

/** Compact blocks count transactions in 16 bits. */
export const MAX_COMPACT_TRANSACTIONS = 0xffff

/** Something that has a place in a block, and what the wire holds of it after that place. */
export interface Placed<T> {
  index(item: T): number
  read(reader: Reader, index: number): T
  write(writer: Writer, item: T): void
}

/**
 * Items in rising order of their place in a block. The wire has each as its distance from the one before, less one
 * (BIP152); in messages an index is the place itself.
 */
export function differential<T>(item: Placed<T>): Codec<T[]> {
  return {
    read(r) {
      const count = r.count(MAX_COMPACT_TRANSACTIONS)
      const items: T[] = []
      let next = 0
      for (let i = 0; i < count; i++) {
        const index = next + r.compactSize()
        if (index >= MAX_COMPACT_TRANSACTIONS) throw new WireError('too-large', `transaction ${index}`)
        items.push(item.read(r, index))
        next = index + 1
      }
      return items
    },
    write(w, items) {
      w.compactSize(items.length)
      let next = 0
      for (const one of items) {
        const index = item.index(one)
        w.compactSize(index - next)
        item.write(w, one)
        next = index + 1
      }
    },
  }
}
