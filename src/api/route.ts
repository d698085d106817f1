import type { Answer, MediaType } from './answer.ts'
import type { CacheRule } from './cache-rule.ts'
import type { ApiErrorCode } from './errors.ts'
import { matchPattern, type NamesOf, type Params, type PathPattern, parsePattern } from './path-pattern.ts'
import { BINARY, type Schema } from './schema.ts'

export interface Call<Name extends string = string> {
  params: Record<Name, string>
  query: URLSearchParams
  request: Request
}

/** A part of a path or of a query, for readers of the document. */
export interface Param {
  about: string
  /** What a good value looks like; the route itself refuses others. */
  schema: Schema
  /** Only of a query: nothing is answered without it. */
  required?: boolean
  /** A good value; `{txid}` and the like stand for what a relay has, see `example-values.ts`. */
  example?: string
}

/** What a request brings along. */
export interface Body {
  about: string
  type: MediaType
  schema: Schema
}

/** Shapes of a good answer, by its media type. */
export type Shapes = Partial<Record<MediaType, Schema>>

/** What a route says of itself; the document is made of it. `Name` is what its path names. */
export interface Declared<Name extends string> {
  /** What is answered, in a sentence. */
  about: string
  params?: Record<Name, Param>
  query?: Readonly<Record<string, Param>>
  body?: Body
  gives: Shapes
  /** How it can fail, besides by a fault or a ledger that does not answer. */
  fails: readonly ApiErrorCode[]
  /** How long an answer may be kept. */
  keep: CacheRule
  answer(call: Call<Name>): Promise<Answer>
}

type Declaration<Name extends string> = Declared<Name> &
  ([Name] extends [never] ? { params?: undefined } : { params: Record<Name, Param> })

export type Method = 'GET' | 'POST'

export interface Route {
  readonly method: Method
  /** As `path-pattern.ts` reads it. */
  readonly pattern: string
  /** Heading under which the document lists it. */
  readonly tag: string
  readonly declared: Declared<string>
}

/** How any route can fail that asks the ledger. */
const ALWAYS: readonly ApiErrorCode[] = ['ledger-unavailable', 'fault']

/** Every way in which a route can fail. */
export function failuresOf({ declared }: Route): ApiErrorCode[] {
  return [...declared.fails, ...ALWAYS]
}

type Untagged = Omit<Route, 'tag'>

export function get<P extends string>(pattern: P, declared: Declaration<NamesOf<P>>): Untagged {
  return { method: 'GET', pattern, declared: declared as unknown as Declared<string> }
}

export function post<P extends string>(pattern: P, declared: Declaration<NamesOf<P>>): Untagged {
  return { method: 'POST', pattern, declared: declared as unknown as Declared<string> }
}

/** Puts routes under a heading. */
export function tagged(tag: string, routes: readonly Untagged[]): Route[] {
  return routes.map((route) => ({ ...route, tag }))
}

export function inJson(schema: Schema): Shapes {
  return { 'application/json': schema }
}

export function inText(schema: Schema): Shapes {
  return { 'text/plain': schema }
}

export function inBytes(): Shapes {
  return { 'application/octet-stream': BINARY }
}

export type Found = { route: Route; params: Params }

/**
 * Finds routes as the reference Esplora server does: a path is split at `/` with nothing decoded, so that a trailing
 * slash is one more, empty segment. The first route that fits wins. Segments after the `depth`th are not looked at.
 */
export function routeFinder(
  routes: readonly Route[],
  depth = Number.POSITIVE_INFINITY,
): (method: string, path: string) => Found | undefined {
  const compiled: { route: Route; pattern: PathPattern }[] = routes.map((route) => ({
    route,
    pattern: parsePattern(route.pattern),
  }))
  return (method, path) => {
    const given = path.split('/').slice(1, 1 + depth)
    for (const { route, pattern } of compiled) {
      if (route.method !== method) continue
      const params = matchPattern(pattern, given)
      if (params) return { route, params }
    }
    return undefined
  }
}
