import { difficultyOf, targetOf } from '../../chain/target.ts'
import type { BlockDetail, HeaderInfo, SpentColumns } from '../../ledger/core-queries.ts'
import type { AddressParams } from '../../script/address.ts'
import { decode } from '../../wire/codec.ts'
import { bytesToHex, toDisplay } from '../../wire/hash.ts'
import { transaction } from '../../wire/transaction.ts'
import { readHeader } from '../block-view.ts'
import {
  component,
  count,
  HASH,
  HEIGHT,
  HEX,
  integer,
  list,
  number,
  object,
  string,
  U32,
  UNIX_TIME,
} from '../schema.ts'
import { doubleText } from './number-text.ts'
import { CORE_BLOCK_TX, type SpentOutput, txJson } from './tx-json.ts'

/** Text is handed on in pieces of about so many characters. */
const PIECE = 65_536

const HEADER_FIELDS = {
  hash: HASH,
  confirmations: integer('Blocks on top, itself counted; -1 off the best chain.'),
  height: HEIGHT,
  version: integer(),
  versionHex: string('^[0-9a-f]{8}$'),
  merkleroot: HASH,
  time: UNIX_TIME,
  mediantime: UNIX_TIME,
  nonce: U32,
  bits: string('^[0-9a-f]{8}$'),
  target: HASH,
  difficulty: number(),
  chainwork: HASH,
  nTx: count('Transactions.'),
  'previousblockhash?': HASH,
  'nextblockhash?': HASH,
}
const BLOCK_FIELDS = {
  ...HEADER_FIELDS,
  strippedsize: count('Bytes without witnesses.'),
  size: count('Bytes.'),
  weight: count(),
  coinbase_tx: object({ version: U32, locktime: U32, sequence: U32, coinbase: HEX, 'witness?': HEX }),
}

export const CORE_HEADER = component('CoreHeader', object(HEADER_FIELDS))
export const CORE_BLOCK = component('CoreBlock', object({ ...BLOCK_FIELDS, tx: list(CORE_BLOCK_TX) }))
export const CORE_BLOCK_TXIDS = component('CoreBlockTxids', object({ ...BLOCK_FIELDS, tx: list(HASH) }))

/** `tip`: height of the connected chain; `undefined` for a block that is not on it. */
export function headerJson(info: HeaderInfo, tip: number | undefined): string {
  return `{${headerFields(info, tip)}}`
}

/** The fields of a block's bits, which other objects have too. */
export function bitsFields(bits: number): string {
  const target = (targetOf(bits) ?? 0n).toString(16).padStart(64, '0')
  return `"bits":"${hex32(bits)}","target":"${target}","difficulty":${doubleText(difficultyOf(bits))}`
}

/** A block as JSON with its transactions, in pieces: all of it may be more than three times as long as the block. */
export function* blockPieces(detail: BlockDetail, address: AddressParams): Iterable<string> {
  const { bytes, txStart, txids, wtxids, spent, block } = detail
  let text = `{${blockFields(detail)},"tx":[`
  let row = 0
  for (let i = 0; i < block.txCount; i++) {
    const raw = bytes.subarray(txStart[i]!, txStart[i + 1]!)
    const named = { raw, txid: hashAt(txids, i), wtxid: hashAt(wtxids, i) }
    const inputs = i === 0 || !spent ? 0 : decode(transaction, raw).inputs.length
    const spends = spent && spentRows(spent, row, inputs)
    row += inputs
    text += (i > 0 ? ',' : '') + txJson(named, { address, ...(spends && { spent: spends }) })
    if (text.length < PIECE) continue
    yield text
    text = ''
  }
  yield `${text}]}\n`
}

/** The same with only the txids of its transactions. */
export function blockTxidsJson(detail: BlockDetail): string {
  const txids = Array.from({ length: detail.block.txCount }, (_, i) => `"${toDisplay(hashAt(detail.txids, i))}"`)
  return `{${blockFields(detail)},"tx":[${txids.join(',')}]}`
}

function headerFields({ hash, height, header, medianTime, work, txCount, next }: HeaderInfo, tip?: number): string {
  const { version, merkleRoot, prevBlock, time, bits, nonce } = readHeader(header)
  return (
    `"hash":"${toDisplay(hash)}","confirmations":${tip === undefined ? -1 : tip - height + 1},"height":${height},` +
    `"version":${version},"versionHex":"${hex32(version)}","merkleroot":"${toDisplay(merkleRoot)}","time":${time},` +
    `"mediantime":${medianTime},"nonce":${nonce},${bitsFields(bits)},"chainwork":"${bytesToHex(work)}","nTx":${txCount}` +
    (height > 0 ? `,"previousblockhash":"${toDisplay(prevBlock)}"` : '') +
    (next ? `,"nextblockhash":"${toDisplay(next)}"` : '')
  )
}

function blockFields({ block, tip, bytes, strippedSize, txStart }: BlockDetail): string {
  const size = bytes.length
  const coinbase = decode(transaction, bytes.subarray(txStart[0]!, txStart[1]!))
  const { scriptSig, sequence, witness } = coinbase.inputs[0]!
  const reserved = witness[0] ? `,"witness":"${bytesToHex(witness[0])}"` : ''
  return (
    `${headerFields(block, tip)},"strippedsize":${strippedSize},"size":${size},"weight":${3 * strippedSize + size},` +
    `"coinbase_tx":{"version":${coinbase.version >>> 0},"locktime":${coinbase.lockTime},"sequence":${sequence},` +
    `"coinbase":"${bytesToHex(scriptSig)}"${reserved}}`
  )
}

function spentRows(spent: SpentColumns, from: number, count: number): SpentOutput[] {
  return Array.from({ length: count }, (_, i) => {
    const row = from + i
    const at = spent.scriptAt[row]!
    return {
      value: spent.value[row]!,
      script: spent.scripts.subarray(at, at + spent.scriptLength[row]!),
      height: spent.height[row]!,
      generated: spent.coinbase[row] === 1,
    }
  })
}

function hashAt(hashes: Uint8Array, i: number): Uint8Array {
  return hashes.subarray(i * 32, i * 32 + 32)
}

function hex32(value: number): string {
  return (value >>> 0).toString(16).padStart(8, '0')
}
