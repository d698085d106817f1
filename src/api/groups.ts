import type { ApiDeps } from './deps.ts'
import { esploraGroup } from './esplora.ts'
import type { RouteGroup } from './group.ts'

/** All that programs may ask by HTTP, as the document lists it. */
export function apiGroups(deps: ApiDeps): RouteGroup[] {
  return [esploraGroup(deps)]
}
