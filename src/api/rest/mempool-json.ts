import { MAX_CLUSTER_COUNT, MAX_CLUSTER_WEIGHT } from '../../ledger/clusters.ts'
import type { MempoolContents } from '../../ledger/core-mempool.ts'
import type { MempoolLevels } from '../../ledger/mempool-questions.ts'
import { MAX_DATA_SIZE } from '../../ledger/standardness.ts'
import { toDisplay } from '../../wire/hash.ts'
import { component, count, FLAG, HASH, HEIGHT, list, mapOf, object, UNIX_TIME } from '../schema.ts'
import { coinText } from './number-text.ts'
import { COINS } from './tx-json.ts'

const PIECE = 65_536

export const CORE_MEMPOOL = component(
  'CoreMempool',
  object({
    loaded: FLAG,
    size: count('Transactions.'),
    bytes: count('Sum of their virtual bytes.'),
    usage: count('Bytes of memory.'),
    total_fee: COINS,
    maxmempool: count('Bytes of memory that it may take.'),
    mempoolminfee: COINS,
    minrelaytxfee: COINS,
    incrementalrelayfee: COINS,
    unbroadcastcount: count(),
    fullrbf: FLAG,
    permitbaremultisig: FLAG,
    maxdatacarriersize: count('Bytes of data that a transaction may carry.'),
    limitclustercount: count(),
    limitclustersize: count('Virtual bytes.'),
  }),
)

const ENTRY = component(
  'CoreMempoolEntry',
  object({
    vsize: count('Virtual bytes, signature operations counted in.'),
    weight: count(),
    time: UNIX_TIME,
    height: HEIGHT,
    descendantcount: count('Itself counted.'),
    descendantsize: count('Virtual bytes.'),
    ancestorcount: count('Itself counted.'),
    ancestorsize: count('Virtual bytes.'),
    chunkweight: count('Of those that a miner would take with it.'),
    wtxid: HASH,
    fees: object({ base: COINS, modified: COINS, ancestor: COINS, descendant: COINS, chunk: COINS }),
    depends: list(HASH),
    spentby: list(HASH),
    'bip125-replaceable': FLAG,
    unbroadcast: FLAG,
  }),
)

export const CORE_MEMPOOL_ENTRIES = mapOf('^[0-9a-f]{64}$', ENTRY, 'By txid.')
export const CORE_MEMPOOL_TXIDS = list(HASH)
export const CORE_MEMPOOL_SEQUENCE = object({
  txids: list(HASH),
  mempool_sequence: count('Changes with every transaction that comes or goes.'),
})

/** Rates are amounts in coins for a thousand virtual bytes. */
export function mempoolInfoJson(levels: MempoolLevels): string {
  return (
    `{"loaded":true,"size":${levels.count},"bytes":${levels.vsize},"usage":${levels.usage},` +
    `"total_fee":${coinText(levels.feeSat)},"maxmempool":${levels.maxUsage},` +
    `"mempoolminfee":${coinText(Math.ceil(levels.minFeeRate))},"minrelaytxfee":${coinText(levels.minRelayFeeRate)},` +
    `"incrementalrelayfee":${coinText(levels.incrementalFeeRate)},"unbroadcastcount":0,"fullrbf":true,` +
    `"permitbaremultisig":true,"maxdatacarriersize":${MAX_DATA_SIZE},` +
    `"limitclustercount":${MAX_CLUSTER_COUNT},"limitclustersize":${MAX_CLUSTER_WEIGHT / 4}}`
  )
}

/** All transactions by txid, in pieces. */
export function* mempoolEntriesPieces(contents: MempoolContents): Iterable<string> {
  const count = contents.weight.length
  let text = '{'
  for (let row = 0; row < count; row++) {
    text += `${row > 0 ? ',' : ''}"${txidAt(contents.txids, row)}":${entryJson(contents, row)}`
    if (text.length < PIECE) continue
    yield text
    text = ''
  }
  yield `${text}}\n`
}

/** Only their txids, in pieces; with `sequence` inside an object that tells it. */
export function* mempoolTxidsPieces({ txids, sequence }: MempoolContents, withSequence: boolean): Iterable<string> {
  let text = withSequence ? '{"txids":[' : '['
  for (let row = 0; row < txids.length / 32; row++) {
    text += `${row > 0 ? ',' : ''}"${txidAt(txids, row)}"`
    if (text.length < PIECE) continue
    yield text
    text = ''
  }
  yield `${text}]${withSequence ? `,"mempool_sequence":${sequence}}` : ''}\n`
}

function entryJson(c: MempoolContents, row: number): string {
  const base = coinText(c.fee[row]!)
  const linked = ({ start, rows }: MempoolContents['parents']) =>
    Array.from(rows.subarray(start[row]!, start[row + 1]!), (other) => `"${txidAt(c.txids, other)}"`).join(',')
  return (
    `{"vsize":${c.vsize[row]},"weight":${c.weight[row]},"time":${c.time[row]},"height":${c.height[row]},` +
    `"descendantcount":${c.descendants.count[row]},"descendantsize":${c.descendants.vsize[row]},` +
    `"ancestorcount":${c.ancestors.count[row]},"ancestorsize":${c.ancestors.vsize[row]},` +
    `"chunkweight":${c.chunkWeight[row]},"wtxid":"${txidAt(c.wtxids, row)}","fees":{"base":${base},"modified":${base},` +
    `"ancestor":${coinText(c.ancestors.fee[row]!)},"descendant":${coinText(c.descendants.fee[row]!)},` +
    `"chunk":${coinText(c.chunkFee[row]!)}},"depends":[${linked(c.parents)}],"spentby":[${linked(c.children)}],` +
    `"bip125-replaceable":${c.signals[row] === 1},"unbroadcast":false}`
  )
}

function txidAt(hashes: Uint8Array, row: number): string {
  return toDisplay(hashes.subarray(row * 32, row * 32 + 32))
}
