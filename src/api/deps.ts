import type { Network } from '../chain/network.ts'
import type { Millis } from '../host/ports.ts'
import type { LedgerQueries } from '../ledger/queries.ts'
import type { LinkStatus } from '../relay/hub-types.ts'
import type { StatusCache } from './status-cache.ts'

export type { LinkStatus } from '../relay/hub-types.ts'

/** What the front may ask the hub. */
export interface HubQueries {
  links(): Promise<LinkStatus[]>
}

/** Files for browsers, by path below `/assets/`. */
export interface Assets {
  get(path: string): { body: string | Uint8Array<ArrayBuffer>; type: string } | undefined
}

/** What the API's routes work with. */
export interface ApiDeps {
  network: Network
  queries: LedgerQueries
  status: StatusCache
  /** What the relay calls itself, for people. */
  name: string
  version: string
  settings: ApiSettings
  now(): Millis
}

/** What whoever runs the relay may choose of the API. */
export interface ApiSettings {
  /** Transactions carry `sigops`, as mempool.space's server has them. */
  sigops: boolean
}

export const USUAL_SETTINGS: ApiSettings = { sigops: false }
