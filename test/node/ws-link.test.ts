import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import { connect, type Socket } from 'node:net'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { regtest } from '../../src/chain/networks/regtest.ts'
import { CloseCode, DOOR_PATH, SUBPROTOCOL } from '../../src/host/door.ts'
import { HubHost } from '../../src/host/hub-host.ts'
import { dialDoor } from '../../src/node/dial-ws.ts'
import { openDoor } from '../../src/node/door.ts'
import { systemRandom } from '../../src/node/random.ts'
import { listen } from '../../src/node/tcp.ts'
import { isWebSocketRequest, takeUpgrades } from '../../src/node/upgrades.ts'
import { HANDSHAKE_WITHIN } from '../../src/peer/handshake.ts'
import { Hub, type HubLimits } from '../../src/relay/hub.ts'
import { freePort } from '../free-port.ts'
import { poll, pollFor } from '../poll.ts'
import { comeInAsPeer, type WsPeer } from '../sim/ws-peer.ts'

let now = 0
let hub: HubHost
let server: Server
let url: string
const noLog = () => {}

function newHub(limits: Partial<HubLimits> = {}): HubHost {
  return new HubHost({
    hub: new Hub({ network: regtest, services: 9n, userAgent: '/test/', random: systemRandom, limits }),
    toLedger: () => {},
    schedule: () => {},
    now: () => now,
    log: noLog,
  })
}

beforeEach(async () => {
  now = 1_700_000_000_000
  hub = newHub({ inboundPerAddress: 2 })
  server = createServer({ shouldUpgradeCallback: isWebSocketRequest })
  const door = openDoor(hub, noLog)
  takeUpgrades(server, new Map([[door.path, door.upgrade]]))
  const port = await freePort()
  url = `ws://127.0.0.1:${port}${DOOR_PATH}`
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
})
afterEach(async () => {
  hub.stop()
  server.close()
  await once(server, 'close')
})

/** Those that the server has not seen the end of. */
function connections(): Promise<number> {
  return new Promise((resolve) => server.getConnections((_, count) => resolve(count)))
}

/** A guest that says nothing by itself. */
async function comeIn(): Promise<{ ws: WebSocket; socket: Socket; closed: Promise<unknown[]> }> {
  const ws = new WebSocket(url, SUBPROTOCOL)
  const closed = once(ws, 'close')
  const [[{ socket }]] = await Promise.all([once(ws, 'upgrade'), once(ws, 'open')])
  return { ws, socket, closed }
}

test('a guest that never introduces itself is sent away after the time of any handshake', async () => {
  const { closed } = await comeIn()
  now += HANDSHAKE_WITHIN - 1
  hub.wake()
  expect(hub.links).toBe(1)
  now += 1
  hub.wake()
  expect(hub.links).toBe(0)
  expect((await closed)[0]).toBe(CloseCode.NORMAL)
})

test('a guest that reads no more and whose side of the connection ends without a word is gone', async () => {
  const guest = await comeInAsPeer(url, { syncs: false })
  await poll('it is up', () => guest.peer.up)
  const { socket } = guest
  socket.pause()
  // More than the system takes off our hands.
  const payload = new Uint8Array(4_000_000)
  for (let i = 0; i < 3; i++) hub.fromLedger([{ kind: 'send', link: 1, command: 'block', payload }])
  expect(hub.links).toBe(1)
  socket.end()
  await pollFor('there is no link', () => hub.links, 0)
  await pollFor('there is no connection', connections, 0)
  guest.close()
})

test('a guest that ignores that it was sent away is cut off', async () => {
  const { ws, socket } = await comeIn()
  // Nothing of the goodbye is read, so nothing is answered.
  ws.pause()
  hub.stop()
  await pollFor('there is no connection', connections, 0)
  socket.destroy()
})

test('links of one address are counted together, whichever way they came', async () => {
  const tcp = await listen(hub, { host: '127.0.0.1', port: await freePort() })
  const peer = connect(tcp.port, '127.0.0.1')
  peer.on('error', noLog)
  await pollFor('the TCP peer is in', () => hub.links, 1)
  const guest = await comeIn()
  expect(hub.links).toBe(2)
  const { closed } = await comeIn()
  const [code, reason] = await closed
  expect([code, String(reason)]).toEqual([CloseCode.NORMAL, 'too-many-links-from-address'])
  expect(hub.links).toBe(2)
  expect(guest.ws.readyState).toBe(WebSocket.OPEN)
  tcp.close()
})

test('a door and a dialler of ours understand each other, and the dialler is told when it is over', async () => {
  const events: string[] = []
  const other = newHub()
  dialDoor(other, url, 'manual', {
    open: () => events.push('open'),
    gone: (failure) => events.push(`gone ${failure}`),
    log: noLog,
  })
  await pollFor('both have the link', () => hub.links + other.links, 2)
  hub.stop()
  await poll('the dialler knows', () => events.length === 2)
  expect(events).toEqual(['open', 'gone undefined'])
  expect(other.links).toBe(0)
})

test('a dialler gives up on a door that is not there, and is told once', async () => {
  const told: (string | undefined)[] = []
  const on = { open: () => {}, gone: (failure?: string) => told.push(failure), log: noLog }
  dialDoor(newHub(), url.replace(DOOR_PATH, '/elsewhere'), 'manual', on)
  dialDoor(newHub(), `ws://127.0.0.1:${await freePort()}`, 'manual', on)
  await poll('both have failed', () => told.length === 2)
  expect(told.sort()).toEqual(['ECONNREFUSED', 'Unexpected server response: 404'])
})

test('300 idle guests cost little', async () => {
  const GUESTS = 300
  const child = spawn(process.execPath, ['--expose-gc', join(import.meta.dirname, 'door-server.ts')], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const answer = async () => JSON.parse((await lines.next()).value!)
  const memory = async (): Promise<{ rss: number; heap: number; links: number }> => {
    child.stdin.write('memory\n')
    return answer()
  }
  const guests: WsPeer[] = []
  const bare: WebSocket[] = []
  try {
    const { port } = await answer()
    const at = (path: string) => `ws://127.0.0.1:${port}${path}`
    // The first few pay for what all share.
    for (let i = 0; i < 20; i++) guests.push(await comeInAsPeer(at(DOOR_PATH), { syncs: false }))
    const start = await memory()
    for (let i = 0; i < GUESTS; i++) {
      bare.push(new WebSocket(at('/bare')))
      await once(bare.at(-1)!, 'open')
    }
    const withBare = await memory()
    for (let i = 0; i < GUESTS; i++) guests.push(await comeInAsPeer(at(DOOR_PATH), { syncs: false }))
    await poll('all are up', () => guests.every(({ peer }) => peer.up))
    const withGuests = await memory()
    expect(withGuests.links).toBe(guests.length)
    const each = (after: typeof start, before: typeof start, of: 'rss' | 'heap') =>
      ((after[of] - before[of]) / GUESTS / 1000).toFixed(1)
    const cost = (after: typeof start, before: typeof start) =>
      `${each(after, before, 'rss')} kB each (heap ${each(after, before, 'heap')})`
    console.log(`${GUESTS} idle links: bare ${cost(withBare, start)}, guests ${cost(withGuests, withBare)}`)
    expect((withGuests.rss - withBare.rss) / GUESTS).toBeLessThan(100_000)
  } finally {
    for (const ws of bare) ws.terminate()
    for (const guest of guests) guest.close()
    child.kill()
    await once(child, 'exit')
  }
})
