import { afterAll, beforeAll, expect, test } from 'vitest'
import { networks } from '../../src/chain/network.ts'
import { Wallet, type WalletCoin } from '../../src/demo/wallet.ts'
import { type KeyedKind, keyedKinds } from '../../src/demo/wallet-outputs.ts'
import { opReturn, P2A } from '../../src/script/build.ts'
import { SIGHASH } from '../../src/script/sighash.ts'
import { block } from '../../src/wire/block.ts'
import { decode } from '../../src/wire/codec.ts'
import { bytesToHex, fromDisplay, hexToBytes, toDisplay } from '../../src/wire/hash.ts'
import { describeNodes, Litecoind, RpcError } from './litecoind.ts'

const FEE_RATE = 2
const COIN = 100_000_000

interface Accepted {
  allowed: boolean
  'reject-reason'?: string
  vsize?: number
  fees?: { base: number }
}

describeNodes('the wallet against a node', (program) => {
  const { address: params } = networks[program.network]
  const isLitecoin = program.network === 'litecoin-regtest'
  const wallet = new Wallet({
    seed: new Uint8Array(32).fill(7),
    params,
    dustRelayFee: isLitecoin ? 30_000 : 3000,
  })
  const hashes: string[] = []
  const handedOut: string[] = []
  let node: Litecoind

  beforeAll(async () => {
    node = await Litecoind.start({ program })
    // A coinbase of each kind, and enough blocks on top to spend the first ones.
    for (const kind of keyedKinds) await node.mine(1, fresh(kind))
    await node.mine(110)
    await follow()
  })
  afterAll(() => node?.stop())

  function fresh(kind: KeyedKind): string {
    const hex = bytesToHex(wallet.receive(kind).script)
    handedOut.push(hex)
    return hex
  }

  /** Shows the wallet what the node's chain has become. */
  async function follow(): Promise<void> {
    const height = await node.rpc<number>('getblockcount')
    while (hashes.length > 0) {
      const top = hashes.length - 1
      if (top <= height && (await node.rpc('getblockhash', [top])) === hashes[top]) break
      wallet.disconnectBlock(fromDisplay(hashes.pop()!))
    }
    while (hashes.length <= height) {
      const hashHex = await node.rpc<string>('getblockhash', [hashes.length])
      const { transactions } = decode(block, hexToBytes(await node.rpc<string>('getblock', [hashHex, 0])))
      wallet.connectBlock({ hash: fromDisplay(hashHex), height: hashes.length, transactions })
      hashes.push(hashHex)
    }
  }

  async function judge(bytes: Uint8Array): Promise<Accepted> {
    const [answer] = await node.rpc<[Accepted]>('testmempoolaccept', [[bytesToHex(bytes)]])
    return answer
  }

  const coinOf = (kind: string, of: (coin: WalletCoin) => boolean = () => true): WalletCoin => {
    const coin = wallet
      .coins()
      .find((coin) => coin.kind === kind && coin.mature && coin.height !== undefined && of(coin))
    if (!coin) throw new Error(`no ${kind} coin`)
    return coin
  }

  /** Satoshi in all scripts that the wallet has coins of, as the node counts them. */
  async function nodeBalance(): Promise<number> {
    const scripts = new Set([...handedOut, ...wallet.coins().map(({ script }) => bytesToHex(script))])
    const { total_amount } = await node.rpc<{ total_amount: number }>('scantxoutset', [
      'start',
      [...scripts].map((hex) => `raw(${hex})`),
    ])
    return Math.round(total_amount * COIN)
  }

  const confirmedSat = () => wallet.balance().confirmedSat + wallet.balance().immatureSat

  test.each(keyedKinds)('%s: the node sees the same address', async (kind) => {
    const { script, address } = wallet.receive(kind)
    if (address === undefined) {
      expect(['p2pk', 'multisig']).toContain(kind)
      return
    }
    const { isvalid, scriptPubKey } = await node.rpc<{ isvalid: boolean; scriptPubKey: string }>('validateaddress', [
      address,
    ])
    expect(isvalid).toBe(true)
    expect(scriptPubKey).toBe(bytesToHex(script))
  })

  test.each(keyedKinds)('%s: a coinbase paid to it is spent', async (kind) => {
    const coin = coinOf(kind)
    const sent = wallet.send({ outputs: [], coins: [coin], feeRate: FEE_RATE, change: kind })
    if (sent.kind !== 'sent') throw new Error(sent.kind)
    const { allowed, vsize, fees, ...rest } = await judge(sent.bytes)
    expect(rest['reject-reason']).toBeUndefined()
    expect(allowed).toBe(true)
    // The node reports the size without what it adds for the twenty keys that a bare multisig counts for.
    if (kind === 'multisig') expect(vsize).toBeLessThan(sent.sizeVb)
    else expect(vsize).toBe(sent.sizeVb)
    expect(Math.round(fees!.base * COIN)).toBe(sent.feeSat)
    expect(sent.feeSat).toBeGreaterThanOrEqual(sent.sizeVb * FEE_RATE)
    expect(sent.feeSat).toBeLessThanOrEqual(sent.sizeVb * FEE_RATE + 8)
    expect(await node.rpc('sendrawtransaction', [bytesToHex(sent.bytes)])).toBe(toDisplay(sent.txid))
  })

  test('what it spent is confirmed, and the node counts the same money', async () => {
    await node.mine(1)
    await follow()
    expect(wallet.unconfirmed()).toEqual([])
    expect(confirmedSat()).toBe(await nodeBalance())
    expect(confirmedSat()).toBeGreaterThan(keyedKinds.length * 49 * COIN)
  })

  test('one transaction pays every kind of output, an anchor and data', async () => {
    for (let i = 0; i < 3; i++) {
      const sent = wallet.fanOut({ feeRate: FEE_RATE, valueSat: COIN / 10, data: hexToBytes('63617573657761790a') })
      if (sent.kind !== 'sent') throw new Error(sent.kind)
      expect(sent.tx.outputs).toHaveLength(keyedKinds.length + 3)
      expect(await judge(sent.bytes)).toMatchObject({ allowed: true })
      expect(await node.rpc('sendrawtransaction', [bytesToHex(sent.bytes)])).toBe(toDisplay(sent.txid))
    }
    await node.mine(1)
    await follow()
    expect(wallet.unconfirmed()).toEqual([])
    for (const kind of [...keyedKinds, 'p2a']) coinOf(kind, ({ valueSat }) => valueSat === COIN / 10)
    expect(confirmedSat()).toBe(await nodeBalance())
  })

  const hashTypes = [
    SIGHASH.DEFAULT,
    ...[SIGHASH.ALL, SIGHASH.NONE, SIGHASH.SINGLE].flatMap((base) => [base, base | SIGHASH.ANYONECANPAY]),
  ]
  test.each(keyedKinds)('%s: every way to sign is accepted', async (kind) => {
    const coin = coinOf(kind)
    const other = coinOf(kind === 'p2wpkh' ? 'p2tr' : 'p2wpkh')
    for (const hashType of hashTypes) {
      const outputs = [{ script: coin.script, valueSat: COIN / 100 }]
      const sent = wallet.send({ outputs, coins: [other, coin], feeRate: FEE_RATE, change: kind, hashType })
      if (sent.kind !== 'sent') throw new Error(sent.kind)
      expect(sent.tx.outputs).toHaveLength(2)
      expect({ hashType, ...(await judge(sent.bytes)) }).toEqual(expect.objectContaining({ hashType, allowed: true }))
      wallet.abandon(sent.txid)
    }
  })

  test.each(keyedKinds)('%s: an amount changed afterwards is refused', async (kind) => {
    const sent = wallet.send({ outputs: [], coins: [coinOf(kind)], feeRate: FEE_RATE, change: kind })
    if (sent.kind !== 'sent') throw new Error(sent.kind)
    wallet.abandon(sent.txid)
    const spoiled = sent.bytes.slice()
    // Another amount than the one that was signed.
    spoiled[bytesToHex(spoiled).indexOf(amountHex(sent.tx.outputs[0]!.value)) / 2]! ^= 1
    expect(await judge(spoiled)).toMatchObject({ allowed: false })
  })

  test('all kinds are spent together', async () => {
    const coins = keyedKinds.map((kind) => coinOf(kind))
    const sent = wallet.send({ outputs: [], coins, feeRate: FEE_RATE, change: 'p2tr' })
    if (sent.kind !== 'sent') throw new Error(sent.kind)
    expect(sent.tx.inputs).toHaveLength(keyedKinds.length)
    expect(await judge(sent.bytes)).toMatchObject({ allowed: true })
    await node.rpc('sendrawtransaction', [bytesToHex(sent.bytes)])
    await node.mine(1)
    await follow()
    expect(confirmedSat()).toBe(await nodeBalance())
  })

  test('an anchor is spent: by policy where the node knows it, by a block everywhere', async () => {
    const coins = [coinOf('p2a'), coinOf('p2wpkh')]
    const sent = wallet.send({ outputs: [], coins, feeRate: FEE_RATE })
    if (sent.kind !== 'sent') throw new Error(sent.kind)
    const { allowed, 'reject-reason': reason } = await judge(sent.bytes)
    expect(allowed).toBe(!isLitecoin)
    if (isLitecoin) expect(reason).toBe('bad-txns-nonstandard-inputs')
    const output = await node.rpc<string>('getnewaddress').catch(() => wallet.receive('p2wpkh').address!)
    await node.rpc('generateblock', [output, [bytesToHex(sent.bytes)]])
    await follow()
    expect(wallet.unconfirmed()).toEqual([])
    expect(confirmedSat()).toBe(await nodeBalance())
  })

  test('the dust limit of every output is the node’s own', async () => {
    const scripts = [...keyedKinds.map((kind) => wallet.receive(kind).script), P2A, opReturn(hexToBytes('00'))]
    const generous = new Wallet({ seed: new Uint8Array(32).fill(7), params, dustRelayFee: 0 })
    for (const [height, hashHex] of hashes.entries()) {
      const { transactions } = decode(block, hexToBytes(await node.rpc<string>('getblock', [hashHex, 0])))
      generous.connectBlock({ hash: fromDisplay(hashHex), height, transactions })
    }
    for (const script of scripts) {
      const leastSat = wallet.dustLimit(script)
      for (const valueSat of leastSat === 0 ? [0] : [leastSat, leastSat - 1]) {
        const sent = generous.send({ outputs: [{ script, valueSat }], feeRate: FEE_RATE })
        if (sent.kind !== 'sent') throw new Error(sent.kind)
        generous.abandon(sent.txid)
        const { allowed, 'reject-reason': reason } = await judge(sent.bytes)
        expect({ script: bytesToHex(script), valueSat, allowed }).toMatchObject({ allowed: valueSat === leastSat })
        if (!allowed) expect(reason).toContain('dust')
      }
      if (leastSat > 0) {
        expect(wallet.send({ outputs: [{ script, valueSat: leastSat - 1 }], feeRate: FEE_RATE })).toEqual({
          kind: 'dust',
          index: 0,
          leastSat,
        })
      }
    }
  })

  test('it builds on its own unconfirmed money only as far as nodes go along', async () => {
    // Everything in one coin, so that each payment has to spend the one before.
    const { confirmedSat } = wallet.balance()
    const all = wallet.coins().filter(({ mature, kind }) => mature && kind !== 'p2a')
    const sweep = wallet.send({ outputs: [], coins: all, feeRate: FEE_RATE })
    if (sweep.kind !== 'sent') throw new Error(sweep.kind)
    await node.rpc('sendrawtransaction', [bytesToHex(sweep.bytes)])
    const { script } = wallet.receive('p2pkh')
    let count = 1
    for (;;) {
      const sent = wallet.send({
        outputs: [{ script, valueSat: COIN }],
        feeRate: FEE_RATE,
        change: keyedKinds[count % 10]!,
      })
      if (sent.kind !== 'sent') break
      expect(await judge(sent.bytes)).toMatchObject({ allowed: true })
      await node.rpc('sendrawtransaction', [bytesToHex(sent.bytes)])
      count++
    }
    expect(count).toBe(20)
    await node.mine(1)
    await follow()
    expect(wallet.balance().confirmedSat).toBeLessThan(confirmedSat)
    expect(wallet.balance().unconfirmedSat).toBe(0)
  })

  test('a reorg gives back what it had confirmed, and what it had not can be sent again', async () => {
    const { script } = wallet.receive('p2tr')
    const before = wallet.balance()
    const sent = wallet.send({ outputs: [{ script, valueSat: 3 * COIN }], feeRate: FEE_RATE })
    if (sent.kind !== 'sent') throw new Error(sent.kind)
    await node.rpc('sendrawtransaction', [bytesToHex(sent.bytes)])
    const [first] = await node.mine(3, fresh('p2wsh'))
    await follow()
    expect(wallet.unconfirmed()).toEqual([])
    expect(wallet.balance().immatureSat).toBeGreaterThan(before.immatureSat)

    await node.rpc('invalidateblock', [first])
    await node.rpc('generateblock', [wallet.receive('p2wpkh').address, []])
    await follow()
    expect(wallet.unconfirmed().map((tx) => tx.outputs)).toEqual([sent.tx.outputs])
    const waitingSat = sent.tx.outputs.reduce((sum, { value }) => sum + Number(value), 0)
    expect(wallet.balance().unconfirmedSat).toBe(waitingSat)
    await node.rpc('sendrawtransaction', [bytesToHex(sent.bytes)]).catch((error) => {
      // Bitcoin Core and its kin keep a reverted transaction in the mempool themselves.
      if (!(error instanceof RpcError)) throw error
    })
    await node.mine(1)
    await follow()
    expect(wallet.unconfirmed()).toEqual([])
    expect(confirmedSat()).toBe(await nodeBalance())
  })

  test('a wallet made anew from the seed finds everything in the chain', async () => {
    const again = new Wallet({ seed: new Uint8Array(32).fill(7), params })
    for (const [height, hashHex] of hashes.entries()) {
      const { transactions } = decode(block, hexToBytes(await node.rpc<string>('getblock', [hashHex, 0])))
      again.connectBlock({ hash: fromDisplay(hashHex), height, transactions })
    }
    expect(again.balance()).toEqual(wallet.balance())
    const names = (of: Wallet) => of.coins().map(({ txid, vout }) => `${toDisplay(txid)}:${vout}`)
    expect(names(again).sort()).toEqual(names(wallet).sort())
  })

  test('it survives the node’s restart', async () => {
    await node.restart()
    expect(await node.rpc<number>('getblockcount')).toBe(hashes.length - 1)
    await node.kill()
    expect(node.isRunning).toBe(false)
    await node.restart()
    expect(await node.rpc<number>('getblockcount')).toBe(hashes.length - 1)
  })
})

function amountHex(value: bigint): string {
  const bytes = new Uint8Array(8)
  new DataView(bytes.buffer).setBigInt64(0, value, true)
  return bytesToHex(bytes)
}
