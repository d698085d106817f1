import type { Network } from '../../chain/network.ts'
import { difficultyOf } from '../../chain/target.ts'
import type { SideHeader } from '../../ledger/header-tips.ts'
import type { ForkedBlock } from '../../ledger/mining-queries.ts'
import { bytesToHex, toDisplay } from '../../wire/hash.ts'
import { BLOCK_FIELDS, blockFields, readHeader } from '../block-view.ts'
import {
  always,
  count,
  HASH,
  HEIGHT,
  HEX,
  integer,
  list,
  number,
  object,
  orNull,
  SATOSHI,
  string,
  word,
} from '../schema.ts'
import { parseNamed, voutView } from '../tx-view.ts'

/** Nobody is known to have mined anything: that takes a list of tags and addresses that others keep. */
const UNKNOWN_POOL = { id: 0, name: 'Unknown', slug: 'unknown', minerNames: null }

const ORPHAN = object({ height: HEIGHT, hash: HASH, status: word('valid-headers', 'headers-only'), prevhash: HASH })
const UNKNOWN = always(null)

/** A block as Esplora has it, with what mempool.space adds; `null` where a relay cannot know. */
export const EXTENDED_BLOCK = object({
  ...BLOCK_FIELDS,
  stale: always(false),
  extras: object({
    totalFees: SATOSHI,
    medianFee: number('Satoshi per virtual byte that half of the weight pays at least.'),
    feeRange: list(number('Lowest, at 10, 25, 50, 75 and 90 % of the weight, highest.'), 7),
    reward: SATOSHI,
    pool: object({ id: always(0), name: string(), slug: string(), minerNames: UNKNOWN }),
    avgFee: SATOSHI,
    avgFeeRate: count('Satoshi per virtual byte.'),
    coinbaseRaw: HEX,
    coinbaseAddress: orNull(string()),
    coinbaseAddresses: list(string()),
    coinbaseSignature: orNull(string(undefined, 'Script of the first output that has an amount.')),
    coinbaseSignatureAscii: string(),
    virtualSize: number(),
    avgTxSize: number('Bytes.'),
    totalInputs: count('Without that of the coinbase.'),
    totalOutputs: count(),
    totalOutputAmt: SATOSHI,
    totalInputAmt: SATOSHI,
    medianFeeAmt: SATOSHI,
    feePercentiles: list(SATOSHI, 7),
    segwitTotalTxs: count(),
    segwitTotalSize: count(),
    segwitTotalWeight: count(),
    header: HEX,
    firstSeen: UNKNOWN,
    utxoSetChange: integer('Outputs less inputs, those that can never be spent included.'),
    utxoSetSize: count(),
    matchRate: UNKNOWN,
    expectedFees: UNKNOWN,
    expectedWeight: UNKNOWN,
    similarity: UNKNOWN,
    orphans: list(ORPHAN),
    definitionHash: UNKNOWN,
  }),
})

export function extendedBlockView({ block, stats, coinbase, forks }: ForkedBlock, network: Network) {
  const { tx } = parseNamed(coinbase.raw)
  const scriptSig = tx.inputs[0]!.scriptSig
  const paid = tx.outputs
    .filter(({ value }) => value > 0n)
    .map(({ value, scriptPubKey }) => voutView({ value: Number(value), script: scriptPubKey }, network))
  const addresses = paid.flatMap(({ scriptpubkey_address }) => scriptpubkey_address ?? [])
  const paying = Math.max(1, block.txCount - 1)
  return {
    ...blockFields(block),
    difficulty: difficultyOf(readHeader(block.header).bits),
    stale: false,
    extras: {
      totalFees: block.fees,
      medianFee: stats.feeRates[3]!,
      feeRange: stats.feeRates,
      reward: block.outputValue - (stats.inputValue - block.fees),
      pool: UNKNOWN_POOL,
      avgFee: Math.floor(block.fees / paying),
      avgFeeRate: stats.txWeight === 0 ? 0 : Math.floor((block.fees * 4) / stats.txWeight),
      coinbaseRaw: bytesToHex(scriptSig),
      coinbaseAddress: paid[0]?.scriptpubkey_address ?? null,
      coinbaseAddresses: [...new Set(addresses)],
      coinbaseSignature: paid[0]?.scriptpubkey_asm ?? null,
      coinbaseSignatureAscii: String.fromCharCode(...scriptSig),
      virtualSize: block.weight / 4,
      avgTxSize: Math.round((stats.txSize / block.txCount) * 100) / 100,
      totalInputs: block.inputs,
      totalOutputs: block.outputs,
      totalOutputAmt: stats.inputValue - block.fees,
      totalInputAmt: stats.inputValue,
      medianFeeAmt: stats.feeAmounts[3]!,
      feePercentiles: stats.feeAmounts,
      segwitTotalTxs: stats.segwitTxs,
      segwitTotalSize: stats.segwitSize,
      segwitTotalWeight: stats.segwitWeight,
      header: bytesToHex(block.header),
      firstSeen: null,
      utxoSetChange: block.outputs - block.inputs,
      utxoSetSize: stats.utxoSize,
      matchRate: null,
      expectedFees: null,
      expectedWeight: null,
      similarity: null,
      orphans: forks.filter(({ status }) => status !== 'invalid').map(orphanView),
      definitionHash: null,
    },
  }
}

function orphanView({ height, hash, status, prev }: SideHeader) {
  return { height, hash: toDisplay(hash), status, prevhash: toDisplay(prev) }
}
