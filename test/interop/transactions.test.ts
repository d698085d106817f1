import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { keyedKinds } from '../../src/demo/wallet-outputs.ts'
import { encode } from '../../src/wire/codec.ts'
import { bytesToHex, hexToBytes, toDisplay } from '../../src/wire/hash.ts'
import { type Transaction, transaction } from '../../src/wire/transaction.ts'
import { poll } from '../poll.ts'
import type { Program } from '../program.ts'
import { describeNodes, Litecoind, type RpcError } from './litecoind.ts'
import { NodeWallet } from './node-wallet.ts'
import { expectNoComplaints, mempoolOf, removeAll, startRelay, waitForTip, waitForTx } from './sides.ts'

const COIN = 100_000_000

describeNodes('transactions between a relay and a node', (program) => {
  const isLitecoin = program.network === 'litecoin-regtest'
  let node: Litecoind
  let relay: Program
  let ours: NodeWallet

  beforeAll(async () => {
    // It gives us transactions without the random wait of other suites; Litecoin Core replaces none unless told to.
    const args = ['-whitelist=noban@127.0.0.1', ...(isLitecoin ? ['-mempoolreplacement=1'] : [])]
    node = await Litecoind.start({ program, args })
    await node.createWallet()
    await node.rpc('generatetoaddress', [10, await node.rpc('getnewaddress')])
    ours = new NodeWallet(node)
    await ours.fund(3)
    relay = await startRelay(program, node)
    await waitForTip(relay, node)
  })
  afterAll(() => removeAll(node, relay))

  /** What the relay answers to a transaction handed in. */
  async function broadcast(bytes: Uint8Array): Promise<{ status: number; text: string }> {
    const response = await relay.fetch('/api/tx', { method: 'POST', body: bytesToHex(bytes) })
    return { status: response.status, text: await response.text() }
  }

  async function accept(bytes: Uint8Array, txid: Uint8Array): Promise<string> {
    const txidHex = toDisplay(txid)
    expect(await broadcast(bytes)).toEqual({ status: 200, text: txidHex })
    return txidHex
  }

  /** A block with all that waits; its hash, once the relay has it too. */
  async function mine(): Promise<string> {
    const [hashHex] = await node.mine(1)
    await waitForTip(relay, hashHex!)
    await ours.follow()
    return hashHex!
  }

  describe('ours, handed in at the relay', () => {
    /** By what they show. */
    const waiting: Record<string, string> = {}

    test.each(keyedKinds)('%s: a spend is taken', async (kind) => {
      const { bytes, txid } = ours.send({ coins: [ours.coin(kind)], change: kind })
      waiting[kind] = await accept(bytes, txid)
    })

    test('outputs of every kind, an anchor and data are taken', async () => {
      const { bytes, txid, tx } = ours.fanOut({ coins: [ours.coin('p2tr')] })
      expect(tx.outputs).toHaveLength(keyedKinds.length + 3)
      waiting.outputs = await accept(bytes, txid)
    })

    test('and so is a spend of money that waits itself', async () => {
      const parent = ours.send({ coins: [ours.coin('p2wpkh')], outputs: [fresh(COIN)] })
      waiting.parent = await accept(parent.bytes, parent.txid)
      const child = ours.send({ coins: [coinOf(parent.txid)], change: 'p2sh' })
      waiting.child = await accept(child.bytes, child.txid)
    })

    test('the node takes all of them from us, and a block does', async () => {
      const names = Object.keys(waiting)
      expect(names).toHaveLength(keyedKinds.length + 3)
      await poll('the node has as many', async () => (await mempoolOf(node)).length >= names.length).catch(() => {})
      const theirs = await mempoolOf(node)
      expect(names.filter((name) => theirs.includes(waiting[name]!))).toEqual(names)
      expect(await mempoolOf(relay)).toEqual(theirs)
      const hashHex = await mine()
      for (const txidHex of theirs) {
        expect(await relay.json(`/api/tx/${txidHex}/status`)).toMatchObject({ confirmed: true, block_hash: hashHex })
      }
      expect(await mempoolOf(relay)).toEqual([])
      expect(await mempoolOf(node)).toEqual([])
      expect(ours.wallet.unconfirmed()).toEqual([])
    })

    test('all kinds are spent at once, and with the anchor as far as the node goes along', async () => {
      const all = ours.send({ coins: keyedKinds.map((kind) => ours.coin(kind)), change: 'p2tr' })
      await waitForTx(node, await accept(all.bytes, all.txid))
      const anchored = ours.send({ coins: [ours.coin('p2a'), ours.coin('p2wsh')] })
      const txidHex = await accept(anchored.bytes, anchored.txid)
      if (isLitecoin) {
        // It does not relay what spends a witness version that it does not know, but mines it when told to.
        const output = ours.wallet.receive('p2wpkh').address
        const [first] = await mempoolOf(node)
        await node.rpc('generateblock', [output, [first, bytesToHex(anchored.bytes)]])
        await waitForTip(relay, node)
        await ours.follow()
      } else {
        await waitForTx(node, txidHex)
        await mine()
      }
      expect(await relay.json(`/api/tx/${txidHex}/status`)).toMatchObject({ confirmed: true })
      expect(await mempoolOf(relay)).toEqual([])
    })

    /** An output of a fresh script. */
    function fresh(valueSat: number) {
      return { script: ours.wallet.receive('p2wpkh').script, valueSat }
    }

    function coinOf(txid: Uint8Array) {
      return ours.wallet.coins().find((coin) => toDisplay(coin.txid) === toDisplay(txid))!
    }
  })

  describe('the node’s own', () => {
    test('what it sends to each kind of address comes to us and is confirmed', async () => {
      const kinds = isLitecoin ? ['legacy', 'p2sh-segwit', 'bech32'] : ['legacy', 'p2sh-segwit', 'bech32', 'bech32m']
      const addresses = await Promise.all(kinds.map((kind) => node.rpc<string>('getnewaddress', ['', kind])))
      for (const kind of keyedKinds) {
        const { address } = ours.wallet.receive(kind)
        if (address !== undefined) addresses.push(address)
      }
      const txids: string[] = []
      for (const address of addresses) txids.push(await node.rpc('sendtoaddress', [address, '0.7']))
      const all = Object.fromEntries(addresses.map((address) => [address, '0.3']))
      txids.push(await node.rpc('sendmany', ['', all]))
      for (const txidHex of txids) {
        await waitForTx(relay, txidHex)
        expect(await relay.json(`/api/tx/${txidHex}/status`)).toEqual({ confirmed: false })
      }
      expect(await mempoolOf(relay)).toEqual(txids.sort())
      const hashHex = await mine()
      for (const txidHex of txids) {
        expect(await relay.json(`/api/tx/${txidHex}/status`)).toMatchObject({ confirmed: true, block_hash: hashHex })
      }
      for (const address of addresses) {
        expect(await relay.json(`/api/address/${address}`)).toMatchObject({
          chain_stats: { funded_txo_sum: COIN, funded_txo_count: 2 },
          mempool_stats: { tx_count: 0 },
        })
      }
      expect(await mempoolOf(relay)).toEqual([])
    })

    test('one that its wallet replaces by another that pays more is replaced with us', async () => {
      const to = await node.rpc('getnewaddress')
      const first = await node.rpc<string>('sendtoaddress', [to, '0.6', '', '', false, true])
      await waitForTx(relay, first)
      const { txid: second } = await node.rpc<{ txid: string }>('bumpfee', [first])
      expect(await mempoolOf(node)).toEqual([second])
      await waitForTx(relay, second)
      expect(await mempoolOf(relay)).toEqual([second])
      await mine()
      expect(await mempoolOf(relay)).toEqual([])
      expect(await relay.json(`/api/tx/${second}/status`)).toMatchObject({ confirmed: true })
      expect((await relay.fetch(`/api/tx/${first}`)).status).toBe(404)
    })

    test('what waits while a block is taken back waits again, with the block’s own', async () => {
      const first = await node.rpc<string>('sendtoaddress', [await node.rpc('getnewaddress'), '0.6'])
      await waitForTx(relay, first)
      const hashHex = await mine()
      // The node's own would be locked until the height that is taken back.
      const { bytes, txid } = ours.send({ coins: [ours.coin('p2pkh')] })
      const second = await accept(bytes, txid)
      await waitForTx(node, second)
      await node.rpc('invalidateblock', [hashHex])
      const output = await node.rpc('getnewaddress')
      for (let i = 0; i < 2; i++) await node.rpc('generateblock', [output, []])
      await waitForTip(relay, node)
      expect(await mempoolOf(relay)).toEqual([first, second].sort())
      await mine()
      expect(await mempoolOf(relay)).toEqual([])
    })
  })

  describe('what is refused is refused by both, in the same words', () => {
    interface Verdict {
      code: number
      reason: string
    }

    async function verdicts(bytes: Uint8Array): Promise<{ ours: Verdict; theirs: Verdict }> {
      const { status, text } = await broadcast(bytes)
      expect({ status, text }).toMatchObject({ status: 400 })
      const [, code, reason] = /^sendrawtransaction RPC error (-\d+): (.*)$/s.exec(text)!
      const theirs = await node.rpc('sendrawtransaction', [bytesToHex(bytes)]).then(
        (txid) => ({ code: 0, reason: `taken as ${txid}` }),
        (error: RpcError) => ({ code: error.code, reason: error.reason }),
      )
      return { ours: { code: Number(code), reason: reason! }, theirs }
    }

    /** A spend of one coin, changed before it is handed in: signatures are looked at last. */
    function spoiled(change: (tx: Transaction) => void, options: Parameters<NodeWallet['send']>[0] = {}): Uint8Array {
      const { tx, txid } = ours.send({ coins: [ours.coin('p2wpkh')], ...options })
      ours.wallet.abandon(txid)
      const copy = structuredClone(tx)
      change(copy)
      return encode(transaction, copy)
    }

    const cases: [string, () => Uint8Array][] = [
      ['an output that nobody has', () => spoiled((tx) => tx.inputs[0]!.prevout.hash.fill(7))],
      ['an output that its transaction does not have', () => spoiled((tx) => (tx.inputs[0]!.prevout.index = 999))],
      ['no fee', () => spoiled(() => {}, { feeRate: 0 })],
      ['a coinbase too young', () => spoiled(() => {}, { coins: [ours.coin('p2wsh', false)] })],
      ['more out than in', () => spoiled((tx) => (tx.outputs[0]!.value += 100n * 100_000_000n))],
      ['a lock time to come', () => spoiled((tx) => (tx.lockTime = 10_000))],
      ['a relative lock time to come', () => spoiled((tx) => (tx.inputs[0]!.sequence = 5000))],
      ['an unknown version', () => spoiled((tx) => (tx.version = 9))],
      ['the same input twice', () => spoiled((tx) => tx.inputs.push(structuredClone(tx.inputs[0]!)))],
      ['a negative amount', () => spoiled((tx) => (tx.outputs[0]!.value = -1n))],
      ['an impossible amount', () => spoiled((tx) => (tx.outputs[0]!.value = 85_000_000n * 100_000_000n))],
      ['no outputs', () => spoiled((tx) => tx.outputs.splice(0))],
      ['a coinbase', () => spoiled((tx) => coinbase(tx))],
      ['a coinbase with a long script', () => spoiled((tx) => coinbase(tx, 101))],
      ['one that is all too small', () => spoiled(tiny)],
      ['one that is all too large', () => spoiled((tx) => (tx.inputs[0]!.scriptSig = new Uint8Array(100_001)))],
      ['a fee beyond reason', () => spoiled(() => {}, { feeRate: 20_000_000 })],
    ]
    test.each(cases)('%s', async (_, make) => {
      await ours.mineTo('p2wsh')
      await waitForTip(relay, node)
      await ours.follow()
      const { ours: we, theirs: they } = await verdicts(make())
      expect({ ...we, reason: words(we.reason) }).toEqual({ ...they, reason: words(they.reason) })
      expect(await mempoolOf(relay)).toEqual([])
      expect(await mempoolOf(node)).toEqual([])
    })

    test('the coinbase’s depth and the missing amount are the same, too', async () => {
      const young = await verdicts(spoiled(() => {}, { coins: [ours.coin('p2wsh', false)] }))
      expect(young.ours).toEqual(young.theirs)
      const inflated = await verdicts(spoiled((tx) => (tx.outputs[0]!.value += 100n * 100_000_000n)))
      expect(inflated.ours).toEqual(inflated.theirs)
    })

    test('bytes that are no transaction', async () => {
      for (const bytes of [Uint8Array.of(1, 2, 3), new Uint8Array(100), spoiled(() => {}).subarray(0, -1)]) {
        const { ours: we, theirs: they } = await verdicts(bytes)
        expect(we).toEqual(they)
      }
    })

    test('a second spend of the same money where the first one rules that out, and what a block holds already', async () => {
      const first = await paymentOf(1.5)
      const second = await paymentOf(1)
      expect(await broadcast(first)).toEqual({ status: 200, text: expect.stringMatching(/^[0-9a-f]{64}$/) })
      const [txidHex] = await mempoolOf(relay)
      await waitForTx(node, txidHex!)
      const { ours: we, theirs: they } = await verdicts(second)
      // It would be a replacement, and pays too little for that.
      expect(we).toEqual({ code: -26, reason: expect.stringMatching(/^insufficient fee, rejecting replacement/) })
      // Litecoin Core 0.21 lets nothing take the place of what has not agreed to it.
      expect(they).toEqual({ code: -26, reason: isLitecoin ? 'txn-mempool-conflict' : expect.any(String) })
      // Once more is no mistake.
      expect(await broadcast(first)).toEqual({ status: 200, text: txidHex })
      await mine()
      const again = await verdicts(first)
      expect(again.ours).toEqual({ code: -27, reason: 'Transaction outputs already in utxo set' })
      expect(again.theirs.code).toBe(-27)
      const spent = await verdicts(second)
      expect(spent.ours).toEqual(spent.theirs)
      expect(spent.ours.reason).toBe('bad-txns-inputs-missingorspent')
    })

    /** The node spends one coin, always the same as long as it is there, leaves `amount`, and forbids replacements. */
    async function paymentOf(amount: number): Promise<Uint8Array> {
      const coins = await node.rpc<{ txid: string; vout: number; amount: number }[]>('listunspent', [1])
      const [coin] = coins.filter((coin) => coin.amount > 2).sort((a, b) => (a.txid < b.txid ? -1 : 1))
      const { txid, vout } = coin!
      const to = ours.wallet.receive('p2wpkh').address!
      const change = await node.rpc<string>('getrawchangeaddress')
      const rest = (coin!.amount - amount - 0.001 * amount).toFixed(8)
      const unsigned = await node.rpc('createrawtransaction', [
        [{ txid, vout, sequence: 0xffff_ffff }],
        { [to]: amount.toFixed(8), [change]: rest },
      ])
      const { hex } = await node.rpc<{ hex: string }>('signrawtransactionwithwallet', [unsigned])
      return hexToBytes(hex)
    }

    function coinbase(tx: Transaction, length = 10): void {
      const [input] = tx.inputs
      input!.prevout.hash.fill(0)
      input!.prevout.index = 0xffff_ffff
      input!.scriptSig = new Uint8Array(length)
    }

    function tiny(tx: Transaction): void {
      tx.inputs[0]!.witness = []
      tx.outputs.splice(1)
      tx.outputs[0] = { value: 0n, scriptPubKey: Uint8Array.of(0x6a) }
    }

    /** Without the figures that follow. */
    function words(reason: string): string {
      return reason.split(',')[0]!
    }
  })

  test('nobody had anything to complain of', () => {
    expectNoComplaints(node, relay)
  })
})
