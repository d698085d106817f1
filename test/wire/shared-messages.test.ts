import { expect, test } from 'vitest'
import { FrameParser } from '../../src/wire/frame.ts'
import { bytesToHex, hexToBytes } from '../../src/wire/hash.ts'
import { decodeMessage, encodeMessage } from '../../src/wire/messages.ts'
import { describeShared, readShared, readSharedJson } from '../shared.ts'

const MAINNET = hexToBytes('f9beb4d9')
const REGTEST = hexToBytes('fabfb5da')

/** Commands of the past that real peers sent; they are passed over. */
const FORGOTTEN = ['alert', 'reject']

function expectSameBytes(command: string, payload: Uint8Array): void {
  const message = decodeMessage(command, payload)
  if (FORGOTTEN.includes(command)) {
    expect(message).toBeUndefined()
    return
  }
  expect(message?.command).toBe(command)
  const again = encodeMessage(message!)
  expect(again.command).toBe(command)
  expect(bytesToHex(again.payload)).toBe(bytesToHex(payload))
}

function expectSameFrame(magic: Uint8Array, command: string, hex: string): void {
  const frames = new FrameParser(magic).push(hexToBytes(hex))
  expect(frames.map((frame) => frame.command)).toEqual([command])
  expectSameBytes(command, frames[0]!.payload)
}

describeShared('messages that real peers sent parse and are written as the same bytes', () => {
  test.each(Object.keys(readSharedJson('wire/messages-2014.json')))('%s of 2014', (command) => {
    expectSameFrame(MAINNET, command, readSharedJson('wire/messages-2014.json')[command])
  })

  test.each([
    ['messages-2021.json', MAINNET],
    ['messages-2025.json', MAINNET],
    ['messages-regtest.json', REGTEST],
  ])('all of %s', (file, magic) => {
    const messages: { command: string; hex: string }[] = readSharedJson(`wire/${file}`)
    expect(messages.length).toBeGreaterThan(0)
    for (const { command, hex } of messages) expectSameFrame(magic, command, hex)
  })

  test('a whole session of 2014', () => {
    const frames = new FrameParser(MAINNET).push(readShared('wire/session-2014-mainnet.bin'))
    expect(frames.length).toBe(24)
    for (const { command, payload } of frames) expectSameBytes(command, payload)
  })

  const payloads: Record<string, string> = readSharedJson('wire/payloads-rust-bitcoin.json').payloads
  test.each(Object.entries(payloads))('the payload %s', (name, hex) => {
    const command = name.startsWith('reject') ? 'reject' : name
    expectSameBytes(command, hexToBytes(hex))
  })

  test('a version message of 2018', () => {
    expectSameFrame(MAINNET, 'version', readSharedJson('wire/payloads-rust-bitcoin.json').whole_version_message)
  })
})

describeShared('addresses as Bitcoin Core writes them', () => {
  const { addr_payload, addrv2_payload, entries } = readSharedJson('wire/addr-v1-v2-core.json')
  const expected = entries.map((entry: { time: number; services: number; port: number }) => ({
    time: entry.time,
    services: BigInt(entry.services),
    port: entry.port,
  }))
  const loopback = hexToBytes('00000000000000000000000000000001')

  test('addr', () => {
    expectSameBytes('addr', hexToBytes(addr_payload))
    const { addresses } = decodeMessage('addr', hexToBytes(addr_payload))
    expect(addresses).toEqual(expected.map((entry: object) => ({ ...entry, address: loopback })))
  })

  test('addrv2', () => {
    expectSameBytes('addrv2', hexToBytes(addrv2_payload))
    const { addresses } = decodeMessage('addrv2', hexToBytes(addrv2_payload))
    expect(addresses).toEqual(expected.map((entry: object) => ({ ...entry, network: 2, address: loopback })))
  })
})

describeShared('compact blocks', () => {
  test('of a testnet block', () => expectSameBytes('cmpctblock', readShared('compactblocks/cmpctblock-898352.bin')))

  test('of a segwit block', () => {
    const { cmpctblock, nonce, block } = readSharedJson('compactblocks/bip152-segwit-regtest.json')
    expectSameBytes('cmpctblock', hexToBytes(cmpctblock))
    const compact = decodeMessage('cmpctblock', hexToBytes(cmpctblock))
    expect(compact.nonce).toBe(BigInt(nonce))
    expect(bytesToHex(compact.header)).toBe(block.slice(0, 160))
  })

  const indexes = readSharedJson('compactblocks/getblocktxn-indexes.json')
  const blockHash = 'ab'.repeat(32)

  test.each<{ encoded: string; indexes: number[] }>(indexes.cases)('indexes $encoded', ({ encoded, indexes }) => {
    expect(decodeMessage('getblocktxn', hexToBytes(blockHash + encoded)).indexes).toEqual(indexes)
    expectSameBytes('getblocktxn', hexToBytes(blockHash + encoded))
  })

  test.each<string>(indexes.overflow_must_fail)('indexes %s are refused', (encoded) => {
    expect(() => decodeMessage('getblocktxn', hexToBytes(blockHash + encoded))).toThrow(
      expect.objectContaining({ code: 'too-large' }),
    )
  })
})

describeShared('merkle blocks', () => {
  test.each([0, 1, 10, 100, 1000, 1850])('the proof of transaction %i of block 830000', (index) => {
    expectSameBytes('merkleblock', readShared(`merkle/txoutproof-830000-${index}.bin`))
  })
  test('of block 300025', () => expectSameBytes('merkleblock', readShared('merkle/merkleblock-300025.bin')))
  test('of block 100002', () => {
    const hex = new TextDecoder().decode(readShared('merkle/merkleblock-100002.hex')).trim()
    expectSameBytes('merkleblock', hexToBytes(hex))
  })
})
