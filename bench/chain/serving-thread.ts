import { createServer, type Socket } from 'node:net'
import { parentPort, workerData } from 'node:worker_threads'
import { regtest } from '../../src/chain/networks/regtest.ts'
import { nodeHasher } from '../../src/node/hasher.ts'
import { encodeFrame, FrameParser } from '../../src/wire/frame.ts'
import { hashKey } from '../../src/wire/hash.ts'
import { MAX_HEADERS } from '../../src/wire/headers.ts'
import { decodeMessage, encodeMessage, type Message } from '../../src/wire/messages.ts'
import { NO_ADDRESS } from '../../src/wire/net-address.ts'
import { Services } from '../../src/wire/services.ts'
import { PROTOCOL_VERSION } from '../../src/wire/version.ts'
import { blocksOf } from './chain-file.ts'

/**
 * The least that a peer has to be to be synced from: answers `version`, `ping`, `getheaders` and `getdata` for blocks.
 * All frames are made before anybody dials, so that serving costs little more than the kernel's copies.
 */
const heightOf = new Map([[hashKey(regtest.genesisHash), 0]])
const headers: Uint8Array[] = []
const frames: Uint8Array[] = []
for (const block of blocksOf(workerData as string)) {
  const header = block.slice(0, 80)
  headers.push(header)
  frames.push(encodeFrame(regtest.magic, 'block', block, nodeHasher))
  heightOf.set(hashKey(nodeHasher.sha256d(header)), headers.length)
}

function send(socket: Socket, message: Message): void {
  const { command, payload } = encodeMessage(message)
  socket.write(encodeFrame(regtest.magic, command, payload, nodeHasher))
}

function answer(socket: Socket, message: Message): void {
  switch (message.command) {
    case 'version':
      send(socket, {
        command: 'version',
        version: PROTOCOL_VERSION,
        services: Services.NETWORK | Services.WITNESS,
        timestamp: BigInt(Math.floor(Date.now() / 1000)),
        addrRecv: NO_ADDRESS,
        addrFrom: NO_ADDRESS,
        nonce: 1n,
        userAgent: '/bench:1/',
        startHeight: headers.length,
        relay: false,
      })
      send(socket, { command: 'verack' })
      break
    case 'ping':
      send(socket, { ...message, command: 'pong' })
      break
    case 'getheaders': {
      const known = message.locator.map((hash) => heightOf.get(hashKey(hash))).find((height) => height !== undefined)
      const from = known ?? 0
      send(socket, { command: 'headers', headers: headers.slice(from, from + MAX_HEADERS) })
      break
    }
    case 'getdata':
      socket.cork()
      for (const { hash } of message.items) {
        const frame = frames[(heightOf.get(hashKey(hash)) ?? 0) - 1]
        if (frame) socket.write(frame)
      }
      socket.uncork()
      break
  }
}

let dialled = false
const server = createServer((socket) => {
  if (!dialled) parentPort!.postMessage(performance.timeOrigin + performance.now())
  dialled = true
  socket.setNoDelay(true)
  socket.on('error', () => {})
  const parser = new FrameParser(regtest.magic, { hasher: nodeHasher })
  socket.on('data', (chunk) => {
    for (const { command, payload } of parser.push(chunk)) {
      const message = decodeMessage(command, payload)
      if (message) answer(socket, message)
    }
  })
})
server.listen(0, '127.0.0.1', () => {
  const address = server.address()
  parentPort!.postMessage(typeof address === 'object' ? address!.port : 0)
})
