import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { regtest } from '../../src/chain/networks/regtest.ts'
import { Link, type LinkOutput } from '../../src/peer/link.ts'
import { encodeFrame, FrameParser } from '../../src/wire/frame.ts'
import { concatBytes, hexToBytes } from '../../src/wire/hash.ts'
import { encodeMessage, type Message } from '../../src/wire/messages.ts'
import { NO_ADDRESS } from '../../src/wire/net-address.ts'
import { BCOIN, CORE, LITECOIN, type NodeStyle } from '../sim/node-styles.ts'
import { SeededRandom } from '../sim/random.ts'
import { ScriptedPeer } from '../sim/scripted-peer.ts'
import { chop } from './chop.ts'

const NOW = 1_700_000_000_000
const NONCE = 0x0102030405060708n

function makeLink(options: { inbound: boolean; version?: number; ownNonces?: ReadonlySet<bigint> }): Link {
  const ours = {
    version: options.version ?? 70_017,
    services: 9n,
    userAgent: '/Causeway:0.1.0/',
    relay: true,
    nonce: NONCE,
    startHeight: 0,
  }
  const { inbound, ownNonces } = options
  const random = new SeededRandom(5)
  return new Link({ id: 1, network: regtest, inbound, ours, random, now: NOW, ...(ownNonces && { ownNonces }) })
}

function frame(message: Message): Uint8Array<ArrayBuffer> {
  const { command, payload } = encodeMessage(message)
  return encodeFrame(regtest.magic, command, payload)
}

function versionMessage(changes: Partial<Extract<Message, { command: 'version' }>> = {}): Message {
  return {
    command: 'version',
    version: 70_016,
    services: 9n,
    timestamp: 0n,
    addrRecv: NO_ADDRESS,
    addrFrom: NO_ADDRESS,
    nonce: 77n,
    userAgent: '/peer/',
    startHeight: 12,
    relay: true,
    ...changes,
  }
}

/** The commands in what the link writes. */
function written(outputs: readonly LinkOutput[]): string[] {
  const parser = new FrameParser(regtest.magic)
  return outputs.flatMap((output) => (output.do === 'write' ? parser.push(output.bytes).map((f) => f.command) : []))
}

function feed(link: Link, ...messages: Message[]): LinkOutput[] {
  return messages.flatMap((message) => link.receive(frame(message), NOW))
}

/** Both talk until nobody has anything left to say. Returns what came out of the link, apart from bytes. */
function converse(link: Link, peer: ScriptedPeer, pieces: (bytes: Uint8Array) => Uint8Array[]): LinkOutput[] {
  const seen: LinkOutput[] = []
  const toPeer: Uint8Array[] = []
  const toLink: Uint8Array[] = [...peer.start()]
  const take = (outputs: LinkOutput[]) => {
    for (const output of outputs) {
      if (output.do === 'write') toPeer.push(output.bytes)
      else seen.push(output)
    }
  }
  take(link.start(NOW))
  while (toPeer.length + toLink.length > 0) {
    const bytes = toPeer.shift()
    if (bytes) for (const piece of pieces(bytes)) toLink.push(...peer.onBytes(piece))
    const back = toLink.shift()
    if (back) for (const piece of pieces(back)) take(link.receive(piece, NOW))
  }
  return seen
}

function up(options: { inbound?: boolean; version?: number } = {}): Link {
  const link = makeLink({ inbound: options.inbound ?? true })
  link.start(NOW)
  feed(link, versionMessage({ version: options.version ?? 70_016 }), { command: 'verack' })
  expect(link.info).toBeDefined()
  return link
}

const STYLES: [string, NodeStyle][] = [
  ['Bitcoin Core', CORE],
  ['Litecoin Core', LITECOIN],
  ['bcoin', BCOIN],
]

