import fc from 'fast-check'
import { expect, test } from 'vitest'
import { WireError } from '../../src/wire/error.ts'
import { concatBytes, hexToBytes } from '../../src/wire/hash.ts'
import { COMMANDS, type Command, decodeMessage } from '../../src/wire/messages.ts'
import { parseTransaction } from '../../src/wire/transaction.ts'
import { GENESIS_HEADER } from '../vectors/messages.ts'
import { anyBytes } from './any-message.ts'

const SIZE = 4_000_000

/** True when the bytes were read; anything but a `WireError` fails the test. */
function survives(read: () => unknown): boolean {
  try {
    read()
    return true
  } catch (error) {
    if (!(error instanceof WireError)) throw error
    return false
  }
}

test('random bytes only ever throw a WireError', () => {
  fc.assert(
    fc.property(fc.constantFrom(...COMMANDS), anyBytes(300), (command, bytes) => {
      survives(() => decodeMessage(command, bytes))
      survives(() => parseTransaction(bytes))
    }),
    { numRuns: 3000 },
  )
})

// The largest payloads, of bytes that make every count and length as large or as small as it can be.
test.each(COMMANDS)('four megabytes of the same byte as %s are dealt with at once', (command) => {
  for (const byte of [0x00, 0x01, 0x02, 0x80, 0xfc, 0xfd, 0xfe, 0xff]) {
    survives(() => decodeMessage(command, new Uint8Array(SIZE).fill(byte)))
  }
})

/** A transaction that fills the space with empty witness items, or with items of one byte. */
function manyItems(size: number, itemSize: 0 | 1): Uint8Array {
  const head = hexToBytes(`010000000001 01 ${'00'.repeat(36)} 00 ffffffff 00 fe00000000`.replaceAll(' ', ''))
  const bytes = new Uint8Array(size).fill(itemSize)
  bytes.set(head)
  const space = size - head.length - 4
  const count = Math.floor(space / (itemSize + 1))
  new DataView(bytes.buffer).setUint32(head.length - 4, count, true)
  return bytes.subarray(0, head.length + count * (itemSize + 1) + 4)
}

/** Most memory that a decoding may hold on to for each byte of its payload. */
function heapPerByte(read: () => unknown, size: number): number {
  const before = process.memoryUsage().heapUsed
  const value = read()
  const after = process.memoryUsage().heapUsed
  expect(value).toBeDefined()
  return (after - before) / size
}

test('a transaction of the largest relayed size with only witness items is read', () => {
  const bytes = manyItems(400_000, 1)
  expect(parseTransaction(bytes).tx.inputs[0]!.witness.length).toBe(199_971)
})

const around: [Command, (tx: Uint8Array) => Uint8Array][] = [
  ['blocktxn', (tx) => concatBytes(new Uint8Array(32), Uint8Array.of(1), tx)],
  ['cmpctblock', (tx) => concatBytes(hexToBytes(GENESIS_HEADER), new Uint8Array(8), Uint8Array.of(0, 1, 0), tx)],
]
test.each(around)('%s with a transaction of millions of witness items takes no memory for them', (command, wrap) => {
  for (const itemSize of [0, 1] as const) {
    const payload = wrap(manyItems(3_900_000, itemSize))
    expect(heapPerByte(() => decodeMessage(command, payload), payload.length)).toBeLessThan(3)
  }
})
