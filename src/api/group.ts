import type { Dialect } from './dialect.ts'
import type { Route } from './route.ts'

/** Routes that belong together because the same programs know them. */
export interface RouteGroup {
  /** What it is, in a sentence. */
  readonly about: string
  /** Where it is mounted, without a trailing slash; the first is the one to use. The empty one is the root, where pages stand too. */
  readonly bases: readonly [string, ...string[]]
  readonly dialect: Dialect
  /** How many segments of a path below the base are looked at; all unless given. */
  readonly depth?: number
  readonly routes: readonly Route[]
}
