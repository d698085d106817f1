import type { ApiDeps } from '../deps.ts'
import { V1 } from '../dialect.ts'
import type { RouteGroup } from '../group.ts'
import { addressRoutes } from './addresses.ts'
import { extendedBlockRoutes } from './blocks.ts'
import { feeRoutes } from './fees.ts'
import { infoRoutes } from './info.ts'
import { miningRoutes } from './mining.ts'
import { prevoutRoutes } from './prevouts.ts'
import { replacementRoutes } from './replacements.ts'
import { summaryRoutes } from './summary.ts'
import { tipRoutes } from './tips.ts'
import { unconfirmedRoutes } from './transactions.ts'

export function v1Group(deps: ApiDeps): RouteGroup {
  return {
    about: 'What mempool.space adds to the Esplora API, as far as a relay knows it.',
    bases: ['/api/v1'],
    dialect: V1,
    routes: [
      ...feeRoutes(deps),
      ...tipRoutes(deps),
      ...extendedBlockRoutes(deps),
      ...summaryRoutes(deps),
      ...unconfirmedRoutes(deps),
      ...prevoutRoutes(deps),
      ...replacementRoutes(deps),
      ...miningRoutes(deps),
      ...addressRoutes(deps),
      ...infoRoutes(deps),
    ],
  }
}
