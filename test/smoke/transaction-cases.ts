import { expect, test } from 'vitest'
import { bytesToHex, hashKey, sha256, toDisplay } from '../../src/wire/hash.ts'
import { parseTransaction } from '../../src/wire/transaction.ts'
import { poll } from '../poll.ts'
import { COINBASE_SCRIPT, type Coin, coinbaseCoin, P2WSH_TRUE, spend } from '../sim/chain-maker.ts'
import { hexOf, LIVE, type Scene } from './scene.ts'

/** Signals that it may be replaced (BIP 125). */
const REPLACEABLE = 0xffff_fffd

const named = (raw: Uint8Array) => {
  const { txid, wtxid } = parseTransaction(raw)
  return { key: hashKey(txid), txid: toDisplay(txid), wtxid: toDisplay(wtxid) }
}

/** Spends a coin to `P2WSH_TRUE`, but for the fee. */
function pay(coin: Coin, feeSat: number): { raw: Uint8Array; change: Coin } {
  const valueSat = coin.valueSat - feeSat
  const raw = spend([coin], [{ valueSat, script: P2WSH_TRUE }], { sequence: REPLACEABLE })
  return { raw, change: { txid: parseTransaction(raw).txid, vout: 0, valueSat, witness: true } }
}

/** What a relay does with transactions that take the place of others or come in packages, and with a script of every block. */
export function transactionCases(scene: Scene): void {
  const { maker } = scene
  const coinAt = (height: number) => coinbaseCoin(maker.chain()[height - 1]!, maker)
  const post = (path: string, body: string) => scene.ask(path, { method: 'POST', body })
  const txids = () => scene.json<string[]>('/api/mempool/txids')

  test('a transaction that pays more takes the place of another, and who asks is told', async () => {
    const [poor, rich] = [pay(coinAt(30), 1000).raw, pay(coinAt(30), 20_000).raw]
    const [lost, won] = [named(poor), named(rich)]
    expect(await (await post('/api/tx', bytesToHex(poor))).text()).toBe(lost.txid)
    expect(await (await post('/api/tx', bytesToHex(rich))).text()).toBe(won.txid)
    expect(await txids()).toEqual([won.txid])
    const again = await post('/api/tx', bytesToHex(poor))
    expect([again.status, await again.text()]).toEqual([400, expect.stringContaining('insufficient fee')])
    expect(await scene.json(`/api/v1/tx/${lost.txid}/rbf`)).toMatchObject({
      replacements: { tx: { txid: won.txid }, replaces: [{ tx: { txid: lost.txid } }] },
    })
    expect(await scene.json('/api/v1/replacements')).toMatchObject([{ tx: { txid: won.txid } }])
    await poll('the peers have it', () => [scene.giver, scene.taker].every(({ peer }) => peer.txs.has(won.key)), LIVE)
    await scene.announce(scene.giver, maker.mine(1, { transactions: [rich] }))
    expect(await txids()).toEqual([])
  })

  test('a parent that pays nothing comes in with a child that pays for both', async () => {
    const parent = pay(coinAt(31), 0)
    const child = pay(parent.change, 5000)
    const [p, c] = [named(parent.raw), named(child.raw)]
    expect((await post('/api/tx', bytesToHex(parent.raw))).status).toBe(400)
    const both = JSON.stringify([parent, child].map(({ raw }) => bytesToHex(raw)))
    const tested = (await (await post('/api/txs/test', both)).json()) as object[]
    expect(tested).toMatchObject([{ txid: p.txid }, { txid: c.txid }])
    const answer = await (await post('/api/txs/package', both)).json()
    expect(answer).toMatchObject({
      package_msg: 'success',
      'tx-results': { [p.wtxid]: { txid: p.txid }, [c.wtxid]: { txid: c.txid } },
    })
    expect(await scene.json(`/api/v1/cpfp/${c.txid}`)).toMatchObject({ ancestors: [{ txid: p.txid }] })
    expect(await scene.json('/api/mempool')).toMatchObject({ count: 2, total_fee: 5000 })
    expect(await scene.json('/api/mempool/recent')).toEqual(
      expect.arrayContaining([expect.objectContaining({ txid: c.txid, fee: 5000 })]),
    )
    await scene.announce(scene.taker, maker.mine(1, { transactions: [parent.raw, child.raw] }))
    const tip = hexOf(maker.tip)
    expect(await scene.json(`/api/block/${tip}/txs`)).toMatchObject([{}, { txid: p.txid, fee: 0 }, { txid: c.txid }])
    expect(await scene.json(`/api/tx/${p.txid}/outspends`)).toMatchObject([{ spent: true, txid: c.txid, vin: 0 }])
    expect(await scene.text(`/api/tx/${c.txid}/hex`)).toBe(bytesToHex(child.raw))
    expect(await scene.text(`/api/tx/${c.txid}/merkleblock-proof`)).toMatch(/^[0-9a-f]{200,}$/)
    expect(await scene.json(`/api/txs/outspends?txids=${p.txid}`)).toMatchObject([[{ txid: c.txid }]])
  })

  test('a script of every block has its sums at once, its history page by page, and more coins than are listed', async () => {
    const path = `/api/scripthash/${bytesToHex(sha256(COINBASE_SCRIPT))}`
    const { chain_stats: stats } = await scene.json<{ chain_stats: Record<string, number> }>(path)
    const paid = maker.chain().slice(4)
    expect(stats.tx_count).toBeGreaterThanOrEqual(paid.length)
    expect(stats.funded_txo_count).toBeGreaterThanOrEqual(paid.length)
    const seen = new Set<string>()
    for (let last = ''; ; ) {
      const page = await scene.json<{ txid: string }[]>(`${path}/txs/chain${last}`)
      for (const { txid } of page) seen.add(txid)
      if (page.length < 25) break
      last = `/${page.at(-1)!.txid}`
    }
    expect(seen.size).toBe(stats.tx_count)
    const coins = await scene.json<{ value: number }[]>(`${path}/utxo`)
    expect(coins).toHaveLength(stats.funded_txo_count! - stats.spent_txo_count!)
    const sum = coins.reduce((total, { value }) => total + value, 0)
    expect(sum).toBe(stats.funded_txo_sum! - stats.spent_txo_sum!)
  })
}
