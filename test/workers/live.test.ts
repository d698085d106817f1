import { evictDurableObject } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { expect, test } from 'vitest'
import { SOCKET_PATH } from '../../src/api/ws/path.ts'
import { ledgerOf } from '../../src/cloudflare/env.ts'
import { toDisplay } from '../../src/wire/hash.ts'
import { type SseEvent, SseReader } from '../api/sse.ts'
import { poll } from '../poll.ts'
import { ChainMaker } from '../sim/chain-maker.ts'
import { ask, WsPeer } from './ws-peer.ts'

const LIVE = { within: 10_000 }

/** Programs that follow the relay both ways, and what they were told. */
async function follow() {
  const { webSocket: ws } = await ask(SOCKET_PATH, { headers: { Upgrade: 'websocket' } })
  if (!ws) throw new Error('no WebSocket')
  // biome-ignore lint/suspicious/noExplicitAny: what a program reads is its own affair
  const messages: Record<string, any>[] = []
  ws.addEventListener('message', ({ data }) => {
    messages.push(JSON.parse(String(data)))
  })
  ws.accept()
  ws.send(JSON.stringify({ action: 'want', data: ['blocks'] }))
  await poll('blocks are told', () => messages.length > 0, LIVE)

  const events: SseEvent[] = []
  const stream = (await ask('/events')).body!.pipeThrough(new TextDecoderStream()).getReader()
  const reader = new SseReader()
  const reading = (async () => {
    for (;;) {
      const { done, value } = await stream.read()
      if (done) return
      events.push(...reader.read(value))
    }
  })()
  await poll('the stream begins', () => events.length > 0, LIVE)
  return {
    messages,
    events,
    end: async () => {
      ws.close()
      await stream.cancel()
      await reading
    },
  }
}

test('who follows holds no object: the ledger goes and comes back, and all are told', async () => {
  const maker = new ChainMaker({ seed: 12 })
  const peer = await WsPeer.dial()
  const mine = async () => {
    const [block] = maker.mine(1)
    peer.send(peer.peer.mined(block!.bytes))
    await poll(
      'the relay has it',
      async () => (await (await ask('/api/blocks/tip/hash')).text()) === toDisplay(block!.hash),
    )
    return toDisplay(block!.hash)
  }
  await mine()
  const { messages, events, end } = await follow()
  const second = await mine()
  await poll('the block is told', () => messages.some(({ block }) => block?.id === second), LIVE)
  await poll(
    'and on the stream',
    () => events.some(({ type, data }) => type === 'block' && data.includes(second)),
    LIVE,
  )

  await evictDurableObject(ledgerOf(env))
  await poll('its log is another one', () => events.some(({ type }) => type === 'reset'), LIVE)
  await poll('and all blocks are told', () => messages.filter(({ blocks }) => blocks).length === 2, LIVE)
  const third = await mine()
  await poll('what comes then is told as ever', () => messages.some(({ block }) => block?.id === third), LIVE)
  await poll('and on the stream', () => events.some(({ type, data }) => type === 'block' && data.includes(third)), LIVE)
  expect(events.filter(({ type }) => type === 'block')).toHaveLength(2)
  await end()
  peer.close()
})
