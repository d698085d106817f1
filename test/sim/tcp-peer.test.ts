import { afterEach, expect, test } from 'vitest'
import { ChainMaker } from './chain-maker.ts'
import { BCOIN, CORE, LITECOIN } from './node-styles.ts'
import { dialAsPeer, TcpPeerServer } from './tcp-peer.ts'

const chain = new ChainMaker({ seed: 81 }).mine(40).map(({ bytes }) => bytes)
const cleanups: (() => Promise<void> | void)[] = []

afterEach(async () => {
  for (const clean of cleanups.splice(0).reverse()) await clean()
})

test.each([
  ['Core', CORE],
  ['Litecoin', LITECOIN],
  ['bcoin', BCOIN],
])('a scripted %s node takes a chain in from a scripted server over TCP', async (_, style) => {
  const server = await TcpPeerServer.listen({ blocks: chain, syncs: false })
  cleanups.push(() => server.close())
  const dialled = await dialAsPeer(server.port, { style, nonce: 7n })
  cleanups.push(() => dialled.close())
  await new Promise<void>((resolve, reject) => {
    dialled.socket.on('close', () => reject(new Error(`closed: ${dialled.peer.hungUp}`)))
    dialled.socket.on('data', () => {
      if (dialled.peer.shelf.tip.height === 40) resolve()
    })
  })
  expect(dialled.peer.hungUp).toBeUndefined()
  expect(server.connections[0]!.peer.theirs!.userAgent).toBe(style.userAgent)
})
