import type { ApiDeps } from '../deps.ts'
import { CORE } from '../dialect.ts'
import type { RouteGroup } from '../group.ts'
import { restBlockRoutes } from './blocks.ts'
import { restChainRoutes, restMempoolRoutes } from './chain.ts'
import { restFilterRoutes } from './filters.ts'
import { restTxRoutes } from './transactions.ts'
import { Turns } from './turns.ts'

/** Long answers under way at a time: each may hold a block of 4 MB and as much again of what it spends. */
const LONG_ANSWERS = 6

/** Everything that Bitcoin Core answers with `-rest`, but the state of soft forks. */
export function restGroup(deps: ApiDeps): RouteGroup {
  const turns = new Turns(LONG_ANSWERS)
  return {
    about: "Bitcoin Core's REST interface, for programs that read blocks from a node.",
    bases: ['/rest'],
    dialect: CORE,
    routes: [
      ...restBlockRoutes(deps, turns),
      ...restTxRoutes(deps),
      ...restFilterRoutes(deps),
      ...restChainRoutes(deps),
      ...restMempoolRoutes(deps, turns),
    ],
  }
}
