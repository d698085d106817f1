import { DurableObject } from 'cloudflare:workers'
import { sqlPort } from '../../src/cloudflare/sql-port.ts'
import type { ToLedger } from '../../src/peer/queues.ts'
import { PART_SIZE } from '../../src/store/schema.ts'
import { blob } from '../../src/store/sql.ts'
import { sha256d } from '../../src/wire/hash.ts'
import { spikeBlock } from './spike-ledger.ts'
import type { HubObject } from './spike-objects.ts'

export { HubObject, LedgerObject } from './spike-objects.ts'

interface Env {
  SPIKE_HUB: DurableObjectNamespace<HubObject>
  STORE: DurableObjectNamespace<StoreObject>
}

/** What `bench/spike.ts` times inside workerd, whose own clock stands still while it computes. */
export class StoreObject extends DurableObject {
  readonly #port = sqlPort(this.ctx.storage)
  #next = 0

  /** Writes a block in parts, in one transaction. */
  write(block: Uint8Array): void {
    const { sql } = this.#port
    sql.exec('CREATE TABLE IF NOT EXISTS body (id INTEGER PRIMARY KEY, bytes BLOB NOT NULL) STRICT')
    this.#port.transactionSync(() => {
      for (let at = 0; at < block.length; at += PART_SIZE) {
        sql.exec('INSERT INTO body VALUES (?, ?)', this.#next++, block.subarray(at, at + PART_SIZE))
      }
    })
  }

  read(): number {
    let size = 0
    for (const { bytes } of this.#port.sql.exec<{ bytes: unknown }>('SELECT bytes FROM body'))
      size += blob(bytes).length
    return size
  }
}

const message = (command: string, payload: Uint8Array<ArrayBuffer>): ToLedger => ({
  kind: 'message',
  link: 1,
  command,
  payload,
})

async function run(env: Env, work: string, blocks: number): Promise<void> {
  const name = `bench-${blocks}`
  const hub = env.SPIKE_HUB.getByName(name)
  const store = env.STORE.getByName(name)
  const block = spikeBlock(1)
  let copied = 0
  for (let i = 0; i < blocks; i++) {
    if (work === 'memcpy') copied += block.slice()[5]!
    if (work === 'hash') copied += sha256d(block)[0]!
    if (work === 'rpc') await hub.buffersBehind([block])
    if (work === 'write') await store.write(block)
    if (work === 'trip') {
      const own = spikeBlock(i)
      await hub.feed(name, [message('block', own)])
      await hub.feed(name, [message('getdata', sha256d(own.subarray(0, 80)))])
      await hub.values()
    }
  }
  if (work === 'read') await store.read()
  if (Number.isNaN(copied)) throw new Error('never')
}

export default {
  async fetch(request: Request, env: Env): Promise<Response> {
    const url = new URL(request.url)
    await run(env, url.pathname.slice(1), Number(url.searchParams.get('blocks')))
    return new Response(null, { status: 204 })
  },
}
