import { fail } from '../errors.ts'
import { readHash } from '../params.ts'
import type { Param } from '../route.ts'
import { string } from '../schema.ts'

/** Headers in one answer, and how many unless it is said. */
export const MAX_HEADERS = 2000
const DEFAULT_HEADERS = '5'
/** Highest value of the whole numbers that Core reads counts and offsets into. */
const SIZE_MAX = 2n ** 64n - 1n

export const BLOCK: Param = {
  about: 'Hash of a block.',
  schema: string('^[0-9a-fA-F]{64}$'),
  example: '{hash}',
}

export function parseBlockHash(text: string): Uint8Array<ArrayBuffer> {
  return readHash(text) ?? fail('rest-bad-hash', `Invalid hash: ${text}`)
}

/** Digits and nothing else, up to 64 bits; values beyond the safe integers come back as the highest safe one. */
export function readSize(text: string | null): number | undefined {
  if (text === null || !/^\d{1,40}$/.test(text) || BigInt(text) > SIZE_MAX) return undefined
  return Math.min(Number(text), Number.MAX_SAFE_INTEGER)
}

export const COUNT: Param = {
  about: `How many, 1 to ${MAX_HEADERS}; ${DEFAULT_HEADERS} unless given.`,
  schema: string('^\\d+$'),
}

/** How many headers are wanted; `given` is text of a path or query. */
export function parseCount(given: string | null): number {
  const text = given ?? DEFAULT_HEADERS
  const count = readSize(text)
  if (count !== undefined && count >= 1 && count <= MAX_HEADERS) return count
  return fail('rest-bad-count', `Header count is invalid or out of acceptable range (1-${MAX_HEADERS}): ${text}`)
}
