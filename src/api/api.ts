import { answerResponse, errorResponse } from './answer.ts'
import { type CacheRule, settled } from './cache-rule.ts'
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

export function createApi(groups: readonly RouteGroup[], status: StatusCache, report: FaultReport): Api {
  const place = placer(groups)
  const settle = async (rule: CacheRule, height: number | undefined) =>
    // The tip is of interest only to what it may bury.
    settled(rule, rule.for === 'depth' && height !== undefined ? await status.tipHeight() : 0, height)

  const answer = async (request: Request, { group, path, find }: Place) => {
    const found = find(request.method === 'HEAD' ? 'GET' : request.method, path)
    if (!found) return errorResponse(group.dialect.unknown(path), group.dialect, request)
    const { declared, pattern } = found.route
    try {
      const query = new URL(request.url).searchParams
      const made = await declared.answer({ params: found.params, query, request })
      return answerResponse(made, await settle(made.keep ?? declared.keep, made.height))
    } catch (error) {
      return errorResponse(reported(error, group.bases[0] + pattern, report), group.dialect, request)
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
      if (at.base === '') response.headers.set('Vary', 'Accept')
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
