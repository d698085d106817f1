import { expect, test } from 'vitest'
import { regtest } from '../../src/chain/networks/regtest.ts'
import { HubHost } from '../../src/host/hub-host.ts'
import type { LinkId, ToHub, ToLedger } from '../../src/peer/queues.ts'
import { Hub, type HubLimits } from '../../src/relay/hub.ts'
import { Services } from '../../src/wire/services.ts'
import { SeededRandom } from '../sim/random.ts'
import { ScriptedPeer } from '../sim/scripted-peer.ts'

/** A hub and its host with the ledger's end of the queues open, and pipes of which nothing leaves by itself. */
class Bench {
  now = 1_700_000_000_000
  wakeAt = Number.POSITIVE_INFINITY
  readonly up: ToLedger[] = []
  /** How many values came up together. */
  readonly batches: number[] = []
  readonly closed: string[] = []
  readonly host: HubHost

  constructor(limits: Partial<HubLimits> = {}) {
    const random = new SeededRandom(1)
    const services = Services.NETWORK | Services.WITNESS
    this.host = new HubHost({
      hub: new Hub({ network: regtest, services, userAgent: '/bench/', random, limits }),
      toLedger: (values) => {
        this.batches.push(values.length)
        this.up.push(...values)
      },
      schedule: (at) => {
        this.wakeAt = at
      },
      now: () => this.now,
      log: () => {},
    })
    this.host.fromLedger([{ kind: 'epoch', epoch: 1, height: 0 }])
  }

  /** A scripted peer on a pipe; what is written is held from when `hold` is called. */
  join(options: { addressKey?: string } = {}) {
    const peer = new ScriptedPeer({ dials: true, syncs: false })
    const written: Uint8Array[] = []
    let left = 0
    let holding = false
    const link: LinkId = this.host.attach(
      {
        write: (bytes) => {
          written.push(bytes)
          if (holding) left += bytes.length
          else queueMicrotask(() => answer(peer.onBytes(bytes)))
          return left
        },
        close: () => this.closed.push('pipe'),
        pause: () => {},
        resume: () => {},
      },
      { inbound: true, ...options },
    )
    const answer = (frames: readonly Uint8Array[]) => {
      for (const frame of frames) this.host.bytes(link, frame)
    }
    answer(peer.start())
    return {
      link,
      peer,
      written,
      hold() {
        holding = true
      },
      /** So much is still on its way. */
      leave: (bytes: number) => {
        left = bytes
        this.host.buffered(link, bytes)
      },
    }
  }

  drained(): LinkId[] {
    return this.up.flatMap((value) => (value.kind === 'drained' ? [value.link] : []))
  }
}

const settle = () => new Promise((resolve) => setImmediate(resolve))

const send = (link: LinkId, command: string, bytes: number): ToHub => ({
  kind: 'send',
  link,
  command,
  payload: new Uint8Array(bytes),
})

test('a block has left when its own bytes have, whatever was written before it in the same go', async () => {
  const bench = new Bench()
  const { link, written, hold, leave } = bench.join()
  await settle()
  hold()
  const before = written.length
  bench.host.fromLedger([send(link, 'headers', 1), send(link, 'block', 900_000)])
  expect(written.slice(before).map((bytes) => bytes.length)).toEqual([25, 900_024])
  expect(bench.drained()).toEqual([])
  leave(500_000)
  expect(bench.drained()).toEqual([])
  leave(200_000)
  expect(bench.drained()).toEqual([link])
})

test('what goes to the ledger from one input goes together, in order', async () => {
  const bench = new Bench()
  const { link, peer } = bench.join()
  await settle()
  expect(bench.up).toMatchObject([{ kind: 'link-up', link, info: { userAgent: peer.style.userAgent } }])
  bench.batches.length = 0
  bench.host.closed(link)
  bench.host.closed(link)
  expect(bench.up.at(-1)).toEqual({ kind: 'link-down', link })
  expect(bench.batches).toEqual([1])
  // What comes after is of nobody.
  bench.host.bytes(link, Uint8Array.of(1, 2, 3))
  bench.host.buffered(link, 0)
  expect(bench.up.filter(({ kind }) => kind === 'link-down')).toHaveLength(1)
})

test('a connection for which there is no room is closed before it is handed out', () => {
  const bench = new Bench({ inboundPerAddress: 1 })
  bench.join({ addressKey: 'a' })
  expect(bench.closed).toEqual([])
  bench.join({ addressKey: 'a' })
  expect(bench.closed).toEqual(['pipe'])
  expect(bench.host.links).toBe(1)
})

test('the alarm follows the earliest deadline, and rings for a handshake that does not end', () => {
  const bench = new Bench()
  const start = bench.now
  bench.host.attach(
    { write: () => 0, close: () => bench.closed.push('pipe'), pause() {}, resume() {} },
    { inbound: true },
  )
  expect(bench.wakeAt).toBe(start + 60_000)
  bench.now = bench.wakeAt
  // It has rung, and is not set again.
  bench.wakeAt = Number.POSITIVE_INFINITY
  bench.host.wake()
  expect(bench.closed).toEqual(['pipe'])
  expect(bench.host.links).toBe(0)
  expect(bench.wakeAt).toBe(Number.POSITIVE_INFINITY)
})

test('stopping closes every link, and tells the ledger', async () => {
  const bench = new Bench()
  const links = [bench.join().link, bench.join().link]
  await settle()
  bench.host.stop()
  expect(bench.closed).toEqual(['pipe', 'pipe'])
  expect(bench.up.flatMap((value) => (value.kind === 'link-down' ? [value.link] : []))).toEqual(links)
})
