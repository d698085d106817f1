import { fromDisplay, hexToBytes } from '../wire/hash.ts'
import { ApiError } from './errors.ts'
import type { Param } from './route.ts'
import { string } from './schema.ts'

const HASH_HEX = string('^[0-9a-fA-F]{64}$')
export const TXID: Param = { about: 'A txid in hex.', schema: HASH_HEX, example: '{txid}' }
export const BLOCK_HASH: Param = { about: 'A block hash in hex.', schema: HASH_HEX, example: '{hash}' }
export const HEIGHT_PARAM: Param = { about: 'A height.', schema: string('^[0-9]+$'), example: '{height}' }
/** An index, counted from 0. */
export function indexParam(about: string): Param {
  return { about, schema: string('^[0-9]+$'), example: '0' }
}

const HASH = /^[0-9a-fA-F]{64}$/
const U32_MAX = 0xffff_ffff
/** Highest value of the 64-bit integers that the reference reads indexes and heights into. */
const U64_MAX = 18_446_744_073_709_551_615n

/** A txid or block hash in display hex, either case, as 32 bytes in wire order. */
export function parseHash(hashHex: string): Uint8Array<ArrayBuffer> {
  const hash = readHash(hashHex)
  if (!hash) throw new ApiError('bad-hex')
  return hash
}

export function readHash(hashHex: string): Uint8Array<ArrayBuffer> | undefined {
  return HASH.test(hashHex) ? fromDisplay(hashHex) : undefined
}

/** A scripthash: plain hex, not reversed. */
export function parseScripthash(hex: string): Uint8Array<ArrayBuffer> {
  if (!HASH.test(hex)) throw new ApiError('bad-scripthash')
  return hexToBytes(hex)
}

/** An index or height of up to 64 bits; what lies beyond the safe integers, and so beyond anything there is, comes back as the highest. */
export function parseNumber(digits: string): number {
  const value = readNumber(digits)
  if (value === undefined) throw new ApiError('bad-number')
  return value
}

export function readNumber(digits: string): number | undefined {
  // Rust's unsigned integers accept one plus sign.
  if (!/^\+?\d+$/.test(digits)) return undefined
  if (digits.length > 15 && BigInt(digits.replace('+', '')) > U64_MAX) return undefined
  return Math.min(Number(digits), Number.MAX_SAFE_INTEGER)
}

export function parseU32(digits: string): number {
  const value = readU32(digits)
  if (value === undefined) throw new ApiError('bad-number')
  return value
}

export function readU32(digits: string): number | undefined {
  const value = readNumber(digits)
  return value !== undefined && value <= U32_MAX ? value : undefined
}
