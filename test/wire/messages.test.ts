import fc from 'fast-check'
import { expect, test } from 'vitest'
import { bytesToHex, concatBytes, hexToBytes } from '../../src/wire/hash.ts'
import { COMMANDS, decodeMessage, encodeMessage } from '../../src/wire/messages.ts'
import { GENESIS_HEADER, GENESIS_TRANSACTION, goldenMessages } from '../vectors/messages.ts'
import { anyMessage } from './any-message.ts'

const HASH = 'ab'.repeat(32)
const NO_IP = '00'.repeat(16)

test('there is a golden payload for every command', () => {
  expect(goldenMessages.map(({ message }) => message.command).sort()).toEqual([...COMMANDS].sort())
})

test.each(goldenMessages)('$message.command is read and written as in $source', ({ message, payload }) => {
  const hex = payload.replaceAll(' ', '')
  expect(decodeMessage(message.command, hexToBytes(hex))).toEqual(message)
  const written = encodeMessage(message)
  expect(written.command).toBe(message.command)
  expect(bytesToHex(written.payload)).toBe(hex)
  expect(written.payload.buffer.byteLength).toBe(written.payload.length)
})

const lengthened = goldenMessages.filter(({ message }) => !['version', 'tx', 'block'].includes(message.command))
test.each(lengthened)('$message.command with a byte too many is refused', ({ message, payload }) => {
  const bytes = hexToBytes(`${payload.replaceAll(' ', '')}00`)
  expect(() => decodeMessage(message.command, bytes)).toThrow(expect.objectContaining({ code: 'trailing' }))
})

const cut = goldenMessages.filter(
  ({ message, payload }) => payload.length > 0 && !['version', 'tx', 'block'].includes(message.command),
)
test.each(cut)('$message.command is refused however much of its end is missing', ({ message, payload }) => {
  const bytes = hexToBytes(payload.replaceAll(' ', ''))
  for (let length = 0; length < bytes.length; length++) {
    expect(() => decodeMessage(message.command, bytes.subarray(0, length))).toThrow(
      expect.objectContaining({ code: 'truncated' }),
    )
  }
})

test.each(['alert', 'reject', 'sendpackages', '', 'constructor', '__proto__', 'Inv'])(
  'the unknown command "%s" is passed over',
  (command) => {
    expect(decodeMessage(command, hexToBytes('00'))).toBeUndefined()
  },
)

