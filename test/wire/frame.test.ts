import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { encodeFrame, type Frame, FrameParser, MAX_PAYLOAD } from '../../src/wire/frame.ts'
import { bytesToHex, concatBytes, type Hasher, hexToBytes, nobleHasher } from '../../src/wire/hash.ts'
import { encodeMessage } from '../../src/wire/messages.ts'
import { anyBytes, anyMessage } from './any-message.ts'

const MAGIC = hexToBytes('f9beb4d9')
/** From the protocol documentation of the Bitcoin wiki. */
const VERACK = 'f9beb4d976657261636b000000000000000000005df6e0e2'

function chop(stream: Uint8Array, cuts: number[]): Uint8Array[] {
  const places = [0, ...cuts.map((cut) => cut % (stream.length + 1)).sort((a, b) => a - b), stream.length]
  return places.slice(1).map((end, i) => stream.subarray(places[i], end))
}

function refusal(parser: FrameParser, chunk: Uint8Array): string | undefined {
  try {
    parser.push(chunk)
  } catch (error) {
    expect((error as Error).name).toBe('WireError')
    return (error as { code: string }).code
  }
  return undefined
}

test('verack is written and read', () => {
  expect(bytesToHex(encodeFrame(MAGIC, 'verack', new Uint8Array()))).toBe(VERACK)
  expect(new FrameParser(MAGIC).push(hexToBytes(VERACK))).toEqual([{ command: 'verack', payload: new Uint8Array() }])
})

test('a command of all twelve characters is written and read', () => {
  const frame = encodeFrame(MAGIC, 'getcfheaders', Uint8Array.of(1))
  expect(new FrameParser(MAGIC).push(frame)).toEqual([{ command: 'getcfheaders', payload: Uint8Array.of(1) }])
})

test('messages survive any chopping of the stream', () => {
  const cuts = fc.array(fc.nat(), { maxLength: 40 })
  fc.assert(
    fc.property(fc.array(anyMessage, { minLength: 1, maxLength: 6 }), cuts, (messages, cuts) => {
      const encoded = messages.map(encodeMessage)
      const stream = concatBytes(...encoded.map(({ command, payload }) => encodeFrame(MAGIC, command, payload)))
      const parser = new FrameParser(MAGIC)
      const frames = chop(stream, cuts).flatMap((chunk) => parser.push(chunk))
      expect(frames).toEqual(encoded)
      expect(parser.pendingBytes).toBe(0)
      for (const { payload } of frames) expect(payload.buffer.byteLength).toBe(payload.length)
    }),
    { numRuns: 300 },
  )
})

test('a payload is a copy: the chunk it came in can be used again', () => {
  const chunk = encodeFrame(MAGIC, 'ping', Uint8Array.of(1, 2, 3))
  const [frame] = new FrameParser(MAGIC).push(chunk)
  chunk.fill(0)
  expect(frame!.payload).toEqual(Uint8Array.of(1, 2, 3))
})

describe('a stream that is not what it should be throws as soon as that shows', () => {
  const good = encodeFrame(MAGIC, 'ping', Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8))
  const changed = (at: number, ...bytes: number[]): Uint8Array => {
    const copy = good.slice()
    copy.set(bytes, at)
    return copy
  }

  test.each([
    ['another magic in its first byte', changed(0, 0xfa), 'bad-magic', 1],
    ['another magic in its last byte', changed(3, 0xd8), 'bad-magic', 4],
    ['an HTTP request', Uint8Array.from('GET / HTTP/1.1', (c) => c.charCodeAt(0)), 'bad-magic', 1],
    ['a command that is not ASCII', changed(4, 0xe9), 'bad-command', 24],
    ['a command with a control character', changed(7, 0x0a), 'bad-command', 24],
    ['a command with a delete character', changed(7, 0x7f), 'bad-command', 24],
    ['letters after the padding of a command', changed(9, 0x61), 'bad-command', 24],
    ['a length above four million', changed(16, 0x01, 0x09, 0x3d, 0x00), 'too-large', 24],
    ['a length of four billion', changed(16, 0xff, 0xff, 0xff, 0xff), 'too-large', 24],
    ['another checksum', changed(23, 0), 'bad-checksum', 32],
    ['another payload', changed(31, 0), 'bad-checksum', 32],
  ])('%s', (_, stream, code, at) => {
    expect(refusal(new FrameParser(MAGIC), stream)).toBe(code)
    const parser = new FrameParser(MAGIC)
    for (let i = 0; i < at - 1; i++) expect(refusal(parser, stream.subarray(i, i + 1))).toBeUndefined()
    expect(refusal(parser, stream.subarray(at - 1, at))).toBe(code)
    expect(refusal(parser, good)).toBe(code)
  })

  test('a second message after a good one', () => {
    expect(refusal(new FrameParser(MAGIC), concatBytes(good, changed(0, 0)))).toBe('bad-magic')
  })

  test('the largest payload allowed is a matter of the parser', () => {
    expect(new FrameParser(MAGIC, { maxPayload: 8 }).push(good).length).toBe(1)
    expect(refusal(new FrameParser(MAGIC, { maxPayload: 7 }), good)).toBe('too-large')
  })
})

