import { API_HEADERS, isPieces } from './answer.ts'
import { type Coding, chooseCoding, type Packer } from './coding.ts'
import type { Content } from './content.ts'
import { streamOf } from './pieces.ts'

/** Packing less gains less than a network packet. */
const PACKED_FROM = 1024
/** Media types that get smaller. */
const TEXTUAL = /^(text\/|application\/(json|javascript)|image\/svg\+xml)/

/** Sends finished answers as a request's headers want them: not at all if the client has it already, packed if it may be. */
export class Delivery {
  readonly #packer: Packer | undefined

  /** Without a packer nothing is packed. */
  constructor(packer?: Packer) {
    this.#packer = packer
  }

  async send(request: Request, content: Content): Promise<Response> {
    const { type, body, tag } = content
    if (isPieces(body)) {
      const headers = { ...API_HEADERS, ...content.headers, 'Content-Type': type }
      const stream = streamOf(body.pieces)
      if (request.method !== 'HEAD') return new Response(stream, { headers })
      await stream.cancel()
      return new Response(null, { headers })
    }
    const packable = this.#isPackable(type, body.length)
    const headers: Record<string, string> = {
      ...API_HEADERS,
      ...content.headers,
      ...(packable && { Vary: joined(content.headers.Vary, 'Accept-Encoding') }),
    }
    const coding =
      packable && request.method !== 'HEAD' ? chooseCoding(request.headers.get('Accept-Encoding')) : undefined
    if (tag !== undefined) headers.ETag = `"${tag}${coding ? `-${coding}` : ''}"`
    if (tag !== undefined && isKnown(request.headers.get('If-None-Match'), tag)) {
      return new Response(null, { status: 304, headers })
    }
    headers['Content-Type'] = type
    if (!coding) return new Response(body, { headers })
    headers['Content-Encoding'] = coding
    return new Response(await this.#packed(coding, body, content.packed), { headers })
  }

  /** A page or file, packed if it may be. */
  async repack(request: Request, response: Response): Promise<Response> {
    const type = response.headers.get('Content-Type') ?? ''
    if (!this.#packer || !TEXTUAL.test(type) || response.headers.has('Content-Encoding')) return response
    const headers = new Headers(response.headers)
    headers.set('Vary', joined(headers.get('Vary'), 'Accept-Encoding'))
    const coding = request.method === 'HEAD' ? undefined : chooseCoding(request.headers.get('Accept-Encoding'))
    if (!coding) return new Response(response.body, { status: response.status, headers })
    const body = new Uint8Array(await response.arrayBuffer())
    if (body.length < PACKED_FROM) return new Response(body, { status: response.status, headers })
    headers.set('Content-Encoding', coding)
    headers.delete('Content-Length')
    return new Response(await this.#packer.pack(coding, body), { status: response.status, headers })
  }

  #isPackable(type: string, length: number): boolean {
    return this.#packer !== undefined && length >= PACKED_FROM && TEXTUAL.test(type)
  }

  async #packed(
    coding: Coding,
    body: string | Uint8Array<ArrayBuffer>,
    packed: Content['packed'],
  ): Promise<string | Uint8Array<ArrayBuffer>> {
    const known = packed.get(coding)
    if (known !== undefined) return known
    const made = await this.#packer!.pack(coding, body)
    packed.set(coding, made)
    return made
  }
}

/** Whether `If-None-Match` names the tag, packed or not. */
function isKnown(ifNoneMatch: string | null, tag: string): boolean {
  if (ifNoneMatch === null) return false
  if (ifNoneMatch.trim() === '*') return true
  return ifNoneMatch.split(',').some((one) => {
    const named = /^\s*(?:W\/)?"([^"]*)"\s*$/.exec(one)?.[1]
    return named === tag || named?.replace(/-(br|gzip)$/, '') === tag
  })
}

/** Adds a name to a list of header names. */
export function joined(names: string | null | undefined, name: string): string {
  const list = (names ?? '')
    .split(',')
    .map((one) => one.trim())
    .filter(Boolean)
  return list.some((one) => one.toLowerCase() === name.toLowerCase()) ? list.join(', ') : [...list, name].join(', ')
}
