import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { join } from 'node:path'
import { createServer } from 'node:tls'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { CloseCode, IDLE_BURST, MAX_FRAME, SUBPROTOCOL } from '../../src/host/door.ts'
import { encode } from '../../src/wire/codec.ts'
import { hashKey, toDisplay } from '../../src/wire/hash.ts'
import { InvType } from '../../src/wire/inventory.ts'
import { parseTransaction, transaction } from '../../src/wire/transaction.ts'
import { freePort } from '../free-port.ts'
import { poll, pollFor } from '../poll.ts'
import { Program } from '../program.ts'
import { ChainMaker, coinbaseCoin, type MadeBlock, OP_TRUE, P2WSH_TRUE, spend } from '../sim/chain-maker.ts'
import { dialAsPeer, type TcpPeer, TcpPeerServer } from '../sim/tcp-peer.ts'
import { comeInAsPeer } from '../sim/ws-peer.ts'
import { LiveClient } from '../smoke/live-client.ts'
import { selfSigned } from './self-signed.ts'

const LIVE = { within: 5000 }
/** An output of a witness version that nobody has given a meaning: any witness spends it, whatever its size. */
const FUTURE_WITNESS = Uint8Array.of(0x52, 0x20, ...new Uint8Array(32).fill(7))
const BIG_BLOCKS = 8

const maker = new ChainMaker({ seed: 61 })
/** The last ones are of 3.9 MB each. */
let chain: MadeBlock[]
let relay: Program
/** A well-behaved peer that is there all along. */
let good: TcpPeer
/** Opened at the start, and never asks for anything whole. */
let halfOpen: Socket

