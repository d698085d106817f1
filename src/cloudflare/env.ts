import type { Dialer } from './dialer.ts'
import type { Hub } from './hub.ts'
import type { Ledger } from './ledger.ts'

/** What `wrangler.toml` binds. */
export interface Env {
  HUB: DurableObjectNamespace<Hub>
  LEDGER: DurableObjectNamespace<Ledger>
  DIALER: DurableObjectNamespace<Dialer>
  /** The browser's files; without them pages are complete all the same. */
  ASSETS?: Fetcher
  /**
   * Settings by the names of the command line's environment; null is what workerd has for those that are not set. Those
   * that mean nothing on the edge are passed over.
   */
  CAUSEWAY_NETWORK?: string | null
  CAUSEWAY_MIN_WORK?: string | null
  CAUSEWAY_ASSUME_VALID?: string | null
  CAUSEWAY_CONNECT?: string | null
  CAUSEWAY_DIAL?: string | null
  CAUSEWAY_RESOLVER?: string | null
  CAUSEWAY_FILTERS?: string | null
  CAUSEWAY_ESPLORA_SIGOPS?: string | null
  CAUSEWAY_TRACKED_ADDRESSES?: string | null
}

/** One relay is one hub and one ledger, whichever network it serves. */
export const hubOf = (env: Env) => env.HUB.getByName('hub')
export const ledgerOf = (env: Env) => env.LEDGER.getByName('ledger')
/** And one dialer for each few peers that it dials. */
export const dialerOf = (env: Env, share: number) => env.DIALER.getByName(`dialer-${share}`)
