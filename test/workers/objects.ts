import type { Dialer, Hub, Ledger } from '../../src/cloudflare/worker.ts'

declare global {
  namespace Cloudflare {
    interface Env {
      HUB: DurableObjectNamespace<Hub>
      LEDGER: DurableObjectNamespace<Ledger>
      DIALER: DurableObjectNamespace<Dialer>
      CAUSEWAY_CONNECT?: string
      /** URL of what commands the TCP peers of the tests, where there are any. */
      PEERS?: string
      CAUSEWAY_NETWORK: string
    }
    interface GlobalProps {
      mainModule: typeof import('./objects.ts')
    }
  }
}

export { Dialer, default, Hub, Ledger } from '../../src/cloudflare/worker.ts'
export { HubObject, LedgerObject, StoreObject } from './spike-objects.ts'