const door = (program = relay) => `${program.http.replace('http', 'ws')}/p2p`
const tcpPort = (program = relay) => Number(program.p2p.split(':')[1])
const heightOf = async (program: Program) => Number(await program.text('/api/blocks/tip/height'))
const rssMb = (program: Program) =>
  Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${program.pid}/status`, 'utf8'))![1]) / 1000

/** The relay still follows its good peer. */
async function expectWell(): Promise<void> {
  const [block] = maker.mine(1)
  chain.push(block!)
  good.send(good.peer.mined(block!.bytes))
  await pollFor('the relay follows its good peer', () => heightOf(relay), block!.height, LIVE)
  expect(good.closed).toBe(false)
}

beforeAll(async () => {
  chain = maker.mine(BIG_BLOCKS, { script: FUTURE_WITNESS })
  chain.push(...maker.mine(100))
  for (const funded of chain.slice(0, BIG_BLOCKS)) {
    const big = encode(transaction, {
      version: 2,
      inputs: [
        {
          prevout: { hash: funded.txids[0]!, index: 0 },
          scriptSig: new Uint8Array(0),
          sequence: 0xffff_ffff,
          witness: [new Uint8Array(3_900_000).fill(funded.height)],
        },
      ],
      outputs: [{ value: BigInt(maker.subsidy(1)), scriptPubKey: OP_TRUE }],
      lockTime: 0,
    })
    chain.push(...maker.mine(1, { transactions: [big] }))
  }
  relay = await Program.start(['relay', '--network', 'regtest'])
  halfOpen = connect(Number(new URL(relay.http).port), '127.0.0.1')
  halfOpen.resume().on('error', () => {})
  halfOpen.write('GET /p2p HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnec')
  good = await dialAsPeer(tcpPort(), { blocks: chain.map(({ bytes }) => bytes) })
  await pollFor('the relay has it all', () => heightOf(relay), chain.length, { within: 20_000 })
}, 40_000)
afterAll(async () => {
  good?.close()
  halfOpen?.destroy()
  await relay?.remove()
})

test('a node that comes in by the door syncs, follows live, and is followed', async () => {
  const behind = await TcpPeerServer.listen({ blocks: chain.map(({ bytes }) => bytes) }, await freePort())
  const node = await Program.start([
    ...['node', '--network', 'regtest'],
    ...['--connect', door(), '--connect', `127.0.0.1:${behind.port}`],
  ])
  try {
    await pollFor('the node has it all', () => heightOf(node), chain.length, { within: 20_000 })
    await expectWell()
    await pollFor('the node follows the relay', () => heightOf(node), chain.length, LIVE)
    // Without the block below it has no place for the next.
    const { hash } = chain.at(-1)!
    await poll('so does its other peer', () => behind.connections[0]?.peer.shelf.find(hash), LIVE)
    const [block] = maker.mine(1)
    chain.push(block!)
    for (const tcp of behind.connections) tcp.send(tcp.peer.mined(block!.bytes))
    await pollFor('the relay follows the node', () => heightOf(relay), chain.length, LIVE)
    await poll('so does a peer of the relay', () => good.peer.shelf.find(block!.hash), LIVE)
    expect(() => node.p2p).toThrow('has no p2p')
    expect((await node.fetch('/p2p')).status).toBe(404)
    await node.stop()
  } finally {
    await node.remove()
    await behind.close()
  }
})

test('peers by TCP and by WebSocket exchange blocks and transactions through the relay', async () => {
  const blocks = chain.map(({ bytes }) => bytes)
  // The stream may be cut anywhere.
  const guest = await comeInAsPeer(door(), { blocks, piece: 37 })
  const tcp = await dialAsPeer(tcpPort(), { blocks })
  await poll('both are up', () => guest.peer.up && tcp.peer.up)
  const [byGuest, byTcp] = chain.slice(BIG_BLOCKS, BIG_BLOCKS + 2).map((from) => {
    const coin = coinbaseCoin(from, maker)
    const half = { valueSat: coin.valueSat / 2 - 5000, script: P2WSH_TRUE }
    return spend([coin], [half, half])
  }) as [Uint8Array, Uint8Array]
  guest.send(guest.peer.offer(byGuest))
  tcp.send(tcp.peer.offer(byTcp))
  const key = (bytes: Uint8Array) => hashKey(parseTransaction(bytes).txid)
  await poll('the TCP peer has the guest’s', () => tcp.peer.txs.has(key(byGuest)), LIVE)
  await poll('the guest has the TCP peer’s', () => guest.peer.txs.has(key(byTcp)), LIVE)
  for (const [one, other] of [[guest, tcp] as const, [tcp, guest] as const]) {
    const [block] = maker.mine(1)
    chain.push(block!)
    one.send(one.peer.mined(block!.bytes))
    await poll('the other has the block', () => other.peer.shelf.find(block!.hash), LIVE)
  }
  for (const block of chain.slice(-2)) good.peer.shelf.add(block.bytes)
  expect(guest.closeCode).toBeUndefined()
  guest.close()
  tcp.close()
})

test.each<[string, number, string | undefined, (ws: WebSocket, socket: Socket) => void]>([
  ['a text message', CloseCode.NOT_BINARY, 'text-message', (ws) => ws.send('version')],
  [
    'a message of a byte too many',
    CloseCode.TOO_LARGE,
    'message-too-large',
    (ws) => ws.send(new Uint8Array(MAX_FRAME + 1)),
  ],
  [
    'a frame that says it has 2^52 bytes',
    CloseCode.TOO_LARGE,
    'message-too-large',
    (_, socket) => socket.write(Buffer.from('82ff001000000000000000000000', 'hex')),
  ],
  ['an unmasked frame', 1002, 'bad-frame', (_, socket) => socket.write(Buffer.from('820100', 'hex'))],
  ['junk', CloseCode.NORMAL, 'bad-magic', (ws) => ws.send(new Uint8Array(10_000).fill(0x5a))],
  [
    'a flood of pings',
    CloseCode.FLOOD,
    'idle-flood',
    (ws) => {
      for (let i = 0; i < IDLE_BURST + 2; i++) ws.ping()
    },
  ],
  [
    'a flood of messages without a byte',
    CloseCode.FLOOD,
    'idle-flood',
    (ws) => {
      for (let i = 0; i < 10_000; i++) ws.send(new Uint8Array(0))
    },
  ],
])('%s ends the link with %i, and nothing else', async (_, code, reason, act) => {
  const since = relay.mark
  const ws = new WebSocket(door(), SUBPROTOCOL, { perMessageDeflate: false })
  const [[{ socket }]] = await Promise.all([once(ws, 'upgrade'), once(ws, 'open')])
  act(ws, socket)
  const [closedWith, told] = await once(ws, 'close')
  expect(closedWith).toBe(code)
  // Where it is not the WebSocket itself that is broken, the guest is told what we tell our own people.
  expect(['', reason]).toContain(String(told))
  await relay.waitForLog('peer closed', { reason }, { since })
  await expectWell()
})

test.each([
  ['no subprotocol', '/p2p', [], 400],
  ['another version', '/p2p', ['causeway.p2p.v0'], 400],
  ['another path', '/p2q', [SUBPROTOCOL], 404],
  ['a longer path', '/p2p/', [SUBPROTOCOL], 404],
])('%s is refused', async (_, path, protocols, status) => {
  const ws = new WebSocket(door().replace('/p2p', path), protocols)
  ws.once('error', () => {})
  const [, response] = await once(ws, 'unexpected-response')
  expect(response.statusCode).toBe(status)
  ws.terminate()
})

test('what asks for another protocol than WebSocket is answered as any request', async () => {
  const socket = connect(Number(new URL(relay.http).port), '127.0.0.1')
  socket.setEncoding('latin1')
  let answer = ''
  socket.on('data', (text: string) => {
    answer += text
  })
  socket.write('GET /api/blocks/tip/height HTTP/1.1\r\nHost: x\r\nConnection: Upgrade, close\r\nUpgrade: h2c\r\n\r\n')
  await once(socket, 'close')
  expect(answer).toMatch(/^HTTP\/1\.1 200 /)
  expect(answer).toMatch(/\b\d+$/)
})

test('guests that ask for much and read nothing cost one block each, and get it all when they read on', async () => {
  const wanted = chain
    .filter(({ bytes }) => bytes.length > 1_000_000)
    .map(({ hash }) => ({ type: InvType.WITNESS_BLOCK, hash }))
  const before = rssMb(relay)
  const guests = await Promise.all(Array.from({ length: 5 }, () => comeInAsPeer(door(), { syncs: false })))
  await poll('they are up', () => guests.every(({ peer }) => peer.up))
  for (const guest of guests) {
    guest.ws.pause()
    // 40 blocks each, 780 MB for all of them.
    for (let i = 0; i < 5; i++) guest.send(guest.peer.say({ command: 'getdata', items: wanted }))
  }
  await expectWell()
  // One of them reads on, which takes a while; the others do not.
  const [reader, ...others] = guests
  let came = 0
  reader!.ws.on('message', (data: Buffer) => {
    came += data.length
  })
  reader!.ws.resume()
  let most = 0
  const hasAll = () => {
    most = Math.max(most, rssMb(relay))
    return came > 40 * 3_900_000
  }
  await poll('the reader has all', hasAll, { within: 15_000 })
  await expectWell()
  console.log(`5 guests that read nothing: ${before.toFixed()} MB before, ${most.toFixed()} MB at most with them`)
  expect(most - before).toBeLessThan(300)
  for (const guest of others) guest.close()
  expect(reader!.closeCode).toBeUndefined()
  reader!.close()
  await expectWell()
}, 40_000)

test('a door is dialled by TLS only where its certificate is trusted', async () => {
  const { key, cert } = selfSigned()
  const proxy = createServer({ key, cert }, (socket) => {
    const inside = connect(Number(new URL(relay.http).port), '127.0.0.1')
    socket.on('error', () => inside.destroy()).pipe(inside)
    inside.on('error', () => socket.destroy()).pipe(socket)
  })
  proxy.on('tlsClientError', () => {})
  const port = await freePort()
  proxy.listen(port, '127.0.0.1')
  const args = ['node', '--spv', '--network', 'regtest', '--connect', `wss://127.0.0.1:${port}`]
  const doubting = await Program.start(args)
  const file = join(doubting.data, '..', 'cert.pem')
  writeFileSync(file, cert)
  const trusting = await Program.start(args, { env: { NODE_EXTRA_CA_CERTS: file } })
  try {
    await doubting.waitForLog('peer not reached', { reason: 'DEPTH_ZERO_SELF_SIGNED_CERT' })
    await trusting.waitForLog('peer connected', { inbound: false })
    expect(doubting.logged('peer connected')).toEqual([])
    expect(JSON.stringify([...doubting.log, ...trusting.log])).not.toContain(String(port))
  } finally {
    await Promise.all([doubting.remove(), trusting.remove()])
    proxy.close()
  }
})

