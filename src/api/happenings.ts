import type { BlockRef, Reorg } from '../chain/reorg.ts'
import type { Change, Changes, Removal } from '../ledger/queries.ts'
import { type Position, positionOf } from './live-position.ts'

/** What one event of a stream tells. `at` is the place after it. */
export type Happening = { at: Position } & (
  | { type: 'block'; block: BlockRef }
  /** Blocks were taken back; those that came instead follow as blocks. */
  | { type: 'reorg'; reorg: Reorg }
  | { type: 'tx'; tx: Extract<Change, { kind: 'tx' }> }
  | { type: 'removed'; removal: Removal }
)

export type HappeningType = Happening['type']

/** The changes of an answer one by one, in order. */
export function happeningsOf({ cursor, changes }: Changes): Happening[] {
  const end = positionOf(cursor)
  const first = end.number - changes.length
  return changes.flatMap((change, i) => {
    const parts = partsOf(change)
    // The last part ends the change.
    return parts.map((part, j) => {
      const isLast = j === parts.length - 1
      const at = { epoch: end.epoch, number: first + i + (isLast ? 1 : 0), within: isLast ? 0 : j + 1 }
      return { ...part, at }
    })
  })
}

type Part<T = Happening> = T extends Happening ? Omit<T, 'at'> : never

function partsOf(change: Change): Part[] {
  if (change.kind === 'tx') return [{ type: 'tx', tx: change }]
  if (change.kind === 'removed') return [{ type: 'removed', removal: change }]
  const { reorg } = change
  const blocks = reorg.connected.map((block): Part => ({ type: 'block', block }))
  return reorg.reverted.length > 0 ? [{ type: 'reorg', reorg }, ...blocks] : blocks
}
