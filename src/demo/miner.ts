import type { Network } from '../chain/network.ts'
import type { SubmitResult } from '../host/ledger-host.ts'
import type { LedgerQueries } from '../ledger/queries.ts'
import { transactionsOf } from '../wire/block-parts.ts'
import { hashKey } from '../wire/hash.ts'
import { parseTransaction } from '../wire/transaction.ts'
import { type Candidate, type ChainEnd, choose, type MinedBlock, mineBlock } from './block-template.ts'

/** The node that a miner works for: asked what to build on, and handed what was made. */
export interface MinerPort {
  queries: Pick<LedgerQueries, 'block' | 'blocks' | 'mempoolTxids' | 'rawBlock' | 'tx'>
  submitBlock(bytes: Uint8Array<ArrayBuffer>): Promise<SubmitResult>
}

export interface MinerOptions {
  network: Network
  /** Text for coinbases. */
  tag: string
}

export interface MineOptions {
  /** Unix seconds for the block's time. */
  now: number
  /** scriptPubKey that the coinbase pays to. */
  payTo: Uint8Array
  /** Leave the mempool alone. */
  empty?: boolean
}

/** Mines for whichever node it is told to. */
export class Miner {
  readonly #options: MinerOptions

  constructor(options: MinerOptions) {
    this.#options = options
  }

  /** One block of the node's mempool on the node's tip. Throws when the node does not connect it. */
  async mine({ queries, submitBlock }: MinerPort, { now, payTo, empty = false }: MineOptions): Promise<MinedBlock> {
    const candidates = empty ? [] : await waiting(queries)
    const block = mineBlock({
      ...this.#options,
      parent: await endAt(queries, undefined),
      now,
      payTo,
      chosen: choose(candidates),
    })
    const result = await submitBlock(block.bytes)
    if (result.kind !== 'connected') throw new Error(`a mined block was not connected: ${said(result)}`)
    return block
  }

  /**
   * Two blocks on the parent of the node's tip, so that the tip is reverted. The first holds every other transaction of
   * the tip that it replaces, the second is empty: the rest goes back to the mempools. `payTo` makes a script for each.
   */
  async fork({ queries, submitBlock }: MinerPort, now: number, payTo: () => Uint8Array): Promise<MinedBlock[]> {
    const [tip] = (await queries.blocks(undefined, 1)) ?? []
    if (!tip || tip.height === 0) throw new Error('there is nothing to fork from')
    const parent = await endAt(queries, tip.height - 1)
    const inTip = await transactionsIn(queries, tip.hash)
    const half = inTip.filter((_, i) => i % 2 === 0)
    const first = mineBlock({ ...this.#options, parent, now, payTo: payTo(), chosen: choose(closed(half, inTip)) })
    const second = mineBlock({ ...this.#options, parent: first.end, now, payTo: payTo(), chosen: choose([]) })
    const stored = await submitBlock(first.bytes)
    if (stored.kind === 'refused') throw new Error(`the first block of a fork was refused: ${stored.reason}`)
    const result = await submitBlock(second.bytes)
    if (result.kind !== 'connected') throw new Error(`a fork with more work was not followed: ${said(result)}`)
    return [first, second]
  }
}

function said(result: SubmitResult): string {
  return result.kind === 'refused' ? result.reason : result.kind
}

/** The chain up to a height, or to the tip. */
async function endAt(queries: MinerPort['queries'], height: number | undefined): Promise<ChainEnd> {
  const blocks = await queries.blocks(height, 11)
  if (!blocks?.[0]) throw new Error('the node has no chain to build on')
  const times = blocks.map(({ header }) => new DataView(header.buffer, header.byteOffset).getUint32(68, true))
  return { hash: blocks[0].hash, height: blocks[0].height, times: times.reverse() }
}

/** What waits in the node's mempool. What a block took meanwhile is left out. */
async function waiting(queries: MinerPort['queries']): Promise<Candidate[]> {
  const txids = await queries.mempoolTxids()
  const asked: Promise<Candidate | undefined>[] = []
  for (let at = 0; at < txids.length; at += 32) asked.push(candidate(queries, txids.subarray(at, at + 32), false))
  return (await Promise.all(asked)).filter((found) => found !== undefined)
}

/** The transactions of a block besides its coinbase, in block order. */
async function transactionsIn(queries: MinerPort['queries'], hash: Uint8Array): Promise<Candidate[]> {
  const body = await queries.rawBlock(hash)
  if (body.kind !== 'found') throw new Error(`a block of the chain is ${body.kind}`)
  const [, ...raws] = transactionsOf(body.bytes)
  const found = await Promise.all(raws.map((raw) => candidate(queries, parseTransaction(raw).txid, true)))
  return found.filter((tx) => tx !== undefined)
}

async function candidate(
  queries: MinerPort['queries'],
  txid: Uint8Array,
  confirmed: boolean,
): Promise<Candidate | undefined> {
  const tx = await queries.tx(txid)
  if (tx?.status.confirmed !== confirmed) return undefined
  return { raw: tx.raw, feeSat: tx.fee, spent: tx.prevouts.map((prevout) => prevout!.script) }
}

/** Some of a block's transactions with all that they spend from in the same block. */
function closed(some: readonly Candidate[], all: readonly Candidate[]): Candidate[] {
  const byId = new Map(all.map((one) => [idOf(one), one]))
  const kept = new Set<Candidate>()
  const keep = (one: Candidate): void => {
    if (kept.has(one)) return
    kept.add(one)
    for (const { prevout } of parseTransaction(one.raw).tx.inputs) {
      const parent = byId.get(hashKey(prevout.hash))
      if (parent) keep(parent)
    }
  }
  for (const one of some) keep(one)
  return [...kept]
}

function idOf({ raw }: Candidate): string {
  return hashKey(parseTransaction(raw).txid)
}
