import { evictDurableObject, listDurableObjectIds, runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, test, vi } from 'vitest'
import { WINDOW } from '../../src/cloudflare/dialled.ts'
import { DialledSocket } from '../../src/cloudflare/dialled-socket.ts'
import { resolveSeed } from '../../src/cloudflare/dns-over-https.ts'
import { dialerOf, hubOf, ledgerOf } from '../../src/cloudflare/env.ts'
import { hubQueries } from '../../src/cloudflare/queries.ts'
import { toDisplay } from '../../src/wire/hash.ts'
import { poll, pollFor } from '../poll.ts'
import { ChainMaker } from '../sim/chain-maker.ts'
import type { PeersState } from './tcp-peers.ts'
import { ask, WsPeer } from './ws-peer.ts'

/** One relay lives through this file: each test goes on where the one before it ended. */
const BLOCKS = 60
const command = async <T>(path: string) => (await (await fetch(`${env.PEERS}${path}`)).json()) as T
const peers = () => command<PeersState>('/')
const peer = async () => (await peers()).connections.at(-1)!
const count = async () => (await peers()).connections.length
const { links } = hubQueries(env)
const heightOf = async () => Number(await (await ask('/blocks/tip/height')).text())
const dialer = () => dialerOf(env, 0)
const upAgain = (connections: number) =>
  poll('it is dialled again', async () => {
    const all = (await peers()).connections
    return all.length === connections && all.at(-1)!.up && (await links()).length === 1
  })

test('there is no dialer before the first request', async () => {
  expect(await listDurableObjectIds(env.DIALER)).toEqual([])
})

describe('a peer that was named', () => {
  test('is dialled with the first request, and its chain comes in', async () => {
    await heightOf()
    await pollFor('the chain is in', heightOf, BLOCKS)
    expect(await count()).toBe(1)
    expect((await links()).map(({ inbound }) => inbound)).toEqual([false])
  })

  test('gives new blocks and gets those of others', async () => {
    const sink = await WsPeer.dial()
    await pollFor('the chain is out', () => sink.peer.shelf.tip.height, BLOCKS)
    await command('/mine')
    await pollFor('the block is in', () => sink.peer.shelf.tip.height, BLOCKS + 1)
    const maker = new ChainMaker({ seed: 11 })
    maker.mine(BLOCKS + 1)
    const [block] = maker.mine(1)
    sink.send(sink.peer.mined(block!.bytes))
    await pollFor('the peer has it', async () => (await peer()).tip, toDisplay(block!.hash))
    sink.close()
    await poll('it is gone', async () => (await links()).length === 1)
  })

  test('may send more than fits on the way, as the hub says how much it has taken', async () => {
    const { pongs } = await peer()
    await command('/chatter')
    await command('/ping')
    await poll('all of it was read', async () => (await peer()).pongs > pongs)
    expect((await dialer().measure()).counts.bytesIn).toBeGreaterThan(5_000_000)
    expect(await count()).toBe(1)
  })

  test('keeps its connection through another request of the front and an alarm', async () => {
    await dialer().ensure(0)
    expect(await runDurableObjectAlarm(dialer())).toBe(true)
    await ask('/blocks/tip/height')
    expect([await count(), (await peer()).closed]).toEqual([1, false])
    const next = await runInDurableObject(dialer(), (_, state) => state.storage.getAlarm())
    expect(next! - Date.now()).toBeGreaterThan(0)
    expect(next! - Date.now()).toBeLessThanOrEqual(30_000)
  })

  test('keeps its link when the hub and the ledger lose their memory', async () => {
    const before = await links()
    await evictDurableObject(hubOf(env))
    await evictDurableObject(ledgerOf(env)).catch(() => {})
    const { pongs } = await peer()
    await command('/ping')
    await poll('it is answered', async () => (await peer()).pongs > pongs)
    expect((await links()).map(({ id }) => id)).toEqual(before.map(({ id }) => id))
    expect(await count()).toBe(1)
  })

  test('is dialled again after it hangs up', async () => {
    await command('/hang-up')
    await upAgain(2)
  })

  test('is dialled again when the hub breaks down', async () => {
    await runInDurableObject(hubOf(env), (_, state) => state.abort('a test')).catch(() => {})
    await poll('the connection is over', async () => (await peers()).connections[1]!.closed)
    await upAgain(3)
  })

  test('is dialled again by the alarm when the dialer has lost its memory, connection and all', async () => {
    // Here an open socket keeps the object from being evicted for good, so it breaks down.
    await runInDurableObject(dialer(), (_, state) => state.abort('a test')).catch(() => {})
    await poll('the connection is over', async () => (await peers()).connections[2]!.closed)
    await poll('the hub knows', async () => (await links()).length === 0)
    expect(await count()).toBe(3)
    expect(await runDurableObjectAlarm(dialer())).toBe(true)
    await upAgain(4)
  })

  test('is dialled again when it was silent for too long', async () => {
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 601_000 })
    await runDurableObjectAlarm(dialer())
    vi.setSystemTime(Date.now() + 60_000)
    await runDurableObjectAlarm(dialer())
    vi.useRealTimers()
    await poll('the connection is over', async () => (await peers()).connections[3]!.closed)
    await upAgain(5)
  })
})

