import { DurableObject } from 'cloudflare:workers'
import { sqlPort } from '../../src/cloudflare/sql-port.ts'
import type { ToHub, ToLedger } from '../../src/peer/queues.ts'
import { SpikeLedger } from './spike-ledger.ts'

declare global {
  namespace Cloudflare {
    interface Env {
      SPIKE_HUB: DurableObjectNamespace<HubObject>
      SPIKE_LEDGER: DurableObjectNamespace<LedgerObject>
      STORE: DurableObjectNamespace<StoreObject>
    }
  }
}

/** Feeds a ledger and collects what comes down from it, each by its own one-way call. */
export class HubObject extends DurableObject<Cloudflare.Env> {
  #values: ToHub[] = []

  async feed(ledger: string, values: ToLedger[]): Promise<void> {
    await this.env.SPIKE_LEDGER.getByName(ledger).take(values, this.ctx.id.name as string)
  }

  take(values: ToHub[]): void {
    this.#values.push(...values)
  }

  /** What came down since the last call. */
  values(): ToHub[] {
    return this.#values.splice(0)
  }

  /** For each, the size of the buffer behind it. */
  buffersBehind(values: Uint8Array[]): number[] {
    return values.map((value) => value.buffer.byteLength)
  }
}

export class LedgerObject extends DurableObject<Cloudflare.Env> {
  readonly #ledger = new SpikeLedger(sqlPort(this.ctx.storage))

  async take(values: ToLedger[], hub: string): Promise<void> {
    await this.env.SPIKE_HUB.getByName(hub).take(this.#ledger.take(values))
  }
}

/** An object with empty storage. */
export class StoreObject extends DurableObject {}
