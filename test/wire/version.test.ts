import { expect, test } from 'vitest'
import { bytesToHex, hexToBytes } from '../../src/wire/hash.ts'
import { decodeMessage, encodeMessage } from '../../src/wire/messages.ts'
import { NO_ADDRESS } from '../../src/wire/net-address.ts'
import { printable } from '../../src/wire/version.ts'

const ADDRESS = `0900000000000000 ${'00'.repeat(10)} ffff 01020304 208d`
const LOCAL = { services: 9n, address: hexToBytes('00000000000000000000ffff01020304'), port: 8333 }

const START = `80110100 0900000000000000 0000006500000000 ${ADDRESS}`
const started = { command: 'version', version: 70016, services: 9n, timestamp: 0x65000000n, addrRecv: LOCAL }

/** Each form with what it leaves out as Bitcoin Core assumes it. */
const forms: [string, string, object][] = [
  ['the first form', START, { addrFrom: NO_ADDRESS, nonce: 0n, userAgent: '', startHeight: -1, relay: true }],
  [
    'without user agent',
    `${START} ${ADDRESS} 0100000000000000`,
    { addrFrom: LOCAL, nonce: 1n, userAgent: '', startHeight: -1, relay: true },
  ],
  [
    'without height',
    `${START} ${ADDRESS} 0100000000000000 03 2f612f`,
    { addrFrom: LOCAL, nonce: 1n, userAgent: '/a/', startHeight: -1, relay: true },
  ],
  [
    'without relay flag',
    `${START} ${ADDRESS} 0100000000000000 03 2f612f 07000000`,
    { addrFrom: LOCAL, nonce: 1n, userAgent: '/a/', startHeight: 7, relay: true },
  ],
  [
    'without wanting transactions',
    `${START} ${ADDRESS} 0100000000000000 03 2f612f 07000000 00`,
    { addrFrom: LOCAL, nonce: 1n, userAgent: '/a/', startHeight: 7, relay: false },
  ],
  [
    'with an odd relay flag and additions',
    `${START} ${ADDRESS} 0100000000000000 03 2f612f 07000000 02 aabbcc`,
    { addrFrom: LOCAL, nonce: 1n, userAgent: '/a/', startHeight: 7, relay: true },
  ],
]

test.each(forms)('%s is read, and written in full', (_, hex, assumed) => {
  const message = decodeMessage('version', hexToBytes(hex.replaceAll(' ', '')))
  expect(message).toEqual({ ...started, ...assumed })
  expect(decodeMessage('version', encodeMessage(message).payload)).toEqual(message)
})

test('a Litecoin node that names no addresses is read', () => {
  // Litecoin Core 0.21.2.1: services 0x100044d, receiver all zero, its services once more as the sender's.
  const none = '00'.repeat(18)
  const hex = `80110100 4d04000100000000 0000006500000000 0000000000000000 ${none} 4d04000100000000 ${none} 0807060504030201 17 2f4c697465636f696e436f72653a302e32312e322e312f 00000000 01`
  const message = decodeMessage('version', hexToBytes(hex.replaceAll(' ', '')))
  expect(message.services).toBe(0x100044dn)
  expect(message.addrRecv).toEqual(NO_ADDRESS)
  expect(message.addrFrom).toEqual({ ...NO_ADDRESS, services: 0x100044dn })
  expect(bytesToHex(encodeMessage(message).payload)).toBe(hex.replaceAll(' ', ''))
})

test.each([
  ['/Satoshi:27.0.0/', '/Satoshi:27.0.0/'],
  ['/a\u0000b\n\u001b[31mé\u007f/', '/a?b??[31m??/'],
])('the user agent %j is shown as %s', (userAgent, shown) => {
  expect(printable(userAgent)).toBe(shown)
})
