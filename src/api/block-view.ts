import { difficultyOf } from '../chain/target.ts'
import type { BlockInfo } from '../ledger/queries.ts'
import { decode } from '../wire/codec.ts'
import { toDisplay } from '../wire/hash.ts'
import { type BlockHeader, blockHeader } from '../wire/header.ts'
import { floatJson } from './float.ts'
import { component, count, FLAG, HASH, HEIGHT, number, object, orNull, U32, UNIX_TIME } from './schema.ts'

/** Fields of a block in the Esplora contract. */
export const BLOCK_FIELDS = {
  id: HASH,
  height: HEIGHT,
  version: U32,
  timestamp: UNIX_TIME,
  tx_count: count('Transactions.'),
  size: count('Bytes.'),
  weight: count('Weight units.'),
  merkle_root: HASH,
  previousblockhash: orNull(HASH),
  mediantime: UNIX_TIME,
  nonce: U32,
  bits: U32,
  difficulty: number(),
}
export const BLOCK = component('Block', object(BLOCK_FIELDS))

export const BLOCK_STATUS = component(
  'BlockStatus',
  object({ in_best_chain: FLAG, height: orNull(HEIGHT), next_best: orNull(HASH) }),
)

/** A block as the Esplora contract prints it, already as text because its difficulty always carries a point. */
export function blockJson(info: BlockInfo): string {
  const { bits } = readHeader(info.header)
  return `${JSON.stringify(blockFields(info)).slice(0, -1)},"difficulty":${floatJson(difficultyOf(bits))}}`
}

/** All but the difficulty, which stands last. */
export function blockFields(info: BlockInfo) {
  const header = readHeader(info.header)
  return {
    id: toDisplay(info.hash),
    height: info.height,
    version: header.version >>> 0,
    timestamp: header.time,
    tx_count: info.txCount,
    size: info.size,
    weight: info.weight,
    merkle_root: toDisplay(header.merkleRoot),
    previousblockhash: info.height === 0 ? null : toDisplay(header.prevBlock),
    mediantime: info.medianTime,
    nonce: header.nonce,
    bits: header.bits,
  }
}

export function blocksJson(blocks: readonly BlockInfo[]): string {
  return `[${blocks.map(blockJson).join(',')}]`
}

export function readHeader(raw: Uint8Array): BlockHeader {
  return decode(blockHeader, raw)
}

/** `undefined` for a block that is not on the connected chain: stale or unknown. */
export function blockStatusView(info: BlockInfo | undefined) {
  return {
    in_best_chain: info !== undefined,
    height: info?.height ?? null,
    next_best: info?.next ? toDisplay(info.next) : null,
  }
}

/** Hashes that lie end to end, as an array of display hex. */
export function hashListView(hashes: Uint8Array): string[] {
  const list: string[] = []
  for (let at = 0; at < hashes.length; at += 32) list.push(toDisplay(hashes.subarray(at, at + 32)))
  return list
}
