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
 * All frames are made before anybody connects, so that serving costs little more than the kernel's copies.
 */
export class ServedChain {
  readonly #heightOf = new Map([[hashKey(regtest.genesisHash), 0]])
  readonly #headers: Uint8Array[] = []
  readonly #frames: Uint8Array[] = []

  /** `blocks`: how many of the file's, unless all. */
  constructor(path: string, blocks = Number.POSITIVE_INFINITY) {
    for (const block of blocksOf(path)) {
      if (this.#headers.length >= blocks) break
      const header = block.slice(0, 80)
      this.#headers.push(header)
      this.#frames.push(encodeFrame(regtest.magic, 'block', block, nodeHasher))
      this.#heightOf.set(hashKey(nodeHasher.sha256d(header)), this.#headers.length)
    }
  }

  /** The frame with which the side that dials begins. */
  hello(): Uint8Array {
    return frameOf({
      command: 'version',
      version: PROTOCOL_VERSION,
      services: Services.NETWORK | Services.WITNESS,
      timestamp: BigInt(Math.floor(Date.now() / 1000)),
      addrRecv: NO_ADDRESS,
      addrFrom: NO_ADDRESS,
      nonce: 1n,
      userAgent: '/bench:1/',
      startHeight: this.#headers.length,
      relay: false,
    })
  }

  /** What takes a peer's bytes, as they come, and hands frames to `write`. `greeted`: `hello` was sent already. */
  listener(write: (frame: Uint8Array) => void, { greeted }: { greeted: boolean }): (chunk: Uint8Array) => void {
    const parser = new FrameParser(regtest.magic, { hasher: nodeHasher })
    return (chunk) => {
      for (const { command, payload } of parser.push(chunk)) {
        const message = decodeMessage(command, payload)
        if (!message) continue
        if (message.command === 'version' && !greeted) write(this.hello())
        for (const frame of this.#answers(message)) write(frame)
      }
    }
  }

  *#answers(message: Message): Generator<Uint8Array> {
    switch (message.command) {
      case 'version':
        yield frameOf({ command: 'verack' })
        break
      case 'ping':
        yield frameOf({ ...message, command: 'pong' })
        break
      case 'getheaders': {
        const heights = message.locator.map((hash) => this.#heightOf.get(hashKey(hash)))
        const from = heights.find((height) => height !== undefined) ?? 0
        yield frameOf({ command: 'headers', headers: this.#headers.slice(from, from + MAX_HEADERS) })
        break
      }
      case 'getdata':
        for (const { hash } of message.items) {
          const frame = this.#frames[(this.#heightOf.get(hashKey(hash)) ?? 0) - 1]
          if (frame) yield frame
        }
    }
  }
}

function frameOf(message: Message): Uint8Array {
  const { command, payload } = encodeMessage(message)
  return encodeFrame(regtest.magic, command, payload, nodeHasher)
}
