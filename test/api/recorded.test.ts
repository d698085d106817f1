import { expect, test } from 'vitest'
import { blockJson } from '../../src/api/block-view.ts'
import { type TxJson, txView } from '../../src/api/tx-view.ts'
import { type Network, networks } from '../../src/chain/network.ts'
import type { TxInfo } from '../../src/ledger/queries.ts'
import { fromDisplay, hexToBytes } from '../../src/wire/hash.ts'
import { describeShared, readDat, readSharedJson } from '../shared.ts'
import { FakeLedger } from './fake-ledger.ts'

interface Recorded {
  path: string
  body: unknown
}

/** A transaction as a ledger would hand it over, with what only a ledger knows taken from the recording. */
function infoFrom(json: TxJson, hex: string): TxInfo {
  const { status } = json
  return {
    txid: fromDisplay(json.txid),
    raw: hexToBytes(hex),
    prevouts: json.vin.map(({ prevout }) =>
      prevout ? { value: prevout.value, script: hexToBytes(prevout.scriptpubkey) } : undefined,
    ),
    fee: json.fee,
    status: status.confirmed
      ? {
          confirmed: true,
          height: status.block_height,
          hash: fromDisplay(status.block_hash),
          time: status.block_time,
        }
      : { confirmed: false },
  }
}

const FILES: [file: string, network: Network, transactions: number][] = [
  ['api/esplora-mainnet-basic.json', networks.main, 1],
  ['api/esplora-mainnet-taproot.json', networks.main, 2],
  ['api/esplora-mainnet-history.json.gz', networks.main, 101],
  ['api/blockstream-testnet3-tx.json', networks.testnet3, 2],
]

describeShared('answers recorded from Esplora servers', () => {
  test.each(FILES)('%s: the same raw transactions give the same bytes', (file, network, transactions) => {
    const recorded: Recorded[] = readSharedJson(file)
    const hexes = new Map<string, string>()
    for (const { path, body } of recorded) {
      const named = /^\/tx\/([0-9a-f]{64})\/hex$/.exec(path)
      if (named) hexes.set(named[1]!, body as string)
    }
    const bodies = recorded
      .filter(({ path }) => /^\/tx\/[0-9a-f]{64}$|\/txs(\/|$)/.test(path))
      .flatMap(({ body }) => body as TxJson | TxJson[])
    let compared = 0
    for (const body of bodies) {
      const hex = hexes.get(body.txid)
      if (hex === undefined) continue
      expect(JSON.stringify(txView(infoFrom(body, hex), network))).toBe(JSON.stringify(body))
      compared++
    }
    expect(compared).toBeGreaterThanOrEqual(transactions)
  })

  test('block 1 of mainnet is printed as recorded, its difficulty with a point', async () => {
    const recorded: Recorded[] = readSharedJson('api/esplora-mainnet-basic.json')
    const { body } = recorded.find(({ path }) => /^\/block\/[0-9a-f]{64}$/.test(path))!
    const ledger = new FakeLedger(readDat('blocks/mainnet-0-599.dat').slice(0, 3))
    const [, block] = (await ledger.blocks(2, 2))!
    expect(blockJson(block!)).toBe(JSON.stringify(body).replace('"difficulty":1}', '"difficulty":1.0}'))
  })
})
