import type { Hub, Ledger } from '../../src/cloudflare/worker.ts'

declare global {
  namespace Cloudflare {
    interface Env {
      HUB: DurableObjectNamespace<Hub>
      LEDGER: DurableObjectNamespace<Ledger>
      CAUSEWAY_NETWORK: string
    }
    interface GlobalProps {
      mainModule: typeof import('./objects.ts')
    }
  }
}

export { default, Hub, Ledger } from '../../src/cloudflare/worker.ts'
export { HubObject, LedgerObject, StoreObject } from './spike-objects.ts'
