import { createHash } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { keyedKinds } from '../../src/demo/wallet-outputs.ts'
import { SIGHASH } from '../../src/script/sighash.ts'
import { bytesToHex, toDisplay } from '../../src/wire/hash.ts'
import type { Program } from '../program.ts'
import { describeNodes, Litecoind } from './litecoind.ts'
import { NodeChain, type NodeScript, type NodeTx, satoshi, scripthashOf } from './node-chain.ts'
import { NodeWallet } from './node-wallet.ts'
import { expectNoComplaints, removeAll, startRelay, waitForTip, waitForTx } from './sides.ts'

/** The node's word for a kind of output, and ours. */
const TYPES: Record<string, string> = {
  pubkey: 'p2pk',
  pubkeyhash: 'p2pkh',
  scripthash: 'p2sh',
  witness_v0_keyhash: 'v0_p2wpkh',
  witness_v0_scripthash: 'v0_p2wsh',
  witness_v1_taproot: 'v1_p2tr',
  nulldata: 'op_return',
  // The API has no names for these.
  multisig: 'unknown',
  nonstandard: 'unknown',
  witness_unknown: 'unknown',
  anchor: 'unknown',
}
const PAGE = 25

interface VoutJson {
  scriptpubkey: string
  scriptpubkey_type: string
  scriptpubkey_address?: string
  value: number
}

interface TxJson {
  txid: string
  version: number
  locktime: number
  vin: {
    txid: string
    vout: number
    prevout: VoutJson | null
    scriptsig: string
    witness?: string[]
    is_coinbase: boolean
    sequence: number
  }[]
  vout: VoutJson[]
  size: number
  weight: number
  fee: number
  status: unknown
}

interface UtxoJson {
  txid: string
  vout: number
  value: number
  status: { block_height: number }
}

