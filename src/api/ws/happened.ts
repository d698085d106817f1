import type { Changes, Removal } from '../../ledger/queries.ts'
import { hashKey } from '../../wire/hash.ts'

/** A blink of the network's time: what changed since the last look, put together. */
export interface Happened {
  /** Where the next look begins. */
  cursor: string
  /** Things happened that nobody knows any more. */
  isReset: boolean
  /** txids that came to the mempool, and what left it, by key: some may have done both. */
  came: ReadonlyMap<string, Uint8Array>
  left: ReadonlyMap<string, Removal>
  /** What is there since and is not there any more: what only came and went, or went and came back, is neither. */
  added: ReadonlyMap<string, Uint8Array>
  removed: ReadonlyMap<string, Removal>
  /** Hashes of blocks that came, lowest first; the latest `MAX_BLOCKS` of them. */
  connected: readonly Uint8Array[]
  /** Blocks were taken back. */
  reverted: boolean
}

/** A ledger that catches up connects hundreds at once; nobody is told of them one by one. */
const MAX_BLOCKS = 8

export function happened({ cursor, reset, changes }: Changes): Happened {
  const came = new Map<string, Uint8Array>()
  const left = new Map<string, Removal>()
  const added = new Map<string, Uint8Array>()
  const removed = new Map<string, Removal>()
  const connected: Uint8Array[] = []
  let reverted = false
  for (const change of changes) {
    if (change.kind === 'tx') {
      const key = hashKey(change.txid)
      came.set(key, change.txid)
      if (!removed.delete(key)) added.set(key, change.txid)
    } else if (change.kind === 'removed') {
      const key = hashKey(change.txid)
      left.set(key, change)
      if (!added.delete(key)) removed.set(key, change)
    } else {
      reverted ||= change.reorg.reverted.length > 0
      connected.push(...change.reorg.connected.map(({ hash }) => hash))
    }
  }
  return { cursor, isReset: reset, came, left, added, removed, connected: connected.slice(-MAX_BLOCKS), reverted }
}

/** Whether the chain is another one than before. */
export function chainMoved({ isReset, connected, reverted }: Happened): boolean {
  return isReset || reverted || connected.length > 0
}

export function poolMoved({ isReset, came, left }: Happened): boolean {
  return isReset || came.size + left.size > 0
}
