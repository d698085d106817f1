import { errorResponse, isPieces } from './answer.ts'
import type { AnswerCache } from './answer-cache.ts'
import { type CacheRule, settled } from './cache-rule.ts'
import { type Content, contentOf } from './content.ts'
import { type Delivery, joined } from './delivery.ts'
import { ApiError } from './errors.ts'
import type { RouteGroup } from './group.ts'
import { type Found, routeFinder } from './route.ts'
import type { StatusCache } from './status-cache.ts'

/** Told of what went wrong here and not at the client's end; `where` names the route, never what was asked for. */
export type FaultReport = (where: string, error: unknown) => void

/** `pathname` is that of the URL, not decoded. */
export interface Api {
  /** Whether a path is for programs: below a group's base, or a route at the root. */
  owns(pathname: string): boolean
  answer(request: Request, pathname: string): Promise<Response>
}

interface Mount {
  base: string
  group: RouteGroup
  find: (method: string, path: string) => Found | undefined
}

/** A path's group, and the rest of the path below its base. */
export interface Place extends Mount {
  path: string
}

/** Tells which group a path belongs to: the one whose base is the longest that fits. There must be one at the root. */
export function placer(groups: readonly RouteGroup[]): (pathname: string) => Place {
  const mounts = groups
    .flatMap((group): Mount[] => {
      const find = routeFinder(group.routes, group.depth)
      return group.bases.map((base) => ({ base, group, find }))
    })
    .sort((a, b) => b.base.length - a.base.length)
  return (pathname) => {
    const mount = mounts.find(({ base }) => pathname === base || pathname.startsWith(`${base}/`))!
    return { ...mount, path: pathname.slice(mount.base.length) || '/' }
  }
}

export interface ApiParts {
  groups: readonly RouteGroup[]
  status: StatusCache
  delivery: Delivery
  /** Where answers that do not change are kept, if anywhere. */
  cache?: AnswerCache | undefined
  version: string
  report: FaultReport
}

export function createApi({ groups, status, delivery, cache, version, report }: ApiParts): Api {
  const place = placer(groups)
  const settle = async (rule: CacheRule, height: number | undefined) =>
    // The tip is of interest only to what it may bury.
    settled(rule, rule.for === 'depth' && height !== undefined ? await status.tipHeight() : 0, height)

  /** The finished answer of a route, from the cache or made. */
  const contentFor = async (request: Request, { route, params }: Found, key: string): Promise<Content> => {
    const { declared, method } = route
    const url = new URL(request.url)
    // Queries are for the client to choose, and would fill the cache with one answer.
    const shelf = method === 'GET' && url.search === '' ? cache : undefined
    const moment = await shelf?.moment()
    const kept = shelf?.get(key)
    if (kept) return kept
    const made = await declared.answer({ params, query: url.searchParams, request })
    const rule = await settle(made.keep ?? declared.keep, made.height)
    const content = contentOf(made, rule, declared.keep.for === 'good' ? `${version} ${key}${url.search}` : undefined)
    // Pieces are gone once they are read.
    if (shelf && moment && rule.for === 'good' && !isPieces(made.body)) shelf.put(key, content, moment)
    return content
  }
  const answer = async (request: Request, { group, path, find }: Place): Promise<Response> => {
    const found = find(request.method === 'HEAD' ? 'GET' : request.method, path)
    if (!found) return errorResponse(group.dialect.unknown(path), group.dialect, request)
    const base = group.bases[0]
    try {
      return await delivery.send(request, await contentFor(request, found, base + path))
    } catch (error) {
      return errorResponse(reported(error, base + found.route.pattern, report), group.dialect, request)
    }
  }
  return {
    owns(pathname) {
      const { base, find, path } = place(pathname)
      return base !== '' || find('GET', path) !== undefined
    },
    async answer(request, pathname) {
      const at = place(pathname)
      const response = await answer(request, at)
      // A page may stand at the same path.
      if (at.base === '') response.headers.set('Vary', joined(response.headers.get('Vary'), 'Accept'))
      return response
    },
  }
}

/** The error to answer with; the client hears nothing of what is not its business. */
export function reported(error: unknown, where: string, report: FaultReport): ApiError {
  if (!(error instanceof ApiError)) report(where, error)
  else if (error.cause !== undefined) report(where, error.cause)
  return error instanceof ApiError ? error : new ApiError('fault')
}
