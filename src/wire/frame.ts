import { WireError } from './error.ts'
import { type Hasher, nobleHasher } from './hash.ts'

/** Magic 4, command 12, length 4, checksum 4. */
export const FRAME_HEADER_SIZE = 24
export const MAX_PAYLOAD = 4_000_000
const COMMAND_SIZE = 12
/** First allocation for a payload that comes in pieces; doubled as bytes arrive. */
const FIRST_CAPACITY = 4096

/** One message off the wire. The payload is alone in its ArrayBuffer, so it can be handed to another thread. */
export interface Frame {
  command: string
  payload: Uint8Array<ArrayBuffer>
}

/** A whole v1 message, header and payload, in one buffer. */
export function encodeFrame(
  magic: Uint8Array,
  command: string,
  payload: Uint8Array,
  hasher: Hasher = nobleHasher,
): Uint8Array<ArrayBuffer> {
  if (command.length > COMMAND_SIZE) throw new RangeError(`command ${command} is longer than ${COMMAND_SIZE}`)
  if (payload.length > MAX_PAYLOAD) throw new RangeError(`payload of ${payload.length} bytes`)
  const frame = new Uint8Array(FRAME_HEADER_SIZE + payload.length)
  frame.set(magic)
  for (let i = 0; i < command.length; i++) frame[4 + i] = command.charCodeAt(i)
  new DataView(frame.buffer).setUint32(16, payload.length, true)
  frame.set(hasher.sha256d(payload).subarray(0, 4), 20)
  frame.set(payload, FRAME_HEADER_SIZE)
  return frame
}

/**
 * Cuts a byte stream into messages, however it was chopped. Wrong magic, command, length or checksum throws as soon as
 * it can be seen, before anything is allocated for the payload; a parser that has thrown throws the same again.
 * Held memory is at most twice what has arrived of the message (and 4 KB), never what its header claims.
 */
export class FrameParser {
  readonly #magic: Uint8Array
  readonly #maxPayload: number
  readonly #hasher: Hasher
  readonly #header = new Uint8Array(FRAME_HEADER_SIZE)
  readonly #headerView = new DataView(this.#header.buffer)
  #headerFill = 0
  #command = ''
  /** Of the payload that is under way. */
  #length = 0
  #payload: Uint8Array<ArrayBuffer> = new Uint8Array(0)
  #payloadFill = 0
  #failure: WireError | undefined

  constructor(magic: Uint8Array, options: { maxPayload?: number; hasher?: Hasher } = {}) {
    this.#magic = magic
    this.#maxPayload = options.maxPayload ?? MAX_PAYLOAD
    this.#hasher = options.hasher ?? nobleHasher
  }

  /** Bytes held of a message that is not complete yet. */
  get pendingBytes(): number {
    return this.#headerFill + this.#payloadFill
  }

  /** The messages that end in this chunk. */
  push(chunk: Uint8Array): Frame[] {
    if (this.#failure) throw this.#failure
    try {
      return this.#parse(chunk)
    } catch (error) {
      if (error instanceof WireError) this.#failure = error
      throw error
    }
  }

  #parse(chunk: Uint8Array): Frame[] {
    const frames: Frame[] = []
    let at = 0
    while (at < chunk.length) {
      if (this.#headerFill < FRAME_HEADER_SIZE) {
        at += this.#takeHeader(chunk, at)
        if (this.#headerFill < FRAME_HEADER_SIZE) break
      }
      at += this.#takePayload(chunk, at)
      if (this.#payloadFill === this.#length) frames.push(this.#complete())
    }
    return frames
  }

  #takeHeader(chunk: Uint8Array, at: number): number {
    const from = this.#headerFill
    const taken = Math.min(FRAME_HEADER_SIZE - from, chunk.length - at)
    for (let i = 0; i < taken; i++) this.#header[from + i] = chunk[at + i]!
    this.#headerFill = from + taken
    for (let i = from; i < this.#headerFill && i < 4; i++) {
      if (this.#header[i] !== this.#magic[i]) throw new WireError('bad-magic')
    }
    if (this.#headerFill === FRAME_HEADER_SIZE) {
      this.#command = readCommand(this.#header)
      this.#length = this.#headerView.getUint32(16, true)
      if (this.#length > this.#maxPayload) throw new WireError('too-large', `payload of ${this.#length} bytes`)
    }
    return taken
  }

  #takePayload(chunk: Uint8Array, at: number): number {
    const fill = this.#payloadFill
    const taken = Math.min(this.#length - fill, chunk.length - at)
    const needed = fill + taken
    if (needed > this.#payload.length) {
      const capacity = Math.min(this.#length, Math.max(needed, this.#payload.length * 2, FIRST_CAPACITY))
      this.#payload = new Uint8Array(this.#payload.buffer.transfer(capacity))
    }
    if (taken === chunk.length) this.#payload.set(chunk, fill)
    else this.#payload.set(chunk.subarray(at, at + taken), fill)
    this.#payloadFill = needed
    return taken
  }

  #complete(): Frame {
    const payload = this.#payload
    const checksum = this.#hasher.sha256d(payload)
    for (let i = 0; i < 4; i++) if (checksum[i] !== this.#header[20 + i]) throw new WireError('bad-checksum')
    this.#headerFill = 0
    this.#payloadFill = 0
    this.#payload = new Uint8Array(0)
    return { command: this.#command, payload }
  }
}

/** Twelve bytes: printable ASCII, then only zeros. */
function readCommand(header: Uint8Array): string {
  let command = ''
  let i = 4
  for (; i < 4 + COMMAND_SIZE && header[i] !== 0; i++) {
    const byte = header[i]!
    if (byte < 0x20 || byte > 0x7e) throw new WireError('bad-command')
    command += String.fromCharCode(byte)
  }
  for (; i < 4 + COMMAND_SIZE; i++) if (header[i] !== 0) throw new WireError('bad-command')
  return command
}
