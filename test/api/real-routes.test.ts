import { beforeAll, expect, test } from 'vitest'
import { regtest } from '../../src/chain/networks/regtest.ts'
import { addressOf } from '../../src/script/address.ts'
import { bytesToHex, toDisplay } from '../../src/wire/hash.ts'
import { parseTransaction } from '../../src/wire/transaction.ts'
import { P2WSH_TRUE } from '../sim/chain-maker.ts'
import { Contract, declaredGroups } from './contract.ts'
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
  ['/nonsense', 404],
])('%s is what it is declared to be, over a real ledger', async (path, status) => {
  expect((await ask(`/api${path.replace(/:(\w+)/g, (_, name) => named()[name as Name])}`)).status).toBe(status)
})
