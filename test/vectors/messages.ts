import { hexToBytes } from '../../src/wire/hash.ts'
import type { Message } from '../../src/wire/messages.ts'

/**
 * One payload for every message, set by hand field by field from the document named in `source`. Header and first
 * transaction are those of Bitcoin's genesis block.
 */
export interface GoldenMessage {
  message: Message
  /** Fields apart by spaces. */
  payload: string
  source: string
}

const PROTOCOL = 'the protocol documentation of the Bitcoin wiki'

export const GENESIS_HEADER =
  '0100000000000000000000000000000000000000000000000000000000000000000000003ba3edfd7a7b12b27ac72c3e67768f617fc81bc3888a51323a9fb8aa4b1e5e4a29ab5f49ffff001d1dac2b7c'
export const GENESIS_TRANSACTION =
  '01000000010000000000000000000000000000000000000000000000000000000000000000ffffffff4d04ffff001d0104455468652054696d65732030332f4a616e2f32303039204368616e63656c6c6f72206f6e206272696e6b206f66207365636f6e64206261696c6f757420666f722062616e6b73ffffffff0100f2052a01000000434104678afdb0fe5548271967f1a67130b7105cd6a828e03909a67962e0ea1f61deb649f6bc3f4cef38c4f35504e51ec112de5c384df7ba0b8d578a4c702b6bf11d5fac00000000'

const A = `${'0f'.repeat(31)}a1`
const B = `${'0f'.repeat(31)}b2`
const C = `${'0f'.repeat(31)}c3`
const [a, b, c] = [A, B, C].map(hexToBytes) as [Uint8Array, Uint8Array, Uint8Array]
const header = hexToBytes(GENESIS_HEADER)
const tx = hexToBytes(GENESIS_TRANSACTION)
const ipv4 = '00000000000000000000ffff01020304'

const items = [
  { type: 1, hash: a },
  { type: 0x40000002, hash: b },
]
const itemsHex = `02 01000000 ${A} 02000040 ${B}`

