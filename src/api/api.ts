import { answerResponse, errorResponse } from './answer.ts'
import { blockRoutes } from './blocks.ts'
import { broadcastRoutes } from './broadcast.ts'
import type { ApiDeps } from './deps.ts'
import { ApiError } from './errors.ts'
import { mempoolRoutes } from './mempool.ts'
import { routeFinder } from './route.ts'
import { scriptRoutes } from './scripts.ts'
import { txRoutes } from './transactions.ts'

/** Told of what went wrong here and not at the client's end; `where` names the route, never what was asked for. */
export type FaultReport = (where: string, error: unknown) => void

/** `path` is always the part that the Esplora contract knows: without `/api`, and not decoded. */
export interface Api {
  /** Whether some route answers. */
  knows(method: string, path: string): boolean
  answer(request: Request, path: string): Promise<Response>
}

export function createApi(deps: ApiDeps, report: FaultReport): Api {
  const find = routeFinder([
    ...blockRoutes(deps),
    ...txRoutes(deps),
    ...scriptRoutes(deps),
    ...mempoolRoutes(deps),
    ...broadcastRoutes(deps),
  ])
  return {
    knows: (method, path) => find(method, path) !== undefined,
    async answer(request, path) {
      const found = find(request.method === 'HEAD' ? 'GET' : request.method, path)
      if (!found) return errorResponse(new ApiError('route-unknown', `endpoint does not exist ${debugString(path)}`))
      const [, pattern, answer] = found.route
      try {
        const query = new URL(request.url).searchParams
        return answerResponse(await answer({ params: found.params, query, request }))
      } catch (error) {
        return errorResponse(reported(error, pattern, report))
      }
    },
  }
}

/** The error to answer with; the client hears nothing of what is not its business. */
export function reported(error: unknown, where: string, report: FaultReport): ApiError {
  if (!(error instanceof ApiError)) report(where, error)
  else if (error.cause !== undefined) report(where, error.cause)
  return error instanceof ApiError ? error : new ApiError('fault')
}

/** A path in quotes as Rust's debug form writes it; what else it would escape cannot stand in a URL. */
function debugString(path: string): string {
  return `"${path.replace(/["\\]/g, '\\$&')}"`
}
