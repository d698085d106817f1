import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { hubOf, ledgerOf } from '../../src/cloudflare/env.ts'
import type { Attachment } from '../../src/cloudflare/hub-socket.ts'
import worker from '../../src/cloudflare/worker.ts'
import { CloseCode, DOOR_PATH, MAX_FRAME, SUBPROTOCOL } from '../../src/host/door.ts'
import { HANDSHAKE_WITHIN } from '../../src/peer/handshake.ts'
import { poll } from '../poll.ts'
import { ask, ORIGIN, openDoor, WsPeer } from './ws-peer.ts'

const upgrade = (protocols?: string): RequestInit => ({
  headers: { Upgrade: 'websocket', ...(protocols && { 'Sec-WebSocket-Protocol': protocols }) },
})

async function up(options?: Parameters<typeof WsPeer.dial>[0]): Promise<WsPeer> {
  const peer = await WsPeer.dial(options)
  await poll('the handshake is done', () => peer.peer.up && peer.peer.heard.includes('pong'))
  return peer
}

const closeOf = (peer: WsPeer) => poll('it is closed', () => peer.closed)
const attachments = () =>
  runInDurableObject(hubOf(env), (_, state) =>
    state.getWebSockets().map((ws) => ws.deserializeAttachment() as Attachment),
  )

describe('the door', () => {
  test('opens for those who offer its protocol, among others', async () => {
    const response = await ask(DOOR_PATH, upgrade(`other, ${SUBPROTOCOL}`))
    expect([response.status, response.headers.get('Sec-WebSocket-Protocol')]).toEqual([101, SUBPROTOCOL])
    response.webSocket!.accept()
    response.webSocket!.close()
  })

  test.each<[number, RequestInit]>([
    [426, {}],
    [400, upgrade()],
    [400, upgrade('causeway.p2p.v9')],
  ])('answers %i to others', async (status, init) => {
    const response = await ask(DOOR_PATH, init)
    expect([response.status, await response.text()]).toEqual([status, `this door speaks ${SUBPROTOCOL}\n`])
  })

  test.each<[string, number, string | ArrayBuffer]>([
    ['a text message', CloseCode.NOT_BINARY, 'version'],
    ['a message that is too long', CloseCode.TOO_LARGE, new ArrayBuffer(MAX_FRAME + 1)],
  ])('closes after %s', async (_, code, message) => {
    const peer = await up()
    peer.ws.send(message)
    expect((await closeOf(peer)).code).toBe(code)
  })

  test('closes after bytes of another network, and says why', async () => {
    const peer = await up()
    peer.ws.send(new Uint8Array(24).fill(7))
    expect(await closeOf(peer)).toEqual({ code: CloseCode.NORMAL, reason: 'bad-magic' })
  })

  test('takes the stream in any pieces', async () => {
    const peer = await up({ cut: 1 })
    expect(peer.closed).toBeUndefined()
    peer.close()
  })
})

describe('a link at rest', () => {
  test('is an attachment of less than 2 KB that holds no address, whatever the peer calls itself', async () => {
    const style = { ...(await up()).peer.style, userAgent: 'x'.repeat(256) }
    const peer = await up({ style })
    const kept = await attachments()
    expect(kept.every(({ snapshot }) => snapshot)).toBe(true)
    for (const attachment of kept) {
      const size = JSON.stringify(attachment, (_, value) => (typeof value === 'bigint' ? `${value}` : value)).length
      expect(size).toBeLessThan(1000)
    }
    peer.close()
  })

  test('lets the object sleep: no timer is set, and after a flush none is left', async () => {
    await up()
    // Eviction waits for whatever runs; a timer that sets itself again would hold it up until the test times out.
    await evictDurableObject(hubOf(env))
  })

  test('is closed if half a message went with the memory, and the others stay', async () => {
    const [half, whole] = [await up(), await up()]
    half.ws.send(Uint8Array.of(0xfa, 0xbf, 0xb5, 0xda, 0x70))
    await poll('half a message is there', async () => (await attachments()).some(({ snapshot }) => !snapshot))
    await evictDurableObject(hubOf(env))
    whole.send(whole.peer.say({ command: 'ping', nonce: 1n }))
    expect((await closeOf(half)).code).toBe(CloseCode.RESTART)
    await poll('the other one is answered', () => whole.peer.heard.at(-1) === 'pong')
    expect(whole.closed).toBeUndefined()
  })
})

describe('a handshake that is not completed', () => {
  afterEach(() => {
    vi.useRealTimers()
  })

  test('is ended by the alarm', async () => {
    const ws = await openDoor()
    let closed: CloseEvent | undefined
    ws.addEventListener('close', (event) => {
      closed = event as CloseEvent
    })
    ws.accept()
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + HANDSHAKE_WITHIN + 1000 })
    expect(await runDurableObjectAlarm(hubOf(env))).toBe(true)
    vi.useRealTimers()
    await poll('it is closed', () => closed)
    expect(closed!.reason).toBe('handshake-timeout')
  })

  test('is ended when the object has lost its memory', async () => {
    const peer = await WsPeer.dial({ misdeeds: ['no-verack'] })
    await poll('it is under way', () => peer.peer.heard.includes('version'))
    await evictDurableObject(hubOf(env))
    await runDurableObjectAlarm(hubOf(env))
    expect((await closeOf(peer)).code).toBe(CloseCode.RESTART)
  })
})

describe('settings', () => {
  const over = async (vars: Record<string, string>, path: string) => {
    const response = await worker.fetch(new Request(`${ORIGIN}${path}`) as never, { ...env, ...vars })
    return [response.status, await response.text()] as const
  }

  test.each(['/', '/api/blocks/tip/height', DOOR_PATH])('main is refused at %s, with the reason', async (path) => {
    const [status, text] = await over({ CAUSEWAY_NETWORK: 'main' }, path)
    expect(status).toBe(503)
    expect(text).toContain('does not fit')
  })

  test('mistakes are told all at once', async () => {
    const [status, text] = await over({ CAUSEWAY_NETWORK: 'moon', CAUSEWAY_MIN_WORK: 'much' }, '/')
    expect(status).toBe(503)
    expect(text).toMatch(/network: "moon".*; min-work: "much"/)
  })
})

test('questions alone wake no hub', async () => {
  await ask('/api/blocks/tip/height')
  await evictDurableObject(hubOf(env)).catch(() => {})
  await evictDurableObject(ledgerOf(env)).catch(() => {})
  await ask('/api/blocks/tip/height')
  await expect(evictDurableObject(hubOf(env))).rejects.toThrow('not currently running')
})
