import { digestBlock } from '../chain/digest.ts'
import type { SqlPort } from '../store/sql.ts'
import type { Hasher } from '../wire/hash.ts'
import { BlockDamaged, type BlockPart } from './block-damaged.ts'
import { readBody } from './bodies.ts'
import type { Stored } from './parts.ts'
import { decodePrevouts, readPrevouts, type SpentOutput } from './prevouts.ts'
import { flagsOf } from './tx-flags.ts'
import type { BlockPlace } from './tx-reader.ts'

export interface SummaryQuestions {
  /** What each transaction of a block comes to, without the transactions; `undefined` for a stale or unknown block. */
  blockSummary(hash: Uint8Array): Promise<BlockSummary | undefined>
}

/** One entry a transaction in each list, in block order. */
export interface BlockSummary {
  height: number
  /** Unix seconds. */
  time: number
  /** 32 bytes each. */
  txids: Uint8Array
  weight: Uint32Array
  /** 0 for the coinbase. Satoshi. */
  feeSat: Float64Array
  /** Sum of the outputs. */
  valueSat: Float64Array
  /** `TX_FLAGS`. */
  flags: Uint32Array
}

/** Reads the whole block and all that it spends. Throws BlockDamaged where one of them is damaged or not kept. */
export function summaryOf(sql: SqlPort, hasher: Hasher, block: BlockPlace): BlockSummary {
  const bytes = found(readBody(sql, block.id, hasher), block, 'body')
  const digest = digestBlock(bytes, hasher)
  const { txids, txCount, txWeight, inputStart, outputStart, value } = digest
  const spent = spentBy(sql, hasher, block)
  if (txCount !== block.txCount || spent.length !== inputStart[txCount]! - inputStart[1]!) {
    throw new BlockDamaged(block.id, 'prevouts')
  }
  const feeSat = new Float64Array(txCount)
  const valueSat = new Float64Array(txCount)
  for (let t = 0; t < txCount; t++) {
    for (let output = outputStart[t]!; output < outputStart[t + 1]!; output++) valueSat[t]! += value[output]!
    if (t === 0) continue
    for (let i = inputStart[t]!; i < inputStart[t + 1]!; i++) feeSat[t]! += spent[i - inputStart[1]!]!.value
    feeSat[t]! -= valueSat[t]!
  }
  return {
    height: block.height,
    time: block.time,
    txids,
    weight: txWeight,
    feeSat,
    valueSat,
    flags: flagsOf(bytes, digest, spent),
  }
}

function spentBy(sql: SqlPort, hasher: Hasher, block: BlockPlace): SpentOutput[] {
  if (block.txCount === 1) return []
  const spent = decodePrevouts(found(readPrevouts(sql, block.id, 0, undefined, hasher), block, 'prevouts'))
  if (!spent) throw new BlockDamaged(block.id, 'prevouts')
  return spent
}

function found(stored: Stored, block: BlockPlace, part: BlockPart): Uint8Array<ArrayBuffer> {
  if (stored.kind !== 'found') throw new BlockDamaged(block.id, part)
  return stored.bytes
}