test.each([
  ['inv', 'fd51c3', 'too-large', 'more than 50,000 entries'],
  ['getdata', 'feffffffff', 'too-large', 'four billion entries'],
  ['notfound', 'ffffffffffffffffff', 'too-large', 'a count above 2^53'],
  ['inv', 'fd0100', 'not-minimal', 'a count longer than needed'],
  ['addr', 'fde903', 'too-large', 'more than 1,000 addresses'],
  ['addrv2', 'fde903', 'too-large', 'more than 1,000 addresses'],
  ['addrv2', '01 00000000 00 01 05 0102030405 0000', 'bad-value', 'an IPv4 address of 5 bytes'],
  ['addrv2', '01 00000000 00 02 04 01020304 0000', 'bad-value', 'an IPv6 address of 4 bytes'],
  ['addrv2', '01 00000000 00 04 00 0000', 'bad-value', 'an empty TorV3 address'],
  ['addrv2', '01 00000000 00 05 01 00 0000', 'bad-value', 'an I2P address of 1 byte'],
  ['addrv2', '01 00000000 00 06 04 01020304 0000', 'bad-value', 'a CJDNS address of 4 bytes'],
  ['addrv2', '01 00000000 00 07 04 01020304 0000', 'bad-value', 'a Yggdrasil address of 4 bytes'],
  ['addrv2', '01 00000000 00 63 fd0102', 'too-large', 'an unknown address of 513 bytes'],
  ['addrv2', '01 00000000 ff0100000000000000', 'not-minimal', 'services longer than needed'],
  ['addrv2', '01 00000000 fd0100', 'not-minimal', 'services longer than needed'],
  ['getheaders', '80110100 66', 'too-large', 'a locator of 102 hashes'],
  ['getblocks', '80110100 66', 'too-large', 'a locator of 102 hashes'],
  ['headers', 'fdd107', 'too-large', '2,001 headers'],
  ['headers', `01 ${GENESIS_HEADER} 01`, 'bad-value', 'a header with transactions'],
  ['sendcmpct', '02 0200000000000000', 'bad-value', 'announce neither 0 nor 1'],
  ['cmpctblock', `${GENESIS_HEADER} 0000000000000000 00 00`, 'bad-value', 'no transactions'],
  [
    'cmpctblock',
    `${GENESIS_HEADER} 0000000000000000 00 01 01 ${GENESIS_TRANSACTION}`,
    'bad-value',
    'a prefilled transaction behind the end',
  ],
  ['cmpctblock', `${GENESIS_HEADER} 0000000000000000 fe00000100`, 'too-large', '65,536 short ids'],
  ['cmpctblock', `${GENESIS_HEADER} 0000000000000000 00 01 fdffff`, 'too-large', 'a place above 16 bits'],
  ['getblocktxn', `${HASH} 02 fdfeff 00`, 'too-large', 'places that add up to more than 16 bits'],
  ['getblocktxn', `${HASH} fe00000100`, 'too-large', '65,536 places'],
  ['blocktxn', `${HASH} fe00000100`, 'too-large', '65,536 transactions'],
  ['blocktxn', `${HASH} 01 01000000 00 02`, 'bad-value', 'a transaction with an unknown flag'],
  ['feature', '03 616263 00', 'bad-value', 'an id of 3 characters'],
  ['feature', '51', 'too-large', 'an id of 81 characters'],
  ['feature', '04 61626364 fd0102', 'too-large', '513 bytes of data'],
  ['cfheaders', `00 ${HASH} ${HASH} fdd107`, 'too-large', '2,001 filter hashes'],
  ['cfcheckpt', `00 ${HASH} fe49e80100`, 'too-large', 'more filter headers than a message holds'],
  ['filterload', 'fda18c', 'too-large', 'a filter of 36,001 bytes'],
  ['filterload', '00 33000000 00000000 00', 'too-large', '51 hash functions'],
  ['filteradd', 'fd0902', 'too-large', 'an element of 521 bytes'],
  ['merkleblock', `${GENESIS_HEADER} 1b410000`, 'too-large', 'more transactions than fit in a block'],
  ['merkleblock', `${GENESIS_HEADER} 07000000 fd1b41`, 'too-large', 'more hashes than transactions fit in a block'],
  ['ping', '', 'truncated', 'no nonce'],
  ['version', `80110100 ${'00'.repeat(16)}`, 'truncated', 'no address of the receiver'],
  [
    'version',
    `80110100 ${'00'.repeat(16)} ${`0000000000000000${NO_IP}0000`.repeat(2)} 0000000000000000 fd0101`,
    'too-large',
    'a user agent of 257 bytes',
  ],
])('%s %s is refused as %s: %s', (command, hex, code) => {
  const bytes = hexToBytes(hex.replaceAll(' ', ''))
  expect(() => decodeMessage(command, bytes)).toThrow(expect.objectContaining({ name: 'WireError', code }))
})

test.each([
  ['inv', { items: Array(50_001).fill({ type: 1, hash: new Uint8Array(32) }) }],
  ['inv', { items: [{ type: 1, hash: new Uint8Array(31) }] }],
  ['ping', { nonce: 1n << 64n }],
  ['feature', { id: 'abc', data: new Uint8Array() }],
  ['getblocktxn', { blockHash: new Uint8Array(32), indexes: [3, 3] }],
  ['filterload', { filter: new Uint8Array(), hashFunctions: 51, tweak: 0, flags: 0 }],
])('our own broken %s is a plain error', (command, fields) => {
  expect(() => encodeMessage({ command, ...fields } as never)).toThrow(RangeError)
})

test('every message is read back as it was written', () => {
  fc.assert(
    fc.property(anyMessage, (message) => {
      const { command, payload } = encodeMessage(message)
      expect(decodeMessage(command, payload)).toEqual(message)
    }),
    { numRuns: 500 },
  )
})

test('what is read from mutated bytes is written as these bytes, version aside', () => {
  const edit = fc.record({ at: fc.nat(), byte: fc.nat(255), cut: fc.boolean() })
  fc.assert(
    fc.property(anyMessage, fc.array(edit, { maxLength: 4 }), (message, edits) => {
      const { command, payload } = encodeMessage(message)
      let bytes: Uint8Array = payload
      for (const { at, byte, cut } of edits) {
        const place = at % (bytes.length + 1)
        bytes = concatBytes(bytes.subarray(0, place), Uint8Array.of(byte), bytes.subarray(cut ? place : place + 1))
      }
      let again: Uint8Array
      try {
        again = encodeMessage(decodeMessage(command, bytes)!).payload
      } catch (error) {
        expect((error as Error).name).toBe('WireError')
        return
      }
      if (command !== 'version') expect(bytesToHex(again)).toBe(bytesToHex(bytes))
    }),
    { numRuns: 1000 },
  )
})
