import { expect, test } from 'vitest'
import { blockJson } from '../../src/api/block-view.ts'
import { type Network, networks } from '../../src/chain/network.ts'
import { describeShared, readDat, readSharedJson } from '../shared.ts'
import { FakeLedger } from './fake-ledger.ts'
import { frontOver } from './front.ts'
import { type Recorded, RecordedLedger } from './recorded-ledger.ts'

/** `beside` holds the rest of an address's history. */
const FILES: [file: string, network: Network, answers: number, beside?: string][] = [
  ['api/esplora-mainnet-basic.json', networks.main, 6, 'api/esplora-mainnet-taproot.json'],
  ['api/esplora-mainnet-taproot.json', networks.main, 3],
  ['api/esplora-mainnet-utxo.json', networks.main, 2],
  ['api/esplora-mainnet-history.json.gz', networks.main, 106],
  ['api/blockstream-testnet3-tx.json', networks.testnet3, 12],
]
/** Of the moment, or of a chain whose headers are not here; or of another network than the rest of its file. */
const NOT_COMPARED = /^\/(blocks\/tip|fee-estimates|block-height\/[1-9]\d+$)/
/** Of mainnet, in whatever file. */
const OF_MAINNET = /^\/block/

/** A whole number has no point in JavaScript's JSON; a difficulty has one in Rust's. */
const asPrinted = (body: unknown) =>
  typeof body === 'string' ? body : JSON.stringify(body).replace(/"difficulty":(\d+)}/, '"difficulty":$1.0}')

describeShared('answers recorded from Esplora servers', () => {
  test.each(FILES)(
    '%s: the same raw transactions and blocks give the same bytes',
    async (file, network, answers, beside) => {
      const recorded: Recorded[] = readSharedJson(file)
      const more: Recorded[] = beside ? readSharedJson(beside) : []
      const ledger = new RecordedLedger([...more, ...recorded], readDat('blocks/mainnet-0-599.dat').slice(0, 3))
      const front = frontOver(network, ledger)
      const ofMainnet = frontOver(networks.main, ledger)
      /** Transactions whose bytes are there are compared; of the others, nothing could be said. */
      const known = new Set(recorded.flatMap(({ path }) => /^\/tx\/([0-9a-f]{64})\/hex$/.exec(path)?.[1] ?? []))
      let compared = 0
      for (const { path, body } of recorded) {
        if (NOT_COMPARED.test(path)) continue
        const named = /^\/tx\/([0-9a-f]{64})$/.exec(path)?.[1]
        if (named !== undefined && !known.has(named)) continue
        const answer = await (OF_MAINNET.test(path) ? ofMainnet : front).get(`/api${path}`)
        expect(await answer.text(), path).toBe(asPrinted(body))
        compared++
      }
      expect(compared).toBe(answers)
    },
  )

  test('block 1 of mainnet is printed as recorded, its difficulty with a point', async () => {
    const recorded: Recorded[] = readSharedJson('api/esplora-mainnet-basic.json')
    const { body } = recorded.find(({ path }) => /^\/block\/[0-9a-f]{64}$/.test(path))!
    const ledger = new FakeLedger(readDat('blocks/mainnet-0-599.dat').slice(0, 3))
    const [, block] = (await ledger.blocks(2, 2))!
    expect(blockJson(block!)).toBe(asPrinted(body))
  })
})