export const goldenMessages: GoldenMessage[] = [
  {
    message: {
      command: 'version',
      version: 70016,
      services: 0x409n,
      timestamp: 0x65000000n,
      addrRecv: { services: 1n, address: hexToBytes(ipv4), port: 8333 },
      addrFrom: { services: 0x409n, address: new Uint8Array(16), port: 0 },
      nonce: 0x1122334455667788n,
      userAgent: '/a:1/',
      startHeight: 830_000,
      relay: true,
    },
    payload: `80110100 0904000000000000 0000006500000000 0100000000000000 ${ipv4} 208d 0904000000000000 ${'00'.repeat(16)} 0000 8877665544332211 05 2f613a312f 30aa0c00 01`,
    source: PROTOCOL,
  },
  { message: { command: 'verack' }, payload: '', source: PROTOCOL },
  { message: { command: 'wtxidrelay' }, payload: '', source: 'BIP339' },
  { message: { command: 'sendaddrv2' }, payload: '', source: 'BIP155' },
  {
    message: { command: 'feature', id: 'relay.x', data: hexToBytes('0102') },
    payload: '07 72656c61792e78 02 0102',
    source: 'BIP434',
  },
  {
    message: { command: 'sendtxrcncl', version: 1, salt: 0x1122334455667788n },
    payload: '01000000 8877665544332211',
    source: 'BIP330',
  },
  { message: { command: 'ping', nonce: 0x0102030405060708n }, payload: '0807060504030201', source: 'BIP31' },
  { message: { command: 'pong', nonce: 0xffffffffffffffffn }, payload: 'ffffffffffffffff', source: 'BIP31' },
  { message: { command: 'getaddr' }, payload: '', source: PROTOCOL },
  {
    message: {
      command: 'addr',
      addresses: [{ time: 0x4d1015e2, services: 1n, address: hexToBytes(ipv4), port: 8333 }],
    },
    payload: `01 e215104d 0100000000000000 ${ipv4} 208d`,
    source: PROTOCOL,
  },
  {
    message: {
      command: 'addrv2',
      addresses: [
        { time: 0x4966bc61, services: 0x409n, network: 1, address: hexToBytes('01020304'), port: 8333 },
        { time: 0x4966bc61, services: 1n << 40n, network: 4, address: c, port: 9 },
        { time: 0, services: 0n, network: 200, address: hexToBytes('abcdef'), port: 0 },
      ],
    },
    payload: `03 61bc6649 fd0904 01 04 01020304 208d 61bc6649 ff0000000000010000 04 20 ${C} 0009 00000000 00 c8 03 abcdef 0000`,
    source: 'BIP155',
  },
  { message: { command: 'inv', items }, payload: itemsHex, source: PROTOCOL },
  { message: { command: 'getdata', items }, payload: itemsHex, source: 'BIP144' },
  { message: { command: 'notfound', items }, payload: itemsHex, source: PROTOCOL },
  { message: { command: 'tx', bytes: tx }, payload: GENESIS_TRANSACTION, source: 'the genesis block' },
  {
    message: { command: 'block', bytes: hexToBytes(`${GENESIS_HEADER}01${GENESIS_TRANSACTION}`) },
    payload: `${GENESIS_HEADER} 01 ${GENESIS_TRANSACTION}`,
    source: 'the genesis block',
  },
  {
    message: { command: 'getheaders', version: 70016, locator: [a, b], stop: c },
    payload: `80110100 02 ${A} ${B} ${C}`,
    source: PROTOCOL,
  },
  {
    message: { command: 'headers', headers: [header, header] },
    payload: `02 ${GENESIS_HEADER} 00 ${GENESIS_HEADER} 00`,
    source: PROTOCOL,
  },
  { message: { command: 'sendheaders' }, payload: '', source: 'BIP130' },
  {
    message: { command: 'getblocks', version: 70016, locator: [], stop: c },
    payload: `80110100 00 ${C}`,
    source: PROTOCOL,
  },
  {
    message: { command: 'sendcmpct', announce: true, version: 2n },
    payload: '01 0200000000000000',
    source: 'BIP152',
  },
  {
    message: {
      command: 'cmpctblock',
      header,
      nonce: 1n,
      shortIds: [0x665544332211, 0x000000000001],
      prefilled: [
        { index: 0, bytes: tx },
        { index: 3, bytes: tx },
      ],
    },
    payload: `${GENESIS_HEADER} 0100000000000000 02 112233445566 010000000000 02 00 ${GENESIS_TRANSACTION} 02 ${GENESIS_TRANSACTION}`,
    source: 'BIP152',
  },
  {
    message: { command: 'getblocktxn', blockHash: a, indexes: [1, 2, 300] },
    payload: `${A} 03 01 00 fd2901`,
    source: 'BIP152',
  },
  {
    message: { command: 'blocktxn', blockHash: a, transactions: [tx] },
    payload: `${A} 01 ${GENESIS_TRANSACTION}`,
    source: 'BIP152',
  },
  { message: { command: 'feefilter', feeRate: 1000n }, payload: 'e803000000000000', source: 'BIP133' },
  {
    message: { command: 'getcfilters', filterType: 0, startHeight: 100, stopHash: a },
    payload: `00 64000000 ${A}`,
    source: 'BIP157',
  },
  {
    message: { command: 'cfilter', filterType: 0, blockHash: a, filter: hexToBytes('019dfca8') },
    payload: `00 ${A} 04 019dfca8`,
    source: 'BIP157',
  },
  {
    message: { command: 'getcfheaders', filterType: 0, startHeight: 100, stopHash: a },
    payload: `00 64000000 ${A}`,
    source: 'BIP157',
  },
  {
    message: { command: 'cfheaders', filterType: 0, stopHash: a, previousHeader: b, filterHashes: [c] },
    payload: `00 ${A} ${B} 01 ${C}`,
    source: 'BIP157',
  },
  {
    message: { command: 'getcfcheckpt', filterType: 0, stopHash: a },
    payload: `00 ${A}`,
    source: 'BIP157',
  },
  {
    message: { command: 'cfcheckpt', filterType: 0, stopHash: a, filterHeaders: [b, c] },
    payload: `00 ${A} 02 ${B} ${C}`,
    source: 'BIP157',
  },
  { message: { command: 'mempool' }, payload: '', source: 'BIP35' },
  {
    message: { command: 'filterload', filter: hexToBytes('b50f'), hashFunctions: 11, tweak: 5, flags: 1 },
    payload: '02 b50f 0b000000 05000000 01',
    source: 'BIP37',
  },
  { message: { command: 'filteradd', data: hexToBytes('fdacf9') }, payload: '03 fdacf9', source: 'BIP37' },
  { message: { command: 'filterclear' }, payload: '', source: 'BIP37' },
  {
    message: { command: 'merkleblock', header, transactionCount: 7, hashes: [a, b], flags: hexToBytes('1d') },
    payload: `${GENESIS_HEADER} 07000000 02 ${A} ${B} 01 1d`,
    source: 'BIP37',
  },
]
