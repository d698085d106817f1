import { blockRoutes } from './blocks.ts'
import { broadcastRoutes } from './broadcast.ts'
import type { ApiDeps } from './deps.ts'
import { ESPLORA } from './dialect.ts'
import { disabledRoutes } from './disabled.ts'
import { feeEstimateRoutes } from './fees.ts'
import type { RouteGroup } from './group.ts'
import { historyRoutes } from './histories.ts'
import { mempoolRoutes } from './mempool.ts'
import { packageRoutes } from './packages.ts'
import { scriptRoutes } from './scripts.ts'
import { txRoutes } from './transactions.ts'

/** Segments after the fifth are not looked at. */
const DEPTH = 5

export function esploraGroup(deps: ApiDeps): RouteGroup {
  return {
    about: 'The Esplora API, as wallets and explorers know it. It also answers without /api where no page stands.',
    bases: ['/api', ''],
    dialect: ESPLORA,
    depth: DEPTH,
    routes: [
      ...blockRoutes(deps),
      ...txRoutes(deps),
      ...scriptRoutes(deps),
      ...historyRoutes(deps),
      ...mempoolRoutes(deps),
      ...feeEstimateRoutes(deps),
      ...broadcastRoutes(deps),
      ...packageRoutes(deps),
      ...disabledRoutes(),
    ],
  }
}
