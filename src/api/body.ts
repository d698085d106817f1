import type { Millis } from '../host/ports.ts'
import { concatBytes } from '../wire/hash.ts'
import { ApiError, type ApiErrorCode, fail } from './errors.ts'

/** Bytes of a request's body, and how long it may take to come. */
const BODY_LIMIT = 1_000_000
const BODY_WITHIN_MS = 30_000
export const BODY_FAILS = ['body-too-large', 'body-too-slow', 'body-broken'] as const satisfies readonly ApiErrorCode[]

/** The body of a request to the API. */
export function readTextBody(request: Request): Promise<string> {
  return readBody(request, BODY_LIMIT, BODY_WITHIN_MS)
}

/** The same as JSON, of whatever shape. */
export async function readJsonBody(request: Request): Promise<unknown> {
  const text = await readTextBody(request)
  try {
    return JSON.parse(text)
  } catch {
    return fail('bad-json')
  }
}

/** A request's body as text, read no further than `maxBytes` and for no longer than `within`. */
export async function readBody(request: Request, maxBytes: number, within: Millis): Promise<string> {
  return new TextDecoder().decode(await readBytes(request, maxBytes, within))
}

/** The same as bytes. */
export async function readBytes(request: Request, maxBytes: number, within: Millis): Promise<Uint8Array<ArrayBuffer>> {
  if (Number(request.headers.get('Content-Length') ?? 0) > maxBytes) throw new ApiError('body-too-large')
  if (!request.body) return new Uint8Array(0)
  const reader = request.body.getReader()
  let timer: ReturnType<typeof setTimeout> | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new ApiError('body-too-slow')), within)
  })
  try {
    return await Promise.race([drain(reader, maxBytes), late])
  } catch (error) {
    // What is still on its way is not waited for.
    reader.cancel().catch(() => {})
    // A client that breaks off, or sends what is no body, is no fault of ours.
    throw error instanceof ApiError ? error : new ApiError('body-broken')
  } finally {
    clearTimeout(timer)
  }
}

async function drain(
  reader: ReadableStreamDefaultReader<Uint8Array>,
  maxBytes: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const parts: Uint8Array[] = []
  for (let read = 0; ; ) {
    const { done, value } = await reader.read()
    if (done) return concatBytes(...parts)
    read += value.length
    if (read > maxBytes) throw new ApiError('body-too-large')
    parts.push(value)
  }
}
