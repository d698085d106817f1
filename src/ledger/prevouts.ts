import type { SqlPort } from '../store/sql.ts'
import type { Hasher } from '../wire/hash.ts'
import type { TxOut } from '../wire/transaction.ts'
import { readParts, type Stored } from './parts.ts'

/**
 * The prevouts blob of a block says for every input, in block order and without the coinbase's, what it spends:
 *
 *     u48  txNum of the funding transaction
 *     u64  satoshi
 *     compactSize and bytes of the scriptPubKey
 *
 * all little-endian. A transaction's prevouts are one slice of it, named by the transaction's record in `offsets`. A
 * block whose only transaction is the coinbase has an empty blob, which is not stored.
 */
export interface SpentOutput {
  /** Number of the transaction that made the output. */
  txNum: number
  value: number
  /** A view of the slice that was read. */
  script: Uint8Array
}

const FIXED = 14
const LOW_32 = 2 ** 32

/** Bytes of one entry. */
export function prevoutSize(scriptLength: number): number {
  return FIXED + (scriptLength < 253 ? 1 : scriptLength <= 0xffff ? 3 : 5) + scriptLength
}

/**
 * Writes all of an entry but its script's bytes at `at`, and returns where those belong. Scripts that are spent have at
 * most 10,000 bytes: no output with a longer one can be.
 */
export function writePrevout(
  target: Uint8Array,
  at: number,
  txNum: number,
  value: number,
  scriptLength: number,
): number {
  at = writeUint(target, at, txNum, 6)
  at = writeUint(target, at, value, 8)
  if (scriptLength < 253) {
    target[at] = scriptLength
    return at + 1
  }
  target[at] = scriptLength <= 0xffff ? 253 : 254
  return writeUint(target, at + 1, scriptLength, scriptLength <= 0xffff ? 2 : 4)
}

/** The entries of a slice, as many as it holds; `undefined` when it does not end with one: a damaged store. */
export function decodePrevouts(slice: Uint8Array): SpentOutput[] | undefined {
  const entries: SpentOutput[] = []
  for (let at = 0; at < slice.length; ) {
    const script = scriptRange(slice, at)
    if (!script) return undefined
    entries.push({
      txNum: readUint(slice, at, 6),
      value: readUint(slice, at + 6, 8),
      script: slice.subarray(script.start, script.end),
    })
    at = script.end
  }
  return entries
}

/** The first `count` entries from `at` on as outputs of the wire; scripts are views. */
export function spentOutputs(blob: Uint8Array, at: number, count: number): TxOut[] {
  const outputs: TxOut[] = []
  for (let i = 0; i < count; i++) {
    const script = scriptRange(blob, at)
    if (!script) throw new Error('the prevouts end before the inputs do')
    const value = BigInt(readUint(blob, at + PREVOUT_OUTPUT_AT, 8))
    outputs.push({ value, scriptPubKey: blob.subarray(script.start, script.end) })
    at = script.end
  }
  return outputs
}

/** One row an entry. */
export interface PrevoutColumns {
  txNum: Float64Array<ArrayBuffer>
  value: Float64Array<ArrayBuffer>
  /** Where the script lies in the blob. */
  scriptAt: Uint32Array<ArrayBuffer>
  scriptLength: Uint32Array<ArrayBuffer>
}

/** The entries of a whole blob; `undefined` when it does not end with one: a damaged store. */
export function prevoutColumns(blob: Uint8Array): PrevoutColumns | undefined {
  let count = 0
  for (let at = 0; at < blob.length; count++) {
    const script = scriptRange(blob, at)
    if (!script) return undefined
    at = script.end
  }
  const columns: PrevoutColumns = {
    txNum: new Float64Array(count),
    value: new Float64Array(count),
    scriptAt: new Uint32Array(count),
    scriptLength: new Uint32Array(count),
  }
  let at = 0
  for (let i = 0; i < count; i++) {
    const { start, end } = scriptRange(blob, at)!
    columns.txNum[i] = readUint(blob, at, 6)
    columns.value[i] = readUint(blob, at + 6, 8)
    columns.scriptAt[i] = start
    columns.scriptLength[i] = end - start
    at = end
  }
  return columns
}

/** Where the part of an entry begins that an output of the wire has too: its value. */
export const PREVOUT_OUTPUT_AT = 6

/** Bytes of several entries: the reverse of `decodePrevouts`. */
export function encodePrevouts(entries: readonly SpentOutput[]): Uint8Array<ArrayBuffer> {
  const slice = new Uint8Array(entries.reduce((sum, entry) => sum + prevoutSize(entry.script.length), 0))
  let at = 0
  for (const { txNum, value, script } of entries) {
    at = writePrevout(slice, at, txNum, value, script.length)
    slice.set(script, at)
    at += script.length
  }
  return slice
}

/**
 * Bytes `from` up to but not including `to` (default: the end) of a block's prevouts, verified. An empty range is found
 * without looking.
 */
export function readPrevouts(sql: SqlPort, blockId: number, from = 0, to?: number, hasher?: Hasher): Stored {
  if (to !== undefined && to === from) return { kind: 'found', bytes: new Uint8Array(0) }
  return readParts(sql, 'prevouts', blockId, from, to, hasher)
}

/** Where the script of the entry at `at` lies; `undefined` when the entry reaches past the end. */
function scriptRange(slice: Uint8Array, at: number): { start: number; end: number } | undefined {
  const first = slice[at + FIXED]
  if (first === undefined) return undefined
  const width = first < 253 ? 0 : first === 253 ? 2 : 4
  const start = at + FIXED + 1 + width
  if (start > slice.length) return undefined
  const end = start + (width === 0 ? first : readUint(slice, at + FIXED + 1, width))
  return end > slice.length ? undefined : { start, end }
}

function writeUint(target: Uint8Array, at: number, value: number, width: number): number {
  const high = Math.floor(value / LOW_32)
  for (let i = 0; i < width; i++) target[at + i] = (i < 4 ? value : high) >>> (8 * (i & 3))
  return at + width
}

function readUint(source: Uint8Array, at: number, width: number): number {
  let value = 0
  for (let i = width - 1; i >= 0; i--) value = value * 256 + source[at + i]!
  return value
}
