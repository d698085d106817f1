import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { TestProject } from 'vitest/node'
import { toDisplay } from '../../src/wire/hash.ts'
import { ChainMaker } from '../sim/chain-maker.ts'
import { TcpPeerServer } from '../sim/tcp-peer.ts'

declare module 'vitest' {
  interface ProvidedContext {
    peer: string
    peers: string
  }
}

/** What `GET` of the peers' URL answers. */
export interface PeersState {
  /** All connections that there ever were; the last one is last. */
  connections: { up: boolean; closed: boolean; height: number; tip: string; pongs: number }[]
  /** Blocks of the chain that the peers' owner has made. */
  made: number
}

/** Blocks that a peer has from the beginning; `dialer.test.ts` counts on them. */
const BLOCKS = 60

/** A peer on TCP beside the relay under test, and an HTTP server by which tests command it. Names of paths say what. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const maker = new ChainMaker({ seed: 11 })
  const blocks = maker.mine(BLOCKS).map(({ bytes }) => bytes)
  const peers = await TcpPeerServer.listen({ blocks })
  const state = (): PeersState => ({
    connections: peers.connections.map(({ peer, closed }) => ({
      up: peer.up,
      closed,
      height: peer.shelf.tip.height,
      tip: toDisplay(peer.shelf.tip.hash),
      pongs: peer.heard.filter((command) => command === 'pong').length,
    })),
    made: maker.tip.height,
  })
  const commands: Record<string, () => unknown> = {
    '/': state,
    '/hang-up': () => peers.connections.at(-1)!.close(),
    '/mine': () => {
      const last = peers.connections.at(-1)!
      for (const { bytes } of maker.mine(1)) {
        blocks.push(bytes)
        last.send(last.peer.mined(bytes))
      }
    },
    // More than may be on its way to the hub at one time.
    '/chatter': () => {
      const last = peers.connections.at(-1)!
      const items = Array.from({ length: 1000 }, () => ({ type: 1, hash: new Uint8Array(32).fill(7) }))
      for (let i = 0; i < 150; i++) last.send(last.peer.say({ command: 'notfound', items }))
      return { written: last.socket.bytesWritten }
    },
    '/deaf': () => {
      peers.connections.at(-1)!.socket.pause()
    },
    '/ping': () => {
      const last = peers.connections.at(-1)!
      last.send(last.peer.say({ command: 'ping', nonce: 5n }))
    },
    '/endless': () => ({ Status: 0, Answer: [{ type: 1, data: '1'.repeat(100_000) }] }),
  }
  const doh = (type: string | null) => ({
    Status: 0,
    Answer: [type === 'A' ? { type: 1, data: '203.0.114.9' } : { type: 28, data: '2001:db9::9' }],
  })
  const http = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url!, 'http://peers')
    const asksSeed = pathname === '/dns-query' && request.headers.accept === 'application/dns-json'
    const isKnown = asksSeed ? searchParams.get('name') === 'seed.example' : pathname in commands
    response.writeHead(isKnown ? 200 : 500)
    response.end(JSON.stringify((asksSeed ? doh(searchParams.get('type')) : commands[pathname]?.()) ?? null))
  })
  http.listen(0, '127.0.0.1')
  await once(http, 'listening')
  project.provide('peer', `127.0.0.1:${peers.port}`)
  project.provide('peers', `http://127.0.0.1:${(http.address() as AddressInfo).port}`)
  return async () => {
    http.closeAllConnections()
    http.close()
    await peers.close()
  }
}
