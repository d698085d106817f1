import { bytesToHex, sha256 } from '../wire/hash.ts'
import { type Answer, isPieces, type Pieces } from './answer.ts'
import { cacheControl, type SettledRule } from './cache-rule.ts'
import type { Coding } from './coding.ts'

/** A good answer, finished: what is sent of it depends only on the request's headers. */
export interface Content {
  type: string
  /** Pieces can be read once. */
  body: string | Uint8Array<ArrayBuffer> | Pieces
  headers: Readonly<Record<string, string>>
  /** What stands in its `ETag`, without quotes; a packed body's goes on with the coding. */
  tag?: string
  /** The body as it was packed before. */
  packed: Map<Coding, string | Uint8Array<ArrayBuffer>>
}

/** Hashing more than this costs more than it is likely to save. */
const HASHED_LIMIT = 256 * 1024
const TAG_DIGITS = 24

/**
 * `name` stands for the content of a large answer that never changes, so that it need not be hashed: the route, its
 * parameters and the version of what wrote it.
 */
export function contentOf(answer: Answer, rule: SettledRule, name?: string): Content {
  const { type, body, headers } = answer
  const tag = isPieces(body) ? undefined : tagOf(body, name)
  return {
    type,
    body,
    headers: { 'Cache-Control': cacheControl(rule), ...headers },
    packed: new Map(),
    ...(tag !== undefined && { tag }),
  }
}

function tagOf(body: string | Uint8Array, name: string | undefined): string | undefined {
  const named = body.length > HASHED_LIMIT ? name : body
  if (named === undefined) return undefined
  const bytes = typeof named === 'string' ? new TextEncoder().encode(named) : named
  return bytesToHex(sha256(bytes)).slice(0, TAG_DIGITS)
}

/** Bytes that it holds in memory, about: what the API writes is one byte a character nearly always. */
export function sizeOf({ body, packed }: Content): number {
  let size = isPieces(body) ? 0 : body.length
  for (const packedBody of packed.values()) size += packedBody.length
  return size
}
