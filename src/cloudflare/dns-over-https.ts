/** Asked where the settings name no other one. */
export const DEFAULT_RESOLVER = 'https://cloudflare-dns.com/dns-query'

/** A resolver that takes longer has failed. */
const ANSWER_WITHIN_MS = 10_000
/** Bytes read of an answer; honest ones have a few thousand. */
const MAX_ANSWER = 65_536
/** Addresses taken of each kind. */
export const MAX_ADDRESSES = 32

/** Numbers of the record types (RFC 1035, RFC 3596). */
const TYPES = { A: 1, AAAA: 28 } as const
export type RecordType = keyof typeof TYPES

/** Addresses of a name, IPv4 first; none where the resolver fails. Never throws. */
export async function resolveSeed(resolver: string, seed: string): Promise<string[]> {
  const asked = (['A', 'AAAA'] as const).map(async (type) => parseAnswer(await askFor(resolver, seed, type), type))
  const answers = await Promise.allSettled(asked)
  return answers.flatMap((answer) => (answer.status === 'fulfilled' ? answer.value : []))
}

async function askFor(resolver: string, name: string, type: RecordType): Promise<string> {
  const url = new URL(resolver)
  url.searchParams.set('name', name)
  url.searchParams.set('type', type)
  const response = await fetch(url.href, {
    headers: { Accept: 'application/dns-json' },
    signal: AbortSignal.timeout(ANSWER_WITHIN_MS),
  })
  if (!response.ok || !response.body) {
    await response.body?.cancel()
    return ''
  }
  return readText(response.body)
}

/** All of the text; empty where there is too much of it. */
async function readText(body: ReadableStream<Uint8Array>): Promise<string> {
  const decoder = new TextDecoder()
  let text = ''
  let bytes = 0
  const reader = body.getReader()
  for (;;) {
    const { value, done } = await reader.read()
    if (done) return text + decoder.decode()
    bytes += value.length
    if (bytes > MAX_ANSWER) {
      await reader.cancel()
      return ''
    }
    text += decoder.decode(value, { stream: true })
  }
}

/**
 * Addresses in an answer of the form `application/dns-json`, at most `MAX_ADDRESSES`; none where it is anything else.
 * Records of other types are passed over, and addresses that are not of the public Internet: a seed is not to make the
 * relay dial its own network.
 */
export function parseAnswer(text: string, type: RecordType): string[] {
  const found = new Set<string>()
  for (const record of recordsIn(text)) {
    if (found.size >= MAX_ADDRESSES) break
    const { type: number, data } = (record ?? {}) as { type?: unknown; data?: unknown }
    if (number !== TYPES[type] || typeof data !== 'string' || data.length > 45) continue
    if (type === 'A' ? isPublicV4(data) : isPublicV6(data)) found.add(data)
  }
  return [...found]
}

function recordsIn(text: string): unknown[] {
  try {
    const answer = JSON.parse(text) as { Status?: unknown; Answer?: unknown } | null
    return answer?.Status === 0 && Array.isArray(answer.Answer) ? answer.Answer : []
  } catch {
    return []
  }
}

/** Dotted, and neither private, shared, local, a group nor reserved (RFC 6890). */
function isPublicV4(text: string): boolean {
  if (!/^(?:(?:0|[1-9]\d{0,2})\.){3}(?:0|[1-9]\d{0,2})$/.test(text)) return false
  const [a, b, c, d] = text.split('.').map(Number) as [number, number, number, number]
  if (Math.max(a, b, c, d) > 255) return false
  if (a === 0 || a === 10 || a === 127 || a >= 224) return false
  if (a === 100) return b < 64 || b > 127
  if (a === 172) return b < 16 || b > 31
  return !(a === 169 && b === 254) && !(a === 192 && b === 168)
}

/** Of 2000::/3, from which all public addresses are, but not 6to4 and Teredo, which lead to others. */
function isPublicV6(text: string): boolean {
  if (!/^[23][0-9a-f]{3}:[0-9a-f:]*$/i.test(text) || !URL.canParse(`http://[${text}]`)) return false
  return !/^(?:2002:|2001:0{0,4}:)/i.test(text)
}
