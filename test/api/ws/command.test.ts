import { expect, test } from 'vitest'
import { readCommands } from '../../../src/api/ws/command.ts'
import { regtest } from '../../../src/chain/networks/regtest.ts'
import { addressOf } from '../../../src/script/address.ts'
import { p2pk, p2wpkh } from '../../../src/script/build.ts'
import { fromDisplay, hexToBytes } from '../../../src/wire/hash.ts'

const read = (message: unknown) =>
  readCommands(typeof message === 'string' ? message : JSON.stringify(message), regtest, 3)
const TXID = '0123456789abcdef'.repeat(4)
const KEY = `02${'ab'.repeat(32)}`
const script = p2wpkh(new Uint8Array(20).fill(7))
const ADDRESS = addressOf(script, regtest.address)!
const MAINNET = 'bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4'

test.each<[unknown, unknown]>([
  [{ action: 'init' }, [{ do: 'init' }]],
  [{ action: 'ping' }, [{ do: 'ping' }]],
  [
    { action: 'want', data: ['blocks', 'stats', 'live-2h-chart', 7] },
    [{ do: 'want', topics: new Set(['blocks', 'stats']) }],
  ],
  [{ action: 'want', data: [] }, [{ do: 'want', topics: new Set() }]],
  [{ 'refresh-blocks': true }, [{ do: 'refresh-blocks' }]],
  [{ 'track-tx': TXID }, [{ do: 'track-tx', txid: fromDisplay(TXID), watch: false }]],
  [
    { 'track-tx': TXID.toUpperCase(), 'watch-mempool': true },
    [{ do: 'track-tx', txid: fromDisplay(TXID), watch: true }],
  ],
  [{ 'track-tx': 'stop' }, [{ do: 'track-tx', txid: undefined, watch: false }]],
  [{ 'track-txs': [TXID, 'x', 5] }, [{ do: 'track-txs', txids: [fromDisplay(TXID)] }]],
  [{ 'track-txs': TXID }, [{ do: 'track-txs', txids: [] }]],
  [{ 'track-txs': Array(101).fill(TXID) }, [{ do: 'too-many', kind: 'txs' }]],
  [{ 'track-address': ADDRESS }, [{ do: 'track-scripts', kind: 'address', scripts: new Map([[ADDRESS, script]]) }]],
  [
    { 'track-address': KEY },
    [{ do: 'track-scripts', kind: 'address', scripts: new Map([[KEY, p2pk(hexToBytes(KEY))]]) }],
  ],
  [{ 'track-address': 'stop' }, [{ do: 'track-scripts', kind: 'address', scripts: new Map() }]],
  [{ 'track-address': MAINNET }, [{ do: 'track-scripts', kind: 'address', scripts: new Map() }]],
  [
    { 'track-addresses': [ADDRESS, ADDRESS.toUpperCase(), MAINNET] },
    [
      {
        do: 'track-scripts',
        kind: 'addresses',
        scripts: new Map([ADDRESS, ADDRESS.toUpperCase()].map((a) => [a, script])),
      },
    ],
  ],
  [{ 'track-addresses': ['a', 'b', 'c', 'd'] }, [{ do: 'too-many', kind: 'addresses' }]],
  [
    { 'track-scriptpubkeys': ['51', 'zz', ''] },
    [{ do: 'track-scripts', kind: 'scriptpubkeys', scripts: new Map([['51', Uint8Array.of(0x51)]]) }],
  ],
  [{ 'track-scriptpubkeys': ['51', '52', '53', '54'] }, [{ do: 'too-many', kind: 'scriptpubkeys' }]],
  [{ 'track-mempool-txids': true }, [{ do: 'track-mempool-txids', on: true }]],
  [{ 'track-mempool-txids': false }, [{ do: 'track-mempool-txids', on: false }]],
  [{ action: 'ping', 'refresh-blocks': true, 'track-mempool-txids': 1 }, [{ do: 'refresh-blocks' }, { do: 'ping' }]],
])('%j is understood', (message, commands) => {
  expect(read(message)).toEqual(commands)
})

test.each<[unknown]>([
  [{}],
  ['[]'],
  ['7'],
  ['"init"'],
  ['true'],
  [{ action: 'donate', 'track-asset': TXID, 'track-rbf': 'all' }],
  [{ action: 'want', data: 'blocks' }],
  [{ action: ['init'] }],
  [{ 'track-tx': '' }],
  [{ 'track-addresses': { length: 3 } }],
  ['{"__proto__":{"action":"init"}}'],
])('%j means nothing', (message) => {
  expect(read(message)).toEqual([])
})

test.each([['null'], [''], ['{'], ['{"action":"init"} x'], ['\u0000'], ['undefined'], ['['.repeat(20_000)]])(
  '%j is no message',
  (text) => {
    expect(read(text)).toBeUndefined()
  },
)
