import type { CacheRule } from './cache-rule.ts'
import type { Dialect } from './dialect.ts'
import { type ApiError, retryAfter } from './errors.ts'

/** The types carry no charset, as the Esplora contract wants them. */
export type MediaType = 'application/json' | 'text/plain' | 'application/octet-stream'

/** A text too long to be held at once: it is made while it is sent. Whoever has it reads it to its end or returns it. */
export interface Pieces {
  pieces: Iterable<string>
}

/** What a route answers with. */
export interface Answer {
  type: MediaType
  body: string | Uint8Array<ArrayBuffer> | Pieces
  /** Height of what it is about, for a route whose answers are kept by depth; `undefined` while unconfirmed or unknown. */
  height?: number | undefined
  /** Where this one answer is not kept as the route says. */
  keep?: CacheRule
  headers?: Readonly<Record<string, string>>
}

type More = Omit<Answer, 'type' | 'body'>

/** A value without floats; those need `floatJson`, and so text that was put together by the view. */
export function json(value: unknown, more?: More): Answer {
  return jsonText(JSON.stringify(value), more)
}

export function jsonText(body: string, more?: More): Answer {
  return { ...more, type: 'application/json', body }
}

export function text(body: string, more?: More): Answer {
  return { ...more, type: 'text/plain', body }
}

export function isPieces(body: Answer['body']): body is Pieces {
  return typeof body === 'object' && 'pieces' in body
}

export function octets(body: Uint8Array, more?: More): Answer {
  const owned = body.buffer instanceof ArrayBuffer ? (body as Uint8Array<ArrayBuffer>) : new Uint8Array(body)
  return { ...more, type: 'application/octet-stream', body: owned }
}

/** Never with anything that lets a cache keep it. */
export function errorResponse(error: ApiError, dialect: Dialect, request: Request): Response {
  const after = retryAfter(error.status)
  const { type, body, headers } = dialect.tell(error, request)
  return new Response(body, {
    status: error.status,
    headers: { ...API_HEADERS, 'Content-Type': type, ...(after && { 'Retry-After': String(after) }), ...headers },
  })
}

/** On every answer that a program reads: any page on the web may, and none may take it for something else. */
export const API_HEADERS = {
  'Access-Control-Allow-Origin': '*',
  'Access-Control-Expose-Headers': 'ETag, Retry-After, X-Total-Results',
  'X-Content-Type-Options': 'nosniff',
} as const

/** Answer to a browser that asks whether it may. */
export function preflightResponse(): Response {
  return new Response(null, {
    status: 204,
    headers: {
      ...API_HEADERS,
      'Access-Control-Allow-Methods': 'GET, HEAD, POST, OPTIONS',
      'Access-Control-Allow-Headers': 'Content-Type, If-None-Match, Last-Event-ID',
      'Access-Control-Max-Age': '86400',
    },
  })
}