describe.each(STYLES)('handshake with %s', (_, style) => {
  test.each([true, false])('completes whoever dials (the peer: %s), under any chopping', (dials) => {
    const random = new SeededRandom(9)
    for (const longest of [1, 7, 1000]) {
      const peer = new ScriptedPeer({ style, dials })
      const seen = converse(makeLink({ inbound: dials }), peer, (bytes) => chop(bytes, random, longest))
      expect(peer.hungUp).toBeUndefined()
      expect(peer.up).toBe(true)
      expect(seen[0]).toEqual({
        do: 'up',
        info: {
          version: style.version,
          services: style.services,
          userAgent: style.userAgent,
          startHeight: 0,
          inbound: dials,
          relay: true,
          wtxidrelay: style.version >= 70_016,
        },
      })
      const messages = seen.slice(1).map((output) => output.do === 'message' && output.command)
      const first = dials || style.alwaysGetaddr ? ['getaddr'] : []
      const rest = style.afterVerack.map(({ command }) => command as string).filter((command) => command !== 'ping')
      const closing = style.closing.map(({ command }) => command as string)
      expect(messages).toEqual([...first, ...rest, style.syncsBy, ...closing])
    }
  })

  test('the link says what a node of today says, in its order', () => {
    const peer = new ScriptedPeer({ style, dials: true })
    converse(makeLink({ inbound: true }), peer, (bytes) => [bytes])
    const negotiation = style.version >= 70_016 ? ['wtxidrelay', 'sendaddrv2'] : []
    const pongs = style.afterVerack.some(({ command }) => command === 'ping') ? ['pong'] : []
    expect(peer.heard).toEqual(['version', ...negotiation, 'verack', ...pongs])
    expect(peer.theirs).toMatchObject({ version: 70_017, services: 9n, userAgent: '/Causeway:0.1.0/', relay: true })
  })
})

describe('handshake', () => {
  test('who dials speaks first, who is dialled waits', () => {
    expect(written(makeLink({ inbound: false }).start(NOW))).toEqual(['version'])
    expect(makeLink({ inbound: true }).start(NOW)).toEqual([])
  })

  test('a verack before the version is remembered', () => {
    const link = makeLink({ inbound: true })
    expect(feed(link, { command: 'verack' })).toEqual([])
    expect(feed(link, versionMessage()).at(-1)).toMatchObject({ do: 'up' })
  })

  test('what has no meaning before verack is passed over, and so is a second version', () => {
    const link = makeLink({ inbound: true })
    const early: Message[] = [{ command: 'wtxidrelay' }, { command: 'ping', nonce: 1n }, { command: 'getaddr' }]
    expect(feed(link, ...early)).toEqual([])
    feed(link, versionMessage())
    const later: Message[] = [
      versionMessage({ version: 1 }),
      { command: 'sendtxrcncl', version: 1, salt: 5n },
      { command: 'inv', items: [] },
    ]
    expect(feed(link, ...later)).toEqual([])
    const outputs = feed(link, { command: 'verack' })
    expect(outputs).toMatchObject([{ do: 'up', info: { version: 70_016, wtxidrelay: false } }])
    expect(feed(link, { command: 'verack' }, versionMessage())).toEqual([])
  })

  test.each<[string, Partial<Extract<Message, { command: 'version' }>>]>([
    ['obsolete-version', { version: 31_799 }],
    ['obsolete-version', { version: -1 }],
    ['self-connection', { nonce: NONCE }],
    ['self-connection', { nonce: 4n }],
  ])('closes with %s after %o', (reason, changes) => {
    const link = makeLink({ inbound: true, ownNonces: new Set([4n]) })
    expect(feed(link, versionMessage(changes))).toEqual([{ do: 'close', reason, misbehaving: false }])
    expect(link.deadline).toBe(Number.POSITIVE_INFINITY)
    expect(feed(link, versionMessage())).toEqual([])
    expect(link.send('ping', new Uint8Array(8))).toEqual([])
  })

  test('the oldest form of version, which ends after the first address, is enough', () => {
    const link = makeLink({ inbound: true })
    // Version 31800, services 1, time 0, address of zeros.
    const payload = hexToBytes(`387c0000${'0100000000000000'}${'00'.repeat(8)}${'00'.repeat(26)}`)
    link.receive(encodeFrame(regtest.magic, 'version', payload), NOW)
    expect(feed(link, { command: 'verack' })).toMatchObject([
      { do: 'up', info: { version: 31_800, startHeight: -1, relay: true, userAgent: '' } },
    ])
    expect(link.deadline).toBe(Number.POSITIVE_INFINITY)
  })

  test('a feature is read where both speak it, and refused where it was not negotiated', () => {
    const feature: Message = { command: 'feature', id: 'relay.prefill', data: new Uint8Array(3) }
    const modern = makeLink({ inbound: true })
    feed(modern, versionMessage({ version: 70_017 }))
    expect(feed(modern, feature)).toEqual([])
    const older = makeLink({ inbound: true })
    feed(older, versionMessage({ version: 70_016 }))
    expect(feed(older, feature)).toMatchObject([{ do: 'close', reason: 'feature-not-negotiated' }])
    const broken = makeLink({ inbound: true })
    feed(broken, versionMessage({ version: 70_017 }))
    const outputs = broken.receive(encodeFrame(regtest.magic, 'feature', Uint8Array.of(1, 65)), NOW)
    expect(outputs).toEqual([{ do: 'close', reason: 'malformed-feature', misbehaving: true }])
  })

  test.each<Message>([
    { command: 'wtxidrelay' },
    { command: 'sendaddrv2' },
    { command: 'feature', id: 'abcd', data: new Uint8Array(0) },
  ])('$command after verack closes', (message) => {
    const reason = `${message.command}-after-verack`
    expect(feed(up(), message)).toEqual([{ do: 'close', reason, misbehaving: false }])
  })

  test('wtxidrelay counts only from peers of 70016 on', () => {
    for (const [version, expected] of [
      [70_015, false],
      [70_016, true],
    ] as const) {
      const link = makeLink({ inbound: true })
      const said = written(feed(link, versionMessage({ version })))
      expect(said.includes('wtxidrelay')).toBe(expected)
      const outputs = feed(link, { command: 'wtxidrelay' }, { command: 'sendaddrv2' }, { command: 'verack' })
      expect(outputs).toMatchObject([{ do: 'up', info: { wtxidrelay: expected } }])
      expect(link.addrv2).toBe(true)
    }
  })

  test('the user agent comes out printable', () => {
    const link = makeLink({ inbound: true })
    feed(link, versionMessage({ userAgent: '/\x1b[31m\u00e9/' }), { command: 'verack' })
    expect(link.info!.userAgent).toBe('/?[31m?/')
  })

  test('a handshake that is not complete after 60 s is closed', () => {
    const link = makeLink({ inbound: true })
    feed(link, versionMessage())
    expect(link.deadline).toBe(NOW + 60_000)
    expect(link.wake(NOW + 59_999)).toEqual([])
    expect(link.wake(NOW + 60_000)).toEqual([{ do: 'close', reason: 'handshake-timeout', misbehaving: false }])
    expect(link.wake(NOW + 70_000)).toEqual([])
  })
})

