import type { BlockDigest } from '../chain/digest.ts'
import type { SqlPort } from '../store/sql.ts'
import { WireError } from '../wire/error.ts'
import { equalBytes, type Hasher, hashKey, prefix48 } from '../wire/hash.ts'
import { parseTransaction, type TxOut } from '../wire/transaction.ts'
import { BlockDamaged } from './block-damaged.ts'
import { readRange } from './bodies.ts'
import { readTxPlace } from './offsets.ts'
import type { SpentOutput } from './prevouts.ts'

/** Transactions kept while the inputs of one block are gone through: most blocks spend several outputs of some. */
const KEPT = 500

/** A connected block whose body is at hand. */
export interface WholeBlock {
  digest: BlockDigest
  bytes: Uint8Array
  /** txNum of its coinbase. */
  firstTx: number
}

interface Funding {
  txNum: number
  outputs: readonly TxOut[]
}

/**
 * What the inputs of a connected block spend, found by the transaction index in the blocks that made it, each held against
 * its txid. Throws BlockDamaged for one of those; `undefined` where an input spends what is not there.
 */
export function rebuildSpent(sql: SqlPort, hasher: Hasher, block: WholeBlock): SpentOutput[] | undefined {
  const { digest, firstTx } = block
  const { txCount, inputStart, outputStart, outpoints, txids } = digest
  const here = new Map<string, number>()
  for (let t = 0; t < txCount; t++) here.set(hashKey(txids.subarray(t * 32, t * 32 + 32)), t)
  const kept = new Map<string, Funding>()
  const view = new DataView(outpoints.buffer, outpoints.byteOffset, outpoints.byteLength)
  const spent: SpentOutput[] = []
  for (let i = inputStart[1]!; i < inputStart[txCount]!; i++) {
    const txid = outpoints.subarray(i * 36, i * 36 + 32)
    const vout = view.getUint32(i * 36 + 32, true)
    const key = hashKey(txid)
    const t = here.get(key)
    if (t !== undefined) {
      const output = outputStart[t]! + vout
      if (output >= outputStart[t + 1]!) return undefined
      spent.push({ txNum: firstTx + t, value: digest.value[output]!, script: scriptOf(block, output) })
      continue
    }
    const funding = kept.get(key) ?? findFunding(sql, hasher, txid, firstTx)
    const output = funding?.outputs[vout]
    if (!output) return undefined
    if (kept.size >= KEPT) kept.clear()
    kept.set(key, funding!)
    spent.push({ txNum: funding!.txNum, value: Number(output.value), script: output.scriptPubKey })
  }
  return spent
}

function scriptOf({ digest, bytes }: WholeBlock, output: number): Uint8Array {
  const at = digest.scriptAt[output]!
  return bytes.subarray(at, at + digest.scriptLength[output]!)
}

/** The last transaction below `before` that has the txid (BIP 30 knows two that do). */
function findFunding(sql: SqlPort, hasher: Hasher, txid: Uint8Array, before: number): Funding | undefined {
  const rows = sql.sql
    .exec('SELECT tx_num FROM tx WHERE prefix48 = ? AND tx_num < ? ORDER BY tx_num DESC', prefix48(txid), before)
    .raw()
    .toArray() as [number][]
  for (const [txNum] of rows) {
    const outputs = outputsOf(sql, hasher, txid, txNum)
    if (outputs) return { txNum, outputs }
  }
  return undefined
}

/** `undefined` where the transaction with this number is another one. */
function outputsOf(sql: SqlPort, hasher: Hasher, txid: Uint8Array, txNum: number): readonly TxOut[] | undefined {
  const row = sql.sql
    .exec('SELECT header_id, first_tx, tx_count FROM best WHERE first_tx <= ? ORDER BY first_tx DESC LIMIT 1', txNum)
    .raw()
    .toArray()[0] as [number, number, number] | undefined
  if (!row || txNum >= row[1] + row[2]) return undefined
  const [blockId, firstTx, count] = row
  const place = readTxPlace(sql, blockId, txNum - firstTx, count, hasher)
  if (!equalBytes(place.txid, txid)) return undefined
  const raw = readRange(sql, blockId, place.bodyAt, place.bodyEnd, hasher)
  if (raw.kind !== 'found') throw new BlockDamaged(blockId, 'body')
  try {
    const parsed = parseTransaction(raw.bytes, hasher)
    if (equalBytes(parsed.txid, txid)) return parsed.tx.outputs
  } catch (error) {
    if (!(error instanceof WireError)) throw error
  }
  throw new BlockDamaged(blockId, 'body')
}