describe('the dialers of an object too many', () => {
  test('dial nothing, and set no alarm', async () => {
    await dialerOf(env, 1).ensure(1)
    expect(await runInDurableObject(dialerOf(env, 1), (_, state) => state.storage.getAlarm())).toBeNull()
    expect(await count()).toBe(5)
  })
})

describe("a dialer's way to the hub", () => {
  test.each([
    '/dialled/manual',
    '/dialled/automatic',
    '/p2p/../dialled/manual',
    '//dialled/manual',
    '/%64ialled/manual',
  ])('is not open from outside: %s', async (path) => {
    const before = await links()
    const upgrades: Record<string, string>[] = [
      { Upgrade: 'websocket' },
      { Upgrade: 'websocket', 'Sec-WebSocket-Protocol': 'causeway.p2p.v1' },
    ]
    for (const headers of upgrades) {
      const response = await ask(path, { headers })
      expect(response.status).toBe(404)
      expect(response.webSocket).toBeFalsy()
    }
    expect(await links()).toEqual(before)
  })

  test('whoever comes in by the door is one who came in, and may send no marks', async () => {
    const guest = await WsPeer.dial()
    await poll('it is up', () => guest.peer.up)
    expect((await links()).filter(({ inbound }) => inbound)).toHaveLength(1)
    guest.ws.send('131072')
    await poll('it is closed', () => guest.closed)
    expect(guest.closed!.code).toBe(1003)
  })
})

test('what dialers do is measured', async () => {
  const text = await (await ask('/metrics')).text()
  expect(text).toMatch(/^causeway_up\{object="dialer"\} 1$/m)
  expect(text).toMatch(/^causeway_link_bytes_total\{object="dialer",direction="in"\} [1-9]/m)
})

describe('a connection between a peer and the hub', () => {
  /** One whose hub's side the test plays. */
  async function joined() {
    const { 0: mine, 1: theirs } = new WebSocketPair()
    const port = Number(env.CAUSEWAY_CONNECT!.split(':')[1])
    const seen = { bytes: 0, marks: [] as string[], gone: 0, reason: '' }
    mine.binaryType = 'arraybuffer'
    mine.addEventListener('message', ({ data }) => {
      if (typeof data === 'string') seen.marks.push(data)
      else seen.bytes += (data as ArrayBuffer).byteLength
    })
    mine.addEventListener('close', ({ reason }) => {
      seen.reason = reason
    })
    mine.accept()
    const socket = await new Promise<DialledSocket>((resolve) => {
      const dialled: DialledSocket = new DialledSocket({ host: '127.0.0.1', port }, 'manual', {
        join: async () => theirs,
        opened: () => resolve(dialled),
        gone: () => seen.gone++,
        count: () => {},
      })
    })
    return { mine, seen, socket }
  }

  test('is not read from while the hub takes no more, and goes on when it does', async () => {
    const { mine, seen, socket } = await joined()
    const { written } = await command<{ written: number }>('/chatter')
    await poll('the window is full', () => seen.bytes > WINDOW)
    await sleep(200)
    expect(seen.bytes).toBeLessThanOrEqual(WINDOW + 131_072)
    let given = 0
    await poll('all of it has come', () => {
      for (const mark of seen.marks.slice(given)) mine.send(mark)
      given = seen.marks.length
      return seen.bytes >= written
    })
    mine.send('nonsense')
    mine.send('1e300')
    mine.send(new Uint8Array([1]))
    expect(seen.gone).toBe(0)
    socket.end('')
    expect(seen.gone).toBe(1)
    await poll('the peer sees it', async () => (await peer()).closed)
  })

  test('ends where the peer reads nothing, before too much waits', async () => {
    const { mine, seen } = await joined()
    await command('/deaf')
    for (let i = 0; i < 48; i++) mine.send(new Uint8Array(1_000_000))
    await poll('it is over', () => seen.gone === 1)
    await poll('the hub is told', () => seen.reason)
    expect(seen.reason).toBe('slow-reader')
  })

  test('brings the hub nothing where nobody listens', async () => {
    const gone = await new Promise<boolean>((resolve) => {
      new DialledSocket({ host: '127.0.0.1', port: 1 }, 'manual', {
        join: () => Promise.reject(new Error('asked')),
        opened: () => resolve(false),
        gone: () => resolve(true),
        count: () => {},
      })
    })
    expect(gone).toBe(true)
  })
})

test('a seed is asked for both kinds of addresses, and a resolver that fails gives none', async () => {
  const resolver = `${env.PEERS}/dns-query`
  expect(await resolveSeed(resolver, 'seed.example')).toEqual(['203.0.114.9', '2001:db9::9'])
  expect(await resolveSeed(resolver, 'other.example')).toEqual([])
  expect(await resolveSeed(`${env.PEERS}/endless`, 'seed.example')).toEqual([])
  expect(await resolveSeed('http://127.0.0.1:1/', 'seed.example')).toEqual([])
})
