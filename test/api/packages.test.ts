import { beforeAll, describe, expect, test } from 'vitest'
import { regtest } from '../../src/chain/networks/regtest.ts'
import { bytesToHex, toDisplay } from '../../src/wire/hash.ts'
import { parseTransaction } from '../../src/wire/transaction.ts'
import { type Coin, coinbaseCoin, P2WSH_TRUE, spend } from '../sim/chain-maker.ts'
import { Contract, declaredGroups } from './contract.ts'
import { outputsOf, type RealSample, realFront } from './real-front.ts'

const contract = new Contract(declaredGroups(regtest))
let sample: RealSample
/** Of the block whose coin is spent next. */
let height = 20

beforeAll(async () => {
  sample = await realFront()
})

/** Mature, and spent by nothing; another one each time. */
function freshCoin(): Coin {
  return { ...coinbaseCoin(sample.blocks[height++]!, sample.ledger.maker), witness: true }
}

async function post(path: string, body: unknown): Promise<{ status: number; body: unknown }> {
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  const request = new Request(`http://relay.example/api${path}`, { method: 'POST', body: text })
  const response = await sample.front.fetch(request)
  return { status: response.status, body: await contract.expect(request, response) }
}

const pay = (from: Coin, feeSat: number) => spend([from], [{ valueSat: from.valueSat - feeSat, script: P2WSH_TRUE }])
const named = (raw: Uint8Array) => {
  const { txid, wtxid, weight } = parseTransaction(raw)
  return { txid: toDisplay(txid), wtxid: toDisplay(wtxid), vsize: Math.ceil(weight / 4) }
}
const txids = async () => (await (await sample.front.get('/api/mempool/txids')).json()) as string[]

describe('a package', () => {
  test('of a parent that pays nothing and a child that pays for both is taken in together', async () => {
    const parent = pay(freshCoin(), 0)
    const child = pay(outputsOf(parent)[0]!, 5_000)
    const [p, c] = [named(parent), named(child)]
    expect((await post('/tx', bytesToHex(parent))).status).toBe(400)
    const { status, body } = await post('/txs/package', [parent, child].map(bytesToHex))
    const effective = { 'effective-feerate': expect.any(Number), 'effective-includes': [p.wtxid, c.wtxid] }
    expect(status).toBe(200)
    expect(body).toEqual({
      package_msg: 'success',
      'tx-results': {
        [p.wtxid]: { txid: p.txid, 'other-wtxid': null, vsize: p.vsize, fees: { base: 0, ...effective }, error: null },
        [c.wtxid]: {
          txid: c.txid,
          'other-wtxid': null,
          vsize: c.vsize,
          fees: { base: 0.00005, ...effective },
          error: null,
        },
      },
      'replaced-transactions': [],
    })
    expect(await txids()).toEqual(expect.arrayContaining([p.txid, c.txid]))
  })

  test('whose transactions are refused is answered with the reason of each', async () => {
    const parent = pay(freshCoin(), 0)
    const child = pay(outputsOf(parent)[0]!, 1)
    const { status, body } = await post('/txs/package', [parent, child].map(bytesToHex))
    expect(status).toBe(200)
    const { package_msg, 'tx-results': results } = body as { package_msg: string; 'tx-results': Record<string, object> }
    expect(package_msg).not.toBe('success')
    expect(results[named(child).wtxid]).toMatchObject({ vsize: null, fees: null, error: expect.any(String) })
    expect(await txids()).not.toContain(named(parent).txid)
  })

  test('with a fee above what the sender allows is refused', async () => {
    const raw = pay(freshCoin(), 100_000)
    const { body } = await post('/txs/package?maxfeerate=0.0001', [bytesToHex(raw)])
    expect(JSON.stringify(body)).toContain('max feerate exceeded')
    expect(await txids()).not.toContain(named(raw).txid)
  })
})

describe('a test', () => {
  test('tells what would be said, and takes nothing in', async () => {
    const coin = freshCoin()
    const raw = pay(coin, 1_000)
    const { txid, wtxid, vsize } = named(raw)
    const before = await txids()
    expect((await post('/txs/test', [bytesToHex(raw)])).body).toEqual([
      {
        txid,
        wtxid,
        allowed: true,
        vsize,
        fees: { base: 0.00001, 'effective-feerate': expect.any(Number), 'effective-includes': [wtxid] },
        'reject-reason': null,
      },
    ])
    const cheap = named(pay(coin, 0))
    expect((await post('/txs/test', [bytesToHex(pay(coin, 0))])).body).toEqual([
      {
        txid: cheap.txid,
        wtxid: cheap.wtxid,
        allowed: false,
        vsize: null,
        fees: null,
        'reject-reason': 'min relay fee not met',
      },
    ])
    expect(await txids()).toEqual(before)
  })
})

describe.each(['/txs/package', '/txs/test'])('%s refuses', (path) => {
  const hex = 'ab'.repeat(100)
  test.each<[body: unknown, text: string | RegExp]>([
    ['', 'Invalid JSON'],
    ['nonsense', 'Invalid JSON'],
    [{}, 'Invalid JSON'],
    [[7], 'Invalid JSON'],
    [Array(26).fill(hex), 'Exceeded maximum of 25 transactions'],
    [[hex, 'ab'], 'Invalid transaction size for item 1'],
    [['ab'.repeat(400_000)], 'Invalid transaction size for item 0'],
    [[hex, `${hex}zz`], 'Invalid transaction hex for item 1'],
    [[`${hex}a`], 'Invalid transaction hex for item 0'],
    [[hex], /RPC error -22: TX decode failed/],
  ])('%j', async (body, text) => {
    const answer = await post(path, body)
    expect(answer.status).toBe(400)
    expect(answer.body).toMatch(text instanceof RegExp ? text : new RegExp(`^${text}$`))
  })

  test.each(['x', '-1', 'NaN', '1e9', ''])('a rate of "%s"', async (rate) => {
    expect(await post(`${path}?maxfeerate=${rate}`, [hex])).toEqual({ status: 400, body: 'Invalid maxfeerate' })
    if (path === '/txs/package') {
      expect(await post(`${path}?maxburnamount=${rate}`, [hex])).toEqual({ status: 400, body: 'Invalid maxburnamount' })
    }
  })
})
