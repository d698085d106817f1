import type { Changes, Removal } from '../../ledger/queries.ts'
import { hashKey } from '../../wire/hash.ts'

/** A blink of the network's time: what changed since the last look, put together. */
export interface Happened {
  /** Where the next look begins. */
  cursor: string
  /** Things happened that nobody knows any more. */
  isReset: boolean
  /** txids that are in the mempool since, and what left it, both by key: what only came and went, or went and came back, is neither. */
  added: ReadonlyMap<string, Uint8Array>
  removed: ReadonlyMap<string, Removal>
  /** All that was replaced, that too that had only just come. */
  replaced: readonly Replaced[]
  /** Hashes of blocks that came, lowest first; the latest `MAX_BLOCKS` of them. */
  connected: readonly Uint8Array[]
  /** Blocks were taken back. */
  reverted: boolean
}

export type Replaced = Extract<Removal, { why: 'replaced' }>

/** A ledger that catches up connects hundreds at once; nobody is told of them one by one. */
const MAX_BLOCKS = 8

export function happened({ cursor, reset, changes }: Changes): Happened {
  const added = new Map<string, Uint8Array>()
  const removed = new Map<string, Removal>()
  const replaced: Replaced[] = []
  const connected: Uint8Array[] = []
  let reverted = false
  for (const change of changes) {
    if (change.kind === 'tx') {
      const key = hashKey(change.txid)
      if (!removed.delete(key)) added.set(key, change.txid)
    } else if (change.kind === 'removed') {
      const key = hashKey(change.txid)
      if (!added.delete(key)) removed.set(key, change)
      if (change.why === 'replaced') replaced.push(change)
    } else {
      reverted ||= change.reorg.reverted.length > 0
      connected.push(...change.reorg.connected.map(({ hash }) => hash))
    }
  }
  return { cursor, isReset: reset, added, removed, replaced, connected: connected.slice(-MAX_BLOCKS), reverted }
}

/** Whether the chain is another one than before. */
export function chainMoved({ isReset, connected, reverted }: Happened): boolean {
  return isReset || reverted || connected.length > 0
}

export function poolMoved({ isReset, added, removed, replaced }: Happened): boolean {
  return isReset || added.size + removed.size + replaced.length > 0
}