describe('keepalive', () => {
  const MINUTE = 60_000

  test('pings a quiet peer, measures the round trip, and is content with the right pong', () => {
    const link = up()
    expect(link.deadline).toBe(NOW + 2 * MINUTE)
    link.receive(frame({ command: 'getaddr' }), NOW + MINUTE)
    expect(link.deadline).toBe(NOW + 3 * MINUTE)
    const outputs = link.wake(NOW + 3 * MINUTE)
    expect(written(outputs)).toEqual(['ping'])
    const nonce = new DataView((outputs[0] as { bytes: Uint8Array<ArrayBuffer> }).bytes.buffer).getBigUint64(24, true)
    expect(link.deadline).toBe(NOW + 23 * MINUTE)
    link.receive(frame({ command: 'pong', nonce: nonce ^ 1n }), NOW + 3 * MINUTE + 10)
    expect(link.deadline).toBe(NOW + 23 * MINUTE)
    link.receive(frame({ command: 'pong', nonce }), NOW + 3 * MINUTE + 45)
    expect(link.rttMs).toBe(45)
    expect(link.deadline).toBe(NOW + 5 * MINUTE + 45)
  })

  test('closes a peer that does not pong in 20 minutes, however much else it says', () => {
    const link = up()
    link.wake(NOW + 2 * MINUTE)
    link.receive(frame({ command: 'getaddr' }), NOW + 20 * MINUTE)
    expect(link.wake(NOW + 22 * MINUTE - 1)).toEqual([])
    expect(link.wake(NOW + 22 * MINUTE)).toEqual([{ do: 'close', reason: 'pong-timeout', misbehaving: false }])
  })

  test('answers pings with their nonce, and those from before BIP31 not at all', () => {
    const link = up()
    expect(link.receive(frame({ command: 'ping', nonce: 99n }), NOW)).toEqual([
      { do: 'write', bytes: frame({ command: 'pong', nonce: 99n }) },
    ])
    expect(link.receive(encodeFrame(regtest.magic, 'ping', new Uint8Array(0)), NOW)).toEqual([])
    expect(link.receive(encodeFrame(regtest.magic, 'pong', new Uint8Array(0)), NOW)).toEqual([])
    expect(up({ version: 60_000 }).deadline).toBe(Number.POSITIVE_INFINITY)
  })
})