test('a relay without a door says so, and its dialler tries again until there is one', async () => {
  const http = `127.0.0.1:${await freePort()}`
  const args = ['relay', '--network', 'regtest', '--p2p', 'off', '--http', http]
  const closed = await Program.start([...args, '--door', 'off'])
  const node = await Program.start(['node', '--spv', '--network', 'regtest', '--connect', `ws://${http}`])
  let open: Program | undefined
  try {
    await node.waitForLog('peer not reached', { reason: 'Unexpected server response: 404' })
    // What programs follow is no door for peers; and ending does not wait for them.
    const live = await LiveClient.open(closed.http)
    live.say({ action: 'want', data: ['blocks'] })
    expect(await live.hears('blocks')).toHaveLength(1)
    await closed.stop()
    expect(live.closedWith).toBe(1001)
    await node.waitForLog('peer not reached', { reason: 'ECONNREFUSED' })
    open = await Program.start(args)
    expect(open.logged('relay')[0]).toMatchObject({ door: `ws://${http}/p2p` })
    await node.waitForLog('peer connected', { inbound: false })
    // Ending does not wait for guests.
    await open.stop()
    await node.waitForLog('peer gone')
  } finally {
    await Promise.all([closed.remove(), node.remove(), open?.remove()])
  }
})

test('a connection that never says what it wants is cut off', async () => {
  if (!halfOpen.closed) await once(halfOpen, 'close')
  await expectWell()
  expect(toDisplay(chain.at(-1)!.hash)).toBe(await relay.text('/api/blocks/tip/hash'))
})
