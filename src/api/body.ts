import type { Millis } from '../host/ports.ts'
import { concatBytes } from '../wire/hash.ts'
import { ApiError } from './errors.ts'

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
    throw error
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
