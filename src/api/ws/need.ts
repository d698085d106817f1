import { type LiveOverview, MAX_NAMED, type Whereabouts } from '../../ledger/live-questions.ts'
import type { ReplacementTree } from '../../ledger/mempool-questions.ts'
import type { LedgerQueries, TxInfo } from '../../ledger/queries.ts'
import { hashKey } from '../../wire/hash.ts'

/** What the ledger has to be asked for so that clients can be told. Lists may name something more than once. */
export interface Need {
  overview: boolean
  /** Transactions: where they are, themselves, and what took their place. */
  whereabouts: Uint8Array[]
  txs: Uint8Array[]
  replacements: Uint8Array[]
  /** Scripthashes whose unconfirmed transactions are wanted. */
  mempoolOf: Uint8Array[]
  /** And those whose transactions in these blocks are. */
  blocks: Uint8Array[]
  inBlocksOf: Uint8Array[]
}

/** The answers, by hash. */
export interface Found {
  overview: LiveOverview | undefined
  whereabouts: ReadonlyMap<string, Whereabouts>
  txs: ReadonlyMap<string, TxInfo>
  replacements: ReadonlyMap<string, ReplacementTree>
  mempoolOf: ReadonlyMap<string, TxInfo[]>
  /** Of all the blocks, in order. */
  inBlocksOf: ReadonlyMap<string, TxInfo[]>
}

/** Latest blocks and transactions of an overview. */
export const OVERVIEW_BLOCKS = 8
export const OVERVIEW_TXS = 100
/** Transactions of one script that are told, of the mempool and of a block. */
export const SCRIPT_TXS = 50
export const SCRIPT_BLOCK_TXS = 100

export type LiveSource = Pick<
  LedgerQueries,
  'changesSince' | 'live' | 'replacements' | 'whereabouts' | 'txs' | 'scriptsInBlock' | 'scriptsInMempool'
>

export function noNeed(): Need {
  return { overview: false, whereabouts: [], txs: [], replacements: [], mempoolOf: [], blocks: [], inBlocksOf: [] }
}

export function both(one: Need, other: Need): Need {
  return {
    overview: one.overview || other.overview,
    whereabouts: [...one.whereabouts, ...other.whereabouts],
    txs: [...one.txs, ...other.txs],
    replacements: [...one.replacements, ...other.replacements],
    mempoolOf: [...one.mempoolOf, ...other.mempoolOf],
    blocks: [...one.blocks, ...other.blocks],
    inBlocksOf: [...one.inBlocksOf, ...other.inBlocksOf],
  }
}

/** Asks for all of it, a slice at a time, so that nobody else has to wait long in between. */
export async function gather(need: Need, queries: LiveSource): Promise<Found> {
  const inBlocksOf = new Map<string, TxInfo[]>()
  for (const hash of need.inBlocksOf.length > 0 ? need.blocks : []) {
    const found = await each(need.inBlocksOf, (some) => queries.scriptsInBlock(hash, some, SCRIPT_BLOCK_TXS))
    for (const [script, txs] of found) {
      if (txs.length > 0) inBlocksOf.set(script, [...(inBlocksOf.get(script) ?? []), ...txs])
    }
  }
  return {
    whereabouts: await each(need.whereabouts, (some) => queries.whereabouts(some)),
    txs: await each(need.txs, (some) => queries.txs(some)),
    replacements: await each(need.replacements, (some) => treesOf(some, queries)),
    mempoolOf: await each(need.mempoolOf, (some) => queries.scriptsInMempool(some, SCRIPT_TXS)),
    inBlocksOf,
    // Last, so that it is not older than what goes with it.
    overview: need.overview ? await queries.live(OVERVIEW_BLOCKS, OVERVIEW_TXS) : undefined,
  }
}

async function treesOf(txids: readonly Uint8Array[], queries: LiveSource): Promise<(ReplacementTree | undefined)[]> {
  const answers = await Promise.all(txids.map((txid) => queries.replacements(txid)))
  return answers.map(({ tree }) => tree)
}

/** Answers by hash, each hash asked for once. */
async function each<T>(
  hashes: readonly Uint8Array[],
  ask: (some: Uint8Array[]) => Promise<(T | undefined)[]>,
): Promise<Map<string, T>> {
  const distinct = [...new Map(hashes.map((hash) => [hashKey(hash), hash]))]
  const found = new Map<string, T>()
  for (let at = 0; at < distinct.length; at += MAX_NAMED) {
    const some = distinct.slice(at, at + MAX_NAMED)
    const answers = await ask(some.map(([, hash]) => hash))
    for (const [i, [key]] of some.entries()) {
      const answer = answers[i]
      if (answer !== undefined) found.set(key, answer)
    }
  }
  return found
}