describeNodes('answers of the API are the node’s', (program) => {
  let node: Litecoind
  let relay: Program
  let ours: NodeWallet
  let chain: NodeChain

  beforeAll(async () => {
    node = await Litecoind.start({ program, args: ['-whitelist=noban@127.0.0.1'] })
    await node.createWallet()
    await node.rpc('generatetoaddress', [10, await node.rpc('getnewaddress')])
    ours = new NodeWallet(node)
    await ours.fund(3)
    await fill()
    relay = await startRelay(program, node)
    await waitForTip(relay, node)
    chain = await NodeChain.read(node)
  })
  afterAll(() => removeAll(node, relay))

  const give = (bytes: Uint8Array) => node.rpc('sendrawtransaction', [bytesToHex(bytes)])

  /** Every kind of output spent and made, in all ways to sign; a block of several pages; spends within a block. */
  async function fill(): Promise<void> {
    for (const kind of keyedKinds) await give(ours.send({ coins: [ours.coin(kind)], change: kind }).bytes)
    await mine()
    for (let i = 0; i < 2; i++) await give(ours.fanOut().bytes)
    await mine()
    const hashTypes = [SIGHASH.ALL, SIGHASH.NONE, SIGHASH.SINGLE, SIGHASH.ALL | SIGHASH.ANYONECANPAY]
    for (const hashType of hashTypes) {
      const coins = [ours.coin('p2pkh'), ours.coin('p2wsh'), ours.coin('p2tr')]
      const outputs = coins.map(({ script }) => ({ script, valueSat: 1_000_000 }))
      await give(ours.send({ coins, outputs, hashType }).bytes)
      await mine()
    }
    for (let i = 0; i < 20; i++) await node.rpc('sendtoaddress', [await node.rpc('getnewaddress'), `0.${10 + i}`])
    for (let i = 0; i < 15; i++) {
      const { script } = ours.wallet.receive(keyedKinds[i % keyedKinds.length]!)
      await give(ours.send({ outputs: [{ script, valueSat: 50_000 + i }], feeRate: 3 + i }).bytes)
    }
    await mine()
    const anchored = ours.send({ coins: [ours.coin('p2a'), ours.coin('p2sh-p2wsh')] })
    await node.rpc('generateblock', [ours.wallet.receive('p2wpkh').address, [bytesToHex(anchored.bytes)]])
    await ours.follow()
    await node.mine(3)
  }

  async function mine(): Promise<void> {
    await node.mine(1)
    await ours.follow()
  }

  test('every field of every block', async () => {
    for (const block of chain.blocks) {
      const answer = await relay.json<Record<string, unknown>>(`/api/block/${block.hash}`)
      expect(answer).toEqual({
        id: block.hash,
        height: block.height,
        version: block.version,
        timestamp: block.time,
        tx_count: block.tx.length,
        size: block.size,
        weight: block.weight,
        merkle_root: block.merkleroot,
        previousblockhash: block.previousblockhash ?? null,
        mediantime: block.mediantime,
        nonce: block.nonce,
        bits: Number.parseInt(block.bits, 16),
        difficulty: expect.any(Number),
      })
      // The node prints fewer digits.
      expect((answer.difficulty as number) / block.difficulty).toBeCloseTo(1, 12)
      expect(await relay.json(`/api/block/${block.hash}/status`)).toEqual({
        in_best_chain: true,
        height: block.height,
        next_best: block.nextblockhash ?? null,
      })
      expect(await relay.text(`/api/block-height/${block.height}`)).toBe(block.hash)
      expect(await relay.json(`/api/block/${block.hash}/txids`)).toEqual(block.tx.map(({ txid }) => txid))
    }
    expect(Math.max(...chain.blocks.map(({ tx }) => tx.length))).toBeGreaterThan(PAGE)
  })

  test('every field of every transaction, page by page', async () => {
    const seen = new Set<string>()
    for (const block of chain.blocks) {
      for (let start = 0; start < block.tx.length; start += PAGE) {
        const page = await relay.json<TxJson[]>(`/api/block/${block.hash}/txs/${start}`)
        const theirs = block.tx.slice(start, start + PAGE)
        expect(page).toHaveLength(theirs.length)
        for (const [i, tx] of theirs.entries()) {
          expectSameTx(page[i]!, tx)
          expect(page[i]!.status).toEqual({
            confirmed: true,
            block_height: block.height,
            block_hash: block.hash,
            block_time: block.time,
          })
          for (const { scriptpubkey_type } of page[i]!.vout) seen.add(scriptpubkey_type)
        }
      }
    }
    expect(seen).toEqual(new Set(Object.values(TYPES)))
  })

  test('a transaction by its id: the same, in JSON, hex and bytes', async () => {
    for (const block of chain.blocks.slice(-10)) {
      for (const tx of block.tx) {
        expectSameTx(await relay.json(`/api/tx/${tx.txid}`), tx)
        expect(await relay.text(`/api/tx/${tx.txid}/hex`)).toBe(tx.hex)
        expect(bytesToHex(await relay.bytes(`/api/tx/${tx.txid}/raw`))).toBe(tx.hex)
      }
    }
  })

  test('proofs lead to the header’s merkle root, and the node takes them', async () => {
    for (const block of chain.blocks.slice(-10)) {
      for (const [pos, { txid }] of block.tx.entries()) {
        const proof = await relay.json<{ block_height: number; merkle: string[]; pos: number }>(
          `/api/tx/${txid}/merkle-proof`,
        )
        expect(proof).toMatchObject({ block_height: block.height, pos })
        expect(rootOf(txid, proof.merkle, pos)).toBe(block.merkleroot)
        const outputProof = await relay.text(`/api/tx/${txid}/merkleblock-proof`)
        expect(await node.rpc('gettxoutproof', [[txid], block.hash])).toBe(outputProof)
        expect(await node.rpc('verifytxoutproof', [outputProof])).toEqual([txid])
      }
    }
  })

  test('spent and unspent outputs, and who spent them', async () => {
    for (const block of chain.blocks.slice(1)) {
      for (const { txid, vout } of block.tx) {
        const outspends = await relay.json<{ spent: boolean }[]>(`/api/tx/${txid}/outspends`)
        expect(outspends).toHaveLength(vout.length)
        for (const { n, scriptPubKey } of vout) {
          const { spentBy } = chain.coin(txid, n)
          if (!spentBy) {
            expect(outspends[n]).toEqual({ spent: false })
            if (scriptPubKey.type !== 'nulldata') expect(await node.rpc('gettxout', [txid, n])).not.toBeNull()
            continue
          }
          expect(await node.rpc('gettxout', [txid, n])).toBeNull()
          expect(outspends[n]).toEqual({
            spent: true,
            txid: spentBy.tx.txid,
            vin: spentBy.vin,
            status: {
              confirmed: true,
              block_height: spentBy.block.height,
              block_hash: spentBy.block.hash,
              block_time: spentBy.block.time,
            },
          })
        }
      }
    }
  })

  describe('scripts', () => {
    test('the history of each, to its first transaction', async () => {
      expect(chain.scripts.size).toBeGreaterThan(100)
      for (const [scriptHex, { txids, coins }] of chain.scripts) {
        const path = `/api/scripthash/${scripthashOf(scriptHex)}`
        const history: string[] = []
        for (let last = ''; ; last = `/${history.at(-1)}`) {
          const page = await relay.json<TxJson[]>(`${path}/txs/chain${last}`)
          history.push(...page.map(({ txid }) => txid))
          if (page.length < PAGE) break
        }
        expect(history).toEqual([...txids].reverse())
        const spent = coins.filter(({ spentBy }) => spentBy)
        expect(await relay.json(path)).toMatchObject({
          chain_stats: {
            funded_txo_count: coins.length,
            funded_txo_sum: sumOf(coins),
            spent_txo_count: spent.length,
            spent_txo_sum: sumOf(spent),
            tx_count: txids.length,
          },
          mempool_stats: { tx_count: 0 },
        })
      }
    })

    test('what is unspent is what the node finds in its set', async () => {
      const scripts = [...chain.scripts.keys()].filter((hex) => !hex.startsWith('6a'))
      const { unspents } = await node.rpc<{
        unspents: { txid: string; vout: number; amount: number; scriptPubKey: string; height: number }[]
      }>('scantxoutset', ['start', scripts.map((hex) => `raw(${hex})`)])
      const theirs = Map.groupBy(unspents, ({ scriptPubKey }) => scriptPubKey)
      // The first block's output is in no set.
      const genesisTxid = chain.blocks[0]!.tx[0]!.txid
      for (const scriptHex of scripts) {
        const utxos = await relay.json<UtxoJson[]>(`/api/scripthash/${scripthashOf(scriptHex)}/utxo`)
        const found = utxos.filter(({ txid }) => txid !== genesisTxid)
        expect(found.map(({ txid, vout, value, status }) => [txid, vout, value, status.block_height]).sort()).toEqual(
          (theirs.get(scriptHex) ?? [])
            .map(({ txid, vout, amount, height }) => [txid, vout, satoshi(amount), height])
            .sort(),
        )
      }
    })

    test('addresses name the same scripts', async () => {
      let count = 0
      for (const [scriptHex, { coins }] of chain.scripts) {
        const address = addressOf(coins[0]!.script)
        if (address === undefined) continue
        count++
        const { address: _, ...stats } = await relay.json<Record<string, unknown>>(`/api/address/${address}`)
        const { scripthash: __, ...same } = await relay.json<Record<string, unknown>>(
          `/api/scripthash/${scripthashOf(scriptHex)}`,
        )
        expect(stats).toEqual(same)
      }
      expect(count).toBeGreaterThan(50)
    })
  })

  test('what waits: the same transactions, sizes and fees', async () => {
    const kinds = keyedKinds.filter((kind) => kind !== 'multisig')
    const payments = kinds.map((kind) => ours.send({ coins: [ours.coin(kind)], change: 'p2wpkh', feeRate: 5 }))
    for (const { bytes } of payments) await give(bytes)
    for (const { txid } of payments) await waitForTx(relay, toDisplay(txid))
    const { size, bytes } = await node.rpc<{ size: number; bytes: number }>('getmempoolinfo')
    const entries = await node.rpc<Record<string, { fees: { base: number } }>>('getrawmempool', [true])
    const fees = Object.values(entries).reduce((sum, { fees }) => sum + satoshi(fees.base), 0)
    expect(await relay.json('/api/mempool')).toMatchObject({ count: size, vsize: bytes, total_fee: fees })
    for (const { txid, feeSat } of payments) {
      const theirs = await node.rpc<NodeTx>('getrawtransaction', [toDisplay(txid), true])
      const answer = await relay.json<TxJson>(`/api/tx/${theirs.txid}`)
      expect(answer).toMatchObject({ fee: feeSat, status: { confirmed: false } })
      expect(answer.fee).toBe(satoshi(entries[theirs.txid]!.fees.base))
      expectSameTx(answer, theirs)
      const [input] = theirs.vin
      expect(await relay.json(`/api/tx/${input!.txid}/outspend/${input!.vout}`)).toMatchObject({ txid: theirs.txid })
    }
  })

  test('nobody had anything to complain of', () => {
    expectNoComplaints(node, relay)
  })

  function expectSameTx(answer: TxJson, tx: NodeTx): void {
    expect(answer).toMatchObject({
      txid: tx.txid,
      version: tx.version,
      locktime: tx.locktime,
      size: tx.size,
      weight: tx.weight,
      fee: chain.feeSat(tx),
    })
    expect(
      answer.vin.map((input) => ({ ...input, ...(input.prevout && { prevout: shapeOf(input.prevout) }) })),
    ).toEqual(
      tx.vin.map((input) => {
        const isCoinbase = input.coinbase !== undefined
        return expect.objectContaining({
          txid: input.txid ?? '0'.repeat(64),
          vout: input.vout ?? 0xffff_ffff,
          prevout: isCoinbase ? null : expectedOutput(chain.coin(input.txid!, input.vout!)),
          scriptsig: input.coinbase ?? input.scriptSig!.hex,
          is_coinbase: isCoinbase,
          sequence: input.sequence,
          ...(input.txinwitness && { witness: input.txinwitness }),
        })
      }),
    )
    for (const [i, { txinwitness }] of tx.vin.entries())
      expect('witness' in answer.vin[i]!).toBe(txinwitness !== undefined)
    expect(answer.vout.map(shapeOf)).toEqual(
      tx.vout.map(({ value, scriptPubKey }) => expectedOutput({ valueSat: satoshi(value), script: scriptPubKey })),
    )
  }
})

