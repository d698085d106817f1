import { beforeAll, describe, expect, test } from 'vitest'
import { regtest } from '../../src/chain/networks/regtest.ts'
import { addressOf } from '../../src/script/address.ts'
import { bytesToHex, toDisplay } from '../../src/wire/hash.ts'
import { parseTransaction } from '../../src/wire/transaction.ts'
import { P2WSH_TRUE } from '../sim/chain-maker.ts'
import { Contract, declaredGroups } from './contract.ts'
import { frontOver } from './front.ts'
import { type RealSample, realFront } from './real-front.ts'

const contract = new Contract(declaredGroups(regtest))
let sample: RealSample

beforeAll(async () => {
  sample = await realFront()
})

const idOf = (raw: Uint8Array) => toDisplay(parseTransaction(raw).txid)

/** Asks, and holds the answer against what its route declares. */
async function ask(path: string): Promise<{ status: number; body: unknown }> {
  const request = new Request(`http://relay.example${path}`)
  const response = await sample.front.fetch(request)
  const { status } = response
  return { status, body: await contract.expect(request, response) }
}

/** What stands for names in paths. */
const named = () => ({
  unknown: 'ab'.repeat(32),
  full: toDisplay(sample.fullBlock.hash),
  genesis: toDisplay(sample.blocks[0]!.hash),
  busy: bytesToHex(sample.busyScripthash),
  address: addressOf(P2WSH_TRUE, regtest.address)!,
  everyKind: idOf(sample.everyKind),
  parent: idOf(sample.parent),
  child: idOf(sample.child),
})
type Name = keyof ReturnType<typeof named>

test.each([
  ['/blocks/tip/hash', 200],
  ['/blocks/tip/height', 200],
  ['/blocks', 200],
  ['/blocks/3', 200],
  ['/blocks/999', 404],
  ['/block-height/7', 200],
  ['/block-height/x', 400],
  ['/block/:full', 200],
  ['/block/:genesis', 200],
  ['/block/:unknown', 404],
  ['/block/:full/header', 200],
  ['/block/:full/raw', 200],
  ['/block/:full/status', 200],
  ['/block/:unknown/status', 200],
  ['/block/:full/txids', 200],
  ['/block/:full/txid/3', 200],
  ['/block/:full/txid/39', 404],
  ['/block/:full/txs', 200],
  ['/block/:full/txs/25', 200],
  ['/block/:full/txs/50', 400],
  ['/tx/:everyKind', 200],
  ['/tx/:child', 200],
  ['/tx/:unknown', 404],
  ['/tx/:everyKind/hex', 200],
  ['/tx/:everyKind/raw', 200],
  ['/tx/:everyKind/status', 200],
  ['/tx/:everyKind/merkle-proof', 200],
  ['/tx/:everyKind/merkleblock-proof', 200],
  ['/tx/:child/merkle-proof', 404],
  ['/tx/:parent/outspends', 200],
  ['/tx/:parent/outspend/0', 200],
  ['/tx/:unknown/outspend/0', 200],
  ['/address/:address', 200],
  ['/address/:address/txs', 200],
  ['/address/:address/txs/chain', 200],
  ['/address/:address/txs/mempool', 200],
  ['/address/:address/utxo', 200],
  ['/address/nobody', 400],
  ['/scripthash/:busy', 200],
  ['/scripthash/:busy/txs', 200],
  ['/scripthash/zz', 400],
  ['/mempool', 200],
  ['/mempool/txids', 200],
  ['/mempool/recent', 200],
  ['/mempool/txids/page', 200],
  ['/mempool/txids/page/:child', 200],
  ['/mempool/txids/page/zz', 400],
  ['/txs/outspends?txids=:everyKind', 200],
  ['/txs/outspends?txids=:parent,:unknown', 200],
  ['/txs/outspends?txids=zz', 400],
  ['/txs/outspends', 400],
  ['/fee-estimates', 200],
  ['/address-prefix/bcrt1', 400],
  ['/block-template', 403],
  ['/nonsense', 404],
])('%s is what it is declared to be, over a real ledger', async (path, status) => {
  expect((await ask(`/api${path.replace(/:(\w+)/g, (_, name) => named()[name as Name])}`)).status).toBe(status)
})

describe('routes that mempool.space’s server adds', () => {
  test('the spends of several transactions come in the order asked for, those of an unknown one are none', async () => {
    const { parent, unknown, everyKind } = named()
    const { body } = await ask(`/api/txs/outspends?txids=${parent},${unknown},${everyKind}`)
    const one = async (txid: string) => (await ask(`/api/tx/${txid}/outspends`)).body
    expect(body).toEqual([await one(parent), [], await one(everyKind)])
  })

  test.each([
    ['', 400, 'No txids specified'],
    [`?txids=${Array(51).fill('ab'.repeat(32)).join()}`, 400, 'Too many txids requested'],
    [`?txids=${'ab'.repeat(32)},`, 400, 'Invalid hex string'],
  ])('/txs/outspends%s is %i', async (query, status, text) => {
    expect(await ask(`/api/txs/outspends${query}`)).toEqual({ status, body: text })
  })

  test('the pages of txids hold every one that waits', async () => {
    const all = (await ask('/api/mempool/txids')).body as string[]
    const page = (await ask('/api/mempool/txids/page')).body as string[]
    expect(page.toSorted()).toEqual(all.toSorted())
    expect((await ask(`/api/mempool/txids/page/${page[3]}`)).body).toEqual(page.slice(4))
    expect((await ask(`/api/mempool/txids/page/${page.at(-1)}`)).body).toEqual([])
  })

  test('signature operations are told where the relay is set to tell them, before the fee', async () => {
    const site = frontOver(regtest, sample.ledger.queries, { settings: { sigops: true } })
    const { everyKind } = named()
    const plain = (await ask(`/api/tx/${everyKind}`)).body as Record<string, unknown>
    const told = (await (await site.get(`/api/tx/${everyKind}`)).json()) as Record<string, unknown>
    // Four times: P2PK and P2PKH one each, a bare multisig twenty; what is spent shows OP_1 and nothing to check.
    expect(told.sigops).toBe(4 * 22)
    expect(Object.keys(told)).toEqual(Object.keys(plain).toSpliced(7, 0, 'sigops'))
    expect({ ...told, sigops: undefined }).toEqual({ ...plain, sigops: undefined })
  })
})

test('what is not offered says so in the words of the reference', async () => {
  expect((await ask('/api/address-prefix/bc1')).body).toBe('address search disabled')
  expect((await ask('/api/block-template')).body).toBe('mining REST endpoints are disabled')
})
