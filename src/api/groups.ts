import type { ApiDeps } from './deps.ts'
import { esploraGroup } from './esplora.ts'
import type { RouteGroup } from './group.ts'
import { restGroup } from './rest/group.ts'
import { v1Group } from './v1/group.ts'

/** All that programs may ask by HTTP, as the document lists it. */
export function apiGroups(deps: ApiDeps): RouteGroup[] {
  return [esploraGroup(deps), v1Group(deps), restGroup(deps)]
}