/** What can be compared: the node writes scripts in another way than the API. */
function shapeOf({ scriptpubkey, scriptpubkey_type, scriptpubkey_address, value }: VoutJson) {
  return { scriptpubkey, scriptpubkey_type, scriptpubkey_address, value }
}

function expectedOutput({ valueSat, script }: { valueSat: number; script: NodeScript }) {
  const type = TYPES[script.type]
  return {
    scriptpubkey: script.hex,
    scriptpubkey_type: type,
    // An output of an unknown witness version has an address with us, too, which older nodes do not print.
    scriptpubkey_address: addressOf(script) ?? (script.type === 'witness_unknown' ? expect.any(String) : undefined),
    value: valueSat,
  }
}

/** Older nodes name the keys of a P2PK or of a multisig by addresses which are not theirs. */
function addressOf({ type, address, addresses }: NodeScript): string | undefined {
  if (type === 'pubkey' || type === 'multisig') return undefined
  return address ?? addresses?.[0]
}

function sumOf(coins: readonly { valueSat: number }[]): number {
  return coins.reduce((sum, { valueSat }) => sum + valueSat, 0)
}

/** The merkle root, in display hex, that a branch leads to. */
function rootOf(txid: string, branch: readonly string[], pos: number): string {
  const wire = (hex: string) => Buffer.from(hex, 'hex').reverse()
  let hash: Buffer = wire(txid)
  for (const [level, sibling] of branch.entries()) {
    const pair = (pos >> level) & 1 ? [wire(sibling), hash] : [hash, wire(sibling)]
    hash = sha256d(Buffer.concat(pair))
  }
  return hash.reverse().toString('hex')
}

function sha256d(bytes: Buffer): Buffer {
  const once = createHash('sha256').update(bytes).digest()
  return createHash('sha256').update(once).digest()
}
