import { decode } from '../wire/codec.ts'
import { type Hasher, hashKey, prefix48 } from '../wire/hash.ts'
import { transaction } from '../wire/transaction.ts'
import type { MempoolEntry } from './mempool-entry.ts'
import type { TxPool } from './mempool-pool.ts'
import { ScriptMatch } from './script-match.ts'

/** Transactions of a mempool that touch scripts, newest first. */
export interface WaitingHistory {
  entries: MempoolEntry[]
  /** Whether the one after which to begin was among them; true where none was given. */
  found: boolean
}

/** At most `limit` of them, each once, strictly after `after` where given. */
export function waitingHistory(
  pool: TxPool,
  hasher: Hasher,
  scripthashes: readonly Uint8Array[],
  limit: number,
  after?: Uint8Array,
): WaitingHistory {
  const matches = new Map<MempoolEntry, ScriptMatch[]>()
  for (const scripthash of new Map(scripthashes.map((one) => [hashKey(one), one])).values()) {
    const match = new ScriptMatch(scripthash, hasher)
    for (const entry of pool.byScript(prefix48(scripthash))) matches.set(entry, [...(matches.get(entry) ?? []), match])
  }
  const touches = (entry: MempoolEntry) => touchesAny(entry, matches.get(entry)!)
  let candidates = [...matches.keys()].sort((a, b) => b.order - a.order)
  if (after) {
    const key = hashKey(after)
    const at = candidates.findIndex((entry) => entry.key === key)
    if (at < 0 || !touches(candidates[at]!)) return { entries: [], found: false }
    candidates = candidates.slice(at + 1)
  }
  const entries: MempoolEntry[] = []
  for (const entry of candidates) {
    if (entries.length >= limit) break
    if (touches(entry)) entries.push(entry)
  }
  return { entries, found: true }
}

/** Prefixes are hints: the scripts themselves tell. */
function touchesAny({ raw, prevouts }: MempoolEntry, matches: readonly ScriptMatch[]): boolean {
  const { outputs } = decode(transaction, raw)
  return matches.some(
    (match) =>
      prevouts.some(({ script }) => match.test(script)) || outputs.some(({ scriptPubKey }) => match.test(scriptPubKey)),
  )
}
