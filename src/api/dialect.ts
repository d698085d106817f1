import type { MediaType } from './answer.ts'
import { ApiError } from './errors.ts'
import { object, type Schema, string } from './schema.ts'

/** How the routes of a group say that something went wrong: programs that know the original look for its form. */
export interface Dialect {
  /** Shapes of an error, for the document. */
  readonly shapes: Partial<Record<MediaType, Schema>>
  tell(error: ApiError, request: Request): { type: MediaType; body: string; headers?: Readonly<Record<string, string>> }
  /** Nothing answers this path, which is given below the group's base. */
  unknown(path: string): ApiError
}

/** The bare message, no newline. */
export const ESPLORA: Dialect = {
  shapes: { 'text/plain': string() },
  tell: ({ message }) => ({ type: 'text/plain', body: message }),
  unknown: (path) => new ApiError('route-unknown', `endpoint does not exist ${debugString(path)}`),
}

/** As mempool.space has it: JSON for those that take it, which whoever does not say counts among. */
export const V1: Dialect = {
  shapes: { 'application/json': object({ error: string() }), 'text/plain': string() },
  tell: ({ message }, request) => ({
    ...(takesJson(request)
      ? { type: 'application/json', body: JSON.stringify({ error: message }) }
      : { type: 'text/plain', body: message }),
    headers: { Vary: 'Accept' },
  }),
  unknown: (path) => new ApiError('route-unknown', `endpoint does not exist ${debugString(path)}`),
}

/** As Bitcoin Core has it: a line that is never kept. */
export const CORE: Dialect = {
  shapes: { 'text/plain': string('\\r\\n$') },
  tell: ({ message }) => ({ type: 'text/plain', body: `${message}\r\n`, headers: { 'Cache-Control': 'no-store' } }),
  unknown: () => new ApiError('route-unknown', 'Not Found'),
}

/** Whether `Accept` lets JSON through, by itself or by a wildcard, with a weight above 0. */
function takesJson(request: Request): boolean {
  const accept = request.headers.get('Accept')
  if (!accept) return true
  return accept.split(',').some((range) => {
    const [type, ...settings] = range.split(';').map((part) => part.trim().toLowerCase())
    const refused = settings.some((setting) => /^q=0(\.0*)?$/.test(setting))
    return !refused && (type === 'application/json' || type === 'application/*' || type === '*/*')
  })
}

/** A path in quotes as Rust's debug form writes it; what else it would escape cannot stand in a URL. */
function debugString(path: string): string {
  return `"${path.replace(/["\\]/g, '\\$&')}"`
}
