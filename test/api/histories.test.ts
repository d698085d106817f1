import { beforeAll, describe, expect, test } from 'vitest'
import { regtest } from '../../src/chain/networks/regtest.ts'
import { addressOf } from '../../src/script/address.ts'
import { bytesToHex, sha256, toDisplay } from '../../src/wire/hash.ts'
import { parseTransaction } from '../../src/wire/transaction.ts'
import { OP_TRUE, P2WSH_TRUE } from '../sim/chain-maker.ts'
import { Contract, declaredGroups } from './contract.ts'
import { type RealSample, realFront } from './real-front.ts'
import { SCRIPTS } from './sample-chain.ts'

interface Tx {
  txid: string
  vin: { prevout: { scriptpubkey_address?: string; value: number } | null }[]
  vout: { scriptpubkey_address?: string; value: number }[]
  status: { confirmed: boolean; block_height: number; block_time: number }
}

const contract = new Contract(declaredGroups(regtest))
const busy = addressOf(P2WSH_TRUE, regtest.address)!
const other = addressOf(SCRIPTS.p2wpkh, regtest.address)!
const unused = addressOf(SCRIPTS.p2sh.with(5, 0xee), regtest.address)!
const UNKNOWN = 'ab'.repeat(32)
let sample: RealSample
/** The whole history of `busy`, newest first. */
let history: Tx[]

beforeAll(async () => {
  sample = await realFront()
  history = await ask<Tx[]>(`/address/${busy}/txs/mempool`)
  for (let last = ''; ; last = history.at(-1)!.txid) {
    const page = await ask<Tx[]>(`/address/${busy}/txs/chain/${last}`)
    if (page.length === 0) break
    history.push(...page)
  }
})

async function told(path: string, body?: unknown): Promise<{ status: number; body: unknown }> {
  const post = body !== undefined && { method: 'POST', body: typeof body === 'string' ? body : JSON.stringify(body) }
  const request = new Request(`http://relay.example/api${path}`, { ...post })
  const response = await sample.front.fetch(request)
  return { status: response.status, body: await contract.expect(request, response) }
}

async function ask<T>(path: string, body?: unknown): Promise<T> {
  const answer = await told(path, body)
  expect(answer.status, path).toBe(200)
  return answer.body as T
}

const ids = (txs: { txid: string }[]) => txs.map(({ txid }) => txid)

describe('a history by pages that run from the mempool into the chain', () => {
  test.each([1, 7, 50, 1000])('of at most %i transactions holds everything once', async (size) => {
    const seen: string[] = []
    for (;;) {
      const after = seen.length > 0 ? `&after_txid=${seen.at(-1)}` : ''
      const page = await ask<Tx[]>(`/address/${busy}/txs?max_txs=${size}${after}`)
      expect(page.length).toBeLessThanOrEqual(Math.min(size, 50))
      if (page.length === 0) break
      seen.push(...ids(page))
      if (size === 1 && seen.length === 30) break
    }
    expect(seen).toEqual(ids(history).slice(0, seen.length))
    if (size > 1) expect(seen.length).toBe(history.length)
  })

  test('without parameters it is as the reference has it', async () => {
    const page = await ask<Tx[]>(`/address/${busy}/txs`)
    const waiting = history.filter(({ status }) => !status.confirmed).length
    expect(ids(page)).toEqual(ids(history).slice(0, waiting + 25))
  })

  test('after what is in no such history is refused, after what is no txid begins anew', async () => {
    expect(await told(`/address/${busy}/txs?after_txid=${UNKNOWN}`)).toEqual({
      status: 422,
      body: 'after_txid not found',
    })
    expect(await told(`/address/${unused}/txs?after_txid=${history[0]!.txid}`)).toMatchObject({ status: 422 })
    expect(await ask(`/address/${busy}/txs?after_txid=zz`)).toEqual(await ask(`/address/${busy}/txs`))
    expect(await ask(`/address/${busy}/txs?max_txs=0`)).toEqual([])
  })
})

