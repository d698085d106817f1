import { type ApiError, retryAfter } from './errors.ts'

/** What a route answers with. The types carry no charset, as the Esplora contract wants them. */
export interface Answer {
  type: 'application/json' | 'text/plain' | 'application/octet-stream'
  body: string | Uint8Array<ArrayBuffer>
  /** Seconds for which caches may keep it. */
  maxAge: number
}

/** Five years: what is buried deep does not change. */
export const LONG = 157_784_630
/** What the next block or transaction may change. */
export const SHORT = 10
/** Blocks on top (the block itself not counted) from which an answer is kept for long. */
const DEEP = 10

/** How long an answer about something mined at `height` may be kept; `undefined` is unconfirmed or unknown. */
export function ttlByDepth(tip: number, height: number | undefined): number {
  return height !== undefined && tip - height >= DEEP ? LONG : SHORT
}

/** A value without floats; those need `floatJson`, and so text that was put together by the view. */
export function json(value: unknown, maxAge: number): Answer {
  return jsonText(JSON.stringify(value), maxAge)
}

export function jsonText(body: string, maxAge: number): Answer {
  return { type: 'application/json', body, maxAge }
}

export function text(body: string, maxAge: number): Answer {
  return { type: 'text/plain', body, maxAge }
}

export function octets(body: Uint8Array, maxAge: number): Answer {
  const owned = body.buffer instanceof ArrayBuffer ? (body as Uint8Array<ArrayBuffer>) : new Uint8Array(body)
  return { type: 'application/octet-stream', body: owned, maxAge }
}

export function answerResponse({ type, body, maxAge }: Answer): Response {
  return new Response(body, {
    headers: { ...API_HEADERS, 'Content-Type': type, 'Cache-Control': `public, max-age=${maxAge}` },
  })
}

/** The bare message, no newline, and nothing that lets a cache keep it. */
export function errorResponse(error: ApiError): Response {
  const after = retryAfter(error.status)
  return new Response(error.message, {
    status: error.status,
    headers: { ...API_HEADERS, 'Content-Type': 'text/plain', ...(after && { 'Retry-After': String(after) }) },
  })
}

/** On every answer that a program reads: any page on the web may, and none may take it for something else. */
export const API_HEADERS = {
  'Access-Control-Allow-Origin': '*',
  'X-Content-Type-Options': 'nosniff',
} as const

/** Answer to a browser that asks whether it may. */
export function preflightResponse(): Response {
  return new Response(null, {
    status: 204,
    headers: {
      ...API_HEADERS,
      'Access-Control-Allow-Methods': 'GET, HEAD, POST, OPTIONS',
      'Access-Control-Allow-Headers': 'Content-Type',
      'Access-Control-Max-Age': '86400',
    },
  })
}
