import { Reader, Writer } from '../../wire/codec.ts'
import { WireError } from '../../wire/error.ts'
import { hexToBytes } from '../../wire/hash.ts'
import { fail } from '../errors.ts'
import { readHash } from '../params.ts'
import type { Format } from './format.ts'

/** Outputs that one request may ask about. */
export const MAX_OUTPOINTS = 15
/** What a client says where the mempool is to count. */
const CHECK_MEMPOOL = 'checkmempool'
const OUTPOINT = 36
const U32_MAX = 0xffff_ffff

/** A question by BIP 64. */
export interface OutpointsAsked {
  mempool: boolean
  /** 36 bytes each, as on the wire. */
  outpoints: Uint8Array
}

/**
 * What is asked about: in the path as `[checkmempool/]txid-n/…`, or in a body in the form of the answer: a byte that is 1
 * where the mempool counts, a compactSize, and the outpoints; or the hex of that. Not in both.
 */
export function parseOutpoints(path: string, body: Uint8Array, format: Format | undefined): OutpointsAsked {
  if (path === '' && body.length === 0) fail('rest-no-outpoints')
  const inPath = path === '' ? undefined : parsePath(path)
  if (format === 'json' && !inPath) fail('rest-no-outpoints')
  const usesBody = (format === 'bin' || format === 'hex') && body.length > 0
  const bytes = usesBody ? (format === 'hex' ? unhex(body) : body) : new Uint8Array(0)
  if (bytes.length > 0 && inPath) fail('rest-outpoints-twice')
  if (!inPath && bytes.length === 0) return { mempool: false, outpoints: bytes }
  const asked = inPath ?? parseBytes(bytes)
  const tried = asked.outpoints.length / OUTPOINT
  if (tried > MAX_OUTPOINTS) {
    fail('rest-too-many-outpoints', `Error: max outpoints exceeded (max: ${MAX_OUTPOINTS}, tried: ${tried})`)
  }
  return asked
}

function parsePath(path: string): OutpointsAsked {
  const parts = path.split('/')
  const mempool = parts[0] === CHECK_MEMPOOL
  const named = mempool ? parts.slice(1) : parts
  if (named.length === 0) fail('rest-no-outpoints')
  const writer = new Writer(named.length * OUTPOINT)
  for (const one of named) {
    const [txidHex, index, ...more] = one.split('-')
    const txid = readHash(txidHex!)
    if (!txid || index === undefined || more.length > 0 || !/^\d{1,20}$/.test(index)) fail('rest-bad-outpoints')
    if (Number(index) > U32_MAX) fail('rest-bad-outpoints')
    writer.bytes(txid)
    writer.u32(Number(index))
  }
  return { mempool, outpoints: writer.finish() }
}

/**
 * Bytes after the last outpoint are not looked at, as Core does not. It also takes the length of a body for the flag of
 * BIP 64, so that what works there has none, and the mempool counts: told by its length.
 */
function parseBytes(bytes: Uint8Array): OutpointsAsked {
  try {
    const r = new Reader(bytes)
    const mempool = bytes.length === 1 + bytes[0]! * OUTPOINT || r.u8() !== 0
    const count = r.compactSize()
    return { mempool, outpoints: r.bytes(count * OUTPOINT) }
  } catch (error) {
    if (error instanceof WireError) return fail('rest-bad-outpoints')
    throw error
  }
}

/** Hex as text; what is none counts as nothing, as in Core. */
function unhex(body: Uint8Array): Uint8Array {
  const text = new TextDecoder().decode(body).replace(/\s+/g, '')
  return /^([0-9a-fA-F]{2})*$/.test(text) ? hexToBytes(text) : new Uint8Array(0)
}