describe('histories of several scripts as one', () => {
  test('hold what touches any of them, once, in one order', async () => {
    const both = await ask<Tx[]>('/addresses/txs', [busy, other, unused, busy])
    expect(both.length).toBe(50)
    const rest = await ask<Tx[]>(`/addresses/txs?after_txid=${both.at(-1)!.txid}`, [busy, other, unused])
    const more = await ask<Tx[]>(`/addresses/txs?after_txid=${rest.at(-1)!.txid}`, [busy, other])
    const all = ids([...both, ...rest, ...more])
    expect(new Set(all).size).toBe(all.length)
    // Everything that touches the other one touches the busy one too.
    expect(all).toEqual(ids(history).slice(0, all.length))
    const few = [other, addressOf(SCRIPTS.p2tr, regtest.address)!]
    const apart = await Promise.all(few.map((address) => ask<Tx[]>(`/address/${address}/txs`)))
    const either = new Set(apart.flatMap(ids))
    expect(either.size).toBeGreaterThan(Math.max(...apart.map(({ length }) => length)))
    expect(ids(await ask<Tx[]>('/addresses/txs', few))).toEqual(ids(history).filter((txid) => either.has(txid)))
  })

  test('may be named by scripthash', async () => {
    const scripthashes = [P2WSH_TRUE, SCRIPTS.p2wpkh].map((script) => bytesToHex(sha256(script)))
    expect(await ask('/scripthashes/txs', scripthashes)).toEqual(await ask('/addresses/txs', [busy, other]))
    expect(await ask('/scripthashes/txs', [bytesToHex(sha256(OP_TRUE))])).toHaveLength(19)
    expect(await ask('/addresses/txs', [])).toEqual([])
  })

  test.each([
    ['/addresses/txs', 'hello', 400, 'Invalid JSON'],
    ['/addresses/txs', {}, 400, 'Invalid JSON'],
    ['/addresses/txs', [1], 400, 'Invalid JSON'],
    ['/addresses/txs', ['nobody'], 400, 'base58 error'],
    ['/scripthashes/txs', ['00'], 400, 'Invalid scripthash'],
    ['/addresses/txs', Array(301).fill(busy), 422, 'body too long'],
    [`/addresses/txs?after_txid=${UNKNOWN}`, [busy], 422, 'after_txid not found'],
    ['/addresses/txs/summary', Array(301).fill(busy), 422, 'body too long'],
    ['/addresses/txs', ' '.repeat(1_000_001), 413, 'Request body too large'],
  ])('%s with %j is refused', async (path, body, status, text) => {
    expect(await told(path, body)).toEqual({ status, body: text })
  })
})

describe('what transactions came to', () => {
  const cameTo = ({ vin, vout }: Tx, address: string) =>
    vout.reduce((sum, { scriptpubkey_address: to, value }) => sum + (to === address ? value : 0), 0) -
    vin.reduce((sum, { prevout }) => sum + (prevout?.scriptpubkey_address === address ? prevout.value : 0), 0)

  test('is told for each that is mined', async () => {
    const mined = history.filter(({ status }) => status.confirmed)
    const summary = await ask<{ txid: string; value: number; tx_position: number }[]>(`/address/${busy}/txs/summary`)
    expect(summary).toEqual(
      mined.map((tx) => ({
        txid: tx.txid,
        value: cameTo(tx, busy),
        height: tx.status.block_height,
        time: tx.status.block_time,
        tx_position: expect.any(Number),
      })),
    )
    const inFull = summary.filter(({ txid }) => sample.fullBlock.txids.some((one) => toDisplay(one) === txid))
    for (const { txid, tx_position } of inFull) expect(toDisplay(sample.fullBlock.txids[tx_position]!)).toBe(txid)
    const balance = summary.reduce((sum, { value }) => sum + value, 0)
    const { chain_stats: stats } = await ask<{ chain_stats: Record<string, number> }>(`/address/${busy}`)
    expect(balance).toBe(stats.funded_txo_sum! - stats.spent_txo_sum!)
  })

  test('goes on after one of them, and after an unknown one there is nothing', async () => {
    const summary = await ask<unknown[]>(`/address/${busy}/txs/summary`)
    const last = (summary[9] as Tx).txid
    expect(await ask(`/address/${busy}/txs/summary/${last}`)).toEqual(summary.slice(10))
    expect(await ask(`/address/${busy}/txs/summary/${UNKNOWN}`)).toEqual([])
  })

  test('is summed up over several scripts', async () => {
    const both = await ask<{ txid: string; value: number }[]>('/addresses/txs/summary', [busy, other])
    const everyKind = toDisplay(parseTransaction(sample.everyKind).txid)
    const tx = await ask<Tx>(`/tx/${everyKind}`)
    const { value } = both.find(({ txid }) => txid === everyKind)!
    expect(value).toBe(cameTo(tx, busy) + cameTo(tx, other))
  })
})