test('our own commands and payloads that cannot be framed are plain errors', () => {
  expect(() => encodeFrame(MAGIC, 'thirteenchars', new Uint8Array())).toThrow(RangeError)
  expect(() => encodeFrame(MAGIC, 'block', new Uint8Array(MAX_PAYLOAD + 1))).toThrow(RangeError)
})

test('the hasher handed in makes and checks the checksums', () => {
  const hasher: Hasher = { ...nobleHasher, sha256d: () => new Uint8Array(32).fill(7) }
  const frame = encodeFrame(MAGIC, 'ping', new Uint8Array(8), hasher)
  expect(bytesToHex(frame.subarray(20, 24))).toBe('07070707')
  expect(new FrameParser(MAGIC, { hasher }).push(frame).length).toBe(1)
  expect(refusal(new FrameParser(MAGIC), frame)).toBe('bad-checksum')
})

test('the largest payload arrives in pieces of any size', () => {
  const payload = new Uint8Array(MAX_PAYLOAD)
  for (let i = 0; i < payload.length; i++) payload[i] = i * 31 + (i >> 11)
  const stream = encodeFrame(MAGIC, 'block', payload)
  for (const size of [1000, 65_536, 1_000_003, stream.length]) {
    const parser = new FrameParser(MAGIC)
    const frames: Frame[] = []
    for (let at = 0; at < stream.length; at += size) frames.push(...parser.push(stream.subarray(at, at + size)))
    expect(frames.length).toBe(1)
    expect(frames[0]!.payload.buffer.byteLength).toBe(MAX_PAYLOAD)
    expect(Buffer.compare(frames[0]!.payload, payload)).toBe(0)
  }
})

// A parser that copies what it has for every chunk would take minutes for this.
test('a megabyte in chunks of one byte takes work in proportion', () => {
  const stream = encodeFrame(MAGIC, 'block', new Uint8Array(1_000_000).fill(3))
  const parser = new FrameParser(MAGIC)
  let frames = 0
  for (let at = 0; at < stream.length; at++) frames += parser.push(stream.subarray(at, at + 1)).length
  expect(frames).toBe(1)
})

test('a claimed length costs no memory before bytes have come', () => {
  const opening = encodeFrame(MAGIC, 'block', new Uint8Array(MAX_PAYLOAD)).subarray(0, 24 + 1000)
  const before = process.memoryUsage().arrayBuffers
  const parsers = Array.from({ length: 2000 }, () => new FrameParser(MAGIC))
  for (const parser of parsers) parser.push(opening)
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(20_000_000)
  expect(parsers[0]!.pendingBytes).toBe(opening.length)
})

test('random bytes after the magic only ever throw a WireError', () => {
  fc.assert(
    fc.property(anyBytes(200), fc.array(fc.nat(), { maxLength: 5 }), (bytes, cuts) => {
      const parser = new FrameParser(MAGIC)
      for (const chunk of chop(concatBytes(MAGIC, bytes), cuts)) if (refusal(parser, chunk)) return
    }),
    { numRuns: 500 },
  )
})
