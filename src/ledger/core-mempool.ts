import { decode } from '../wire/codec.ts'
import { transaction } from '../wire/transaction.ts'
import type { MempoolEntry } from './mempool-entry.ts'
import { outpointKeyAt } from './mempool-entry.ts'
import type { TxPool } from './mempool-pool.ts'
import type { OnBlock } from './mempool-port.ts'

/** What the answers of `CoreQueries` ask of the mempool. */
export interface CoreMempoolPort {
  /** What the mempool does to outputs, 36 bytes each as on the wire. */
  mempoolCoins(outpoints: Uint8Array): Promise<MempoolCoins>
  mempoolContents(): Promise<MempoolContents>
}

export interface MempoolCoins extends OnBlock {
  /** In the order asked for: whether a transaction of the mempool spends the output, and what one makes there. */
  outputs: { spent: boolean; made?: { value: number; script: Uint8Array } }[]
}

/** All transactions of the mempool as columns, n rows in the order in which they came. */
export interface MempoolContents {
  /** Changes with every transaction that comes or goes. */
  sequence: number
  /** 32 bytes each. */
  txids: Uint8Array<ArrayBuffer>
  wtxids: Uint8Array<ArrayBuffer>
  weight: Uint32Array<ArrayBuffer>
  /** By policy: signature operations may count for more than bytes. */
  vsize: Uint32Array<ArrayBuffer>
  /** When it came, Unix seconds. */
  time: Float64Array<ArrayBuffer>
  /** Height of the tip that it came on. */
  height: Uint32Array<ArrayBuffer>
  /** Satoshi. */
  fee: Float64Array<ArrayBuffer>
  /** 1 where it says that it may be replaced (BIP 125), or something that it depends on does. */
  signals: Uint8Array<ArrayBuffer>
  /** Of itself and all that it depends on, or that depend on it. */
  ancestors: FamilyColumns
  descendants: FamilyColumns
  /** Of those that a miner would take with it. */
  chunkFee: Float64Array<ArrayBuffer>
  chunkWeight: Uint32Array<ArrayBuffer>
  /** Rows of those that it spends from, and that spend from it. */
  parents: LinkColumns
  children: LinkColumns
}

interface FamilyColumns {
  count: Uint32Array<ArrayBuffer>
  vsize: Uint32Array<ArrayBuffer>
  fee: Float64Array<ArrayBuffer>
}

/** The rows linked to row i are `rows[start[i]]` up to but not including `rows[start[i + 1]]`. */
interface LinkColumns {
  start: Uint32Array<ArrayBuffer>
  rows: Uint32Array<ArrayBuffer>
}

export function mempoolCoins(pool: TxPool, outpoints: Uint8Array): MempoolCoins['outputs'] {
  const outputs: MempoolCoins['outputs'] = []
  for (let at = 0; at < outpoints.length; at += 36) {
    const key = outpointKeyAt(outpoints, at)
    const entry = pool.byKey(key.slice(0, 32))
    const index = new DataView(outpoints.buffer, outpoints.byteOffset + at + 32, 4).getUint32(0, true)
    const output = entry && decode(transaction, entry.raw).outputs[index]
    const made = output && { value: Number(output.value), script: output.scriptPubKey.slice() }
    outputs.push({ spent: pool.spender(key) !== undefined, ...(made && { made }) })
  }
  return outputs
}

export function mempoolContents(pool: TxPool): MempoolContents {
  const entries = [...pool.entries()]
  const rowOf = new Map(entries.map((entry, row) => [entry, row]))
  const u32 = (of: (entry: MempoolEntry) => number) => Uint32Array.from(entries, of)
  const f64 = (of: (entry: MempoolEntry) => number) => Float64Array.from(entries, of)
  const chunks = entries.map((entry) => entry.cluster.chunks.find(({ txs }) => txs.includes(entry))!)
  return {
    sequence: pool.version,
    txids: joined(entries, ({ txid }) => txid),
    wtxids: joined(entries, ({ wtxid }) => wtxid),
    weight: u32(({ weight }) => weight),
    vsize: u32(({ vsize }) => vsize),
    time: f64(({ time }) => time),
    height: u32(({ height }) => height),
    fee: f64(({ feeSat }) => feeSat),
    signals: Uint8Array.from(entries, (entry) =>
      familyOf(entry, ({ parents }) => parents).some(({ signalsRbf }) => signalsRbf) ? 1 : 0,
    ),
    ancestors: families(entries, ({ parents }) => parents),
    descendants: families(entries, ({ children }) => children),
    chunkFee: Float64Array.from(chunks, ({ feeSat }) => feeSat),
    chunkWeight: Uint32Array.from(chunks, ({ weight }) => weight),
    parents: links(entries, rowOf, ({ parents }) => parents),
    children: links(entries, rowOf, ({ children }) => children),
  }
}

type Next = (entry: MempoolEntry) => readonly MempoolEntry[]

function joined(entries: readonly MempoolEntry[], hash: (entry: MempoolEntry) => Uint8Array): Uint8Array<ArrayBuffer> {
  const hashes = new Uint8Array(entries.length * 32)
  for (const [row, entry] of entries.entries()) hashes.set(hash(entry), row * 32)
  return hashes
}

/** An entry and all that can be reached from it, within the bounds of its cluster. */
function familyOf(entry: MempoolEntry, next: Next): MempoolEntry[] {
  const family = new Set([entry])
  for (const member of family) for (const near of next(member)) family.add(near)
  return [...family]
}

function families(entries: readonly MempoolEntry[], next: Next): FamilyColumns {
  const columns: FamilyColumns = {
    count: new Uint32Array(entries.length),
    vsize: new Uint32Array(entries.length),
    fee: new Float64Array(entries.length),
  }
  for (const [row, entry] of entries.entries()) {
    for (const { vsize, feeSat } of familyOf(entry, next)) {
      columns.count[row]!++
      columns.vsize[row]! += vsize
      columns.fee[row]! += feeSat
    }
  }
  return columns
}

function links(entries: readonly MempoolEntry[], rowOf: ReadonlyMap<MempoolEntry, number>, next: Next): LinkColumns {
  const start = new Uint32Array(entries.length + 1)
  const rows: number[] = []
  for (const [row, entry] of entries.entries()) {
    for (const near of next(entry)) rows.push(rowOf.get(near)!)
    start[row + 1] = rows.length
  }
  return { start, rows: Uint32Array.from(rows) }
}
