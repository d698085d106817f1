import type { Answer } from './answer.ts'

/** The named segments of a path as they were written; an optional one that was not given is the empty string. */
export type Params = Record<string, string>

export interface Call {
  params: Params
  query: URLSearchParams
  request: Request
}

/**
 * A method, a path and what answers it. `:name` matches any one segment, the empty one too; `:name?` may also be
 * missing, and stands last.
 */
export type Route = readonly [method: 'GET' | 'POST', pattern: string, answer: (call: Call) => Promise<Answer>]

/** Segments after the fifth are not looked at. */
const DEPTH = 5

export type Found = { route: Route; params: Params }

/**
 * Finds routes as the reference Esplora server does: a path is split at `/` with nothing decoded, so that a trailing
 * slash is one more, empty segment. The first route that fits wins.
 */
export function routeFinder(routes: readonly Route[]): (method: string, path: string) => Found | undefined {
  const compiled = routes.map((route) => ({ route, segments: route[1].split('/').slice(1) }))
  return (method, path) => {
    const given = path.split('/').slice(1, 1 + DEPTH)
    for (const { route, segments } of compiled) {
      if (route[0] !== method) continue
      const params = paramsOf(segments, given)
      if (params) return { route, params }
    }
    return undefined
  }
}

function paramsOf(segments: readonly string[], given: readonly string[]): Params | undefined {
  if (given.length > segments.length) return undefined
  const params: Params = {}
  for (const [i, segment] of segments.entries()) {
    const value = given[i]
    if (!segment.startsWith(':')) {
      if (value !== segment) return undefined
      continue
    }
    const optional = segment.endsWith('?')
    if (value === undefined && !optional) return undefined
    params[segment.slice(1, optional ? -1 : undefined)] = value ?? ''
  }
  return params
}