describe('bad bytes', () => {
  test.each([
    ['bad-magic', '474554202f20485454502f312e310d0a'],
    ['too-large', 'fabfb5da696e7600000000000000000001093d0000000000'],
    ['bad-command', 'fabfb5da69006e76000000000000000000000000005df6e0e2'],
    ['bad-checksum', 'fabfb5da76657261636b000000000000000000005df6e0e3'],
  ])('%s closes without blame', (reason, hex) => {
    expect(up().receive(hexToBytes(hex), NOW)).toEqual([{ do: 'close', reason, misbehaving: false }])
  })

  test('a malformed payload closes with its command', () => {
    const link = makeLink({ inbound: true })
    expect(link.receive(encodeFrame(regtest.magic, 'version', new Uint8Array(20)), NOW)).toEqual([
      { do: 'close', reason: 'malformed-version', misbehaving: true },
    ])
    expect(up().receive(encodeFrame(regtest.magic, 'ping', new Uint8Array(3)), NOW)).toEqual([
      { do: 'close', reason: 'malformed-ping', misbehaving: true },
    ])
  })

  test('no bytes make it throw, and none come out after close', () => {
    const anyFrame = fc
      .tuple(
        fc.constantFrom('version', 'verack', 'ping', 'pong', 'feature', 'tx', 'x'),
        fc.uint8Array({ maxLength: 120 }),
      )
      .map(([command, payload]) => encodeFrame(regtest.magic, command, payload))
    const anyChunk = fc.oneof(anyFrame, fc.uint8Array({ maxLength: 60 }), fc.constant(frame(versionMessage())))
    fc.assert(
      fc.property(fc.boolean(), fc.array(anyChunk, { maxLength: 12 }), (inbound, chunks) => {
        const link = makeLink({ inbound })
        const outputs = [...link.start(NOW), ...chunks.flatMap((chunk) => link.receive(chunk, NOW))]
        const closing = outputs.findIndex((output) => output.do === 'close')
        expect(closing === -1 || closing === outputs.length - 1).toBe(true)
        expect(link.closed).toBe(closing !== -1)
      }),
    )
  })

  test('any chopping of a conversation gives the same messages', () => {
    const stream = concatBytes(
      frame(versionMessage({ version: 70_017 })),
      frame({ command: 'wtxidrelay' }),
      frame({ command: 'verack' }),
      frame({ command: 'ping', nonce: 4n }),
      frame({ command: 'inv', items: [{ type: 2, hash: new Uint8Array(32).fill(7) }] }),
      frame({ command: 'getaddr' }),
    )
    const whole = makeLink({ inbound: true }).receive(stream, NOW)
    expect(whole.filter((output) => output.do === 'message')).toHaveLength(2)
    fc.assert(
      fc.property(fc.integer(), fc.integer({ min: 1, max: 200 }), (seed, longest) => {
        const link = makeLink({ inbound: true })
        const pieces = chop(stream, new SeededRandom(seed), longest)
        expect(pieces.flatMap((piece) => link.receive(piece, NOW))).toEqual(whole)
      }),
    )
  })
})

describe('snapshot', () => {
  test('a link at rest goes on in another process as if nothing had been', () => {
    const link = up()
    link.wake(NOW + 120_000)
    const snapshot = structuredClone(link.snapshot()!)
    const ours = { version: 70_017, services: 9n, userAgent: '', relay: true, nonce: NONCE, startHeight: 0 }
    const again = new Link(
      { id: 1, network: regtest, inbound: true, ours, random: new SeededRandom(1), now: NOW + 130_000 },
      snapshot,
    )
    expect(again.info).toEqual(link.info)
    expect(again.deadline).toBe(link.deadline)
    expect(again.receive(frame({ command: 'getaddr' }), NOW + 130_000)).toMatchObject([{ do: 'message' }])
    expect(again.wake(link.deadline)).toMatchObject([{ do: 'close', reason: 'pong-timeout' }])
  })

  test('in the middle of a handshake or of a frame there is none', () => {
    expect(makeLink({ inbound: true }).snapshot()).toBeUndefined()
    const link = up()
    link.receive(frame({ command: 'getaddr' }).subarray(0, 10), NOW)
    expect(link.snapshot()).toBeUndefined()
  })
})
