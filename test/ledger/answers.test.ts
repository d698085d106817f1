import { describe, expect, test } from 'vitest'
import { regtest } from '../../src/chain/networks/regtest.ts'
import { LedgerAnswers } from '../../src/ledger/answers.ts'
import { broadcast } from '../../src/ledger/broadcast.ts'
import { ChainQueries } from '../../src/ledger/chain-queries.ts'
import { ChangeLog } from '../../src/ledger/change-log.ts'
import { Mempool } from '../../src/ledger/mempool.ts'
import type { MempoolPort } from '../../src/ledger/mempool-port.ts'
import { LocalMempool } from '../../src/ledger/mempool-queries.ts'
import { submitPackage } from '../../src/ledger/package-submission.ts'
import type { TxInfo, UtxoInfo } from '../../src/ledger/queries.ts'
import { nodeHasher } from '../../src/node/hasher.ts'
import { bytesToHex, hexToBytes, sha256 } from '../../src/wire/hash.ts'
import { parseTransaction } from '../../src/wire/transaction.ts'
import { type Coin, coinbaseCoin, type MadeBlock, P2WSH_TRUE, spend } from '../sim/chain-maker.ts'
import { keyHash } from './fake-chain.ts'
import { NaiveChain } from './naive-answers.ts'
import { Ledger } from './open-ledger.ts'
import { passEveryScript } from './pass-every-script.ts'
import { RandomChain } from './random-chain.ts'
import { reorgTo } from './reorg-to.ts'

const NOW = 1_700_000_000_000
const OTHER = keyHash(7)
const hashOf = (script: Uint8Array) => sha256(script)
const txid = (raw: Uint8Array) => parseTransaction(raw).txid

/** A ledger of a hundred and some blocks with its mempool, and the answers of both. */
function setUp(seed = 1, wrap: (port: MempoolPort) => MempoolPort = (port) => port) {
  const random = new RandomChain(seed)
  const { maker } = random
  const tip = random.growMany(maker.genesis, 145, 3).at(-1)!
  const ledger = new Ledger()
  ledger.extend(random.path(tip).slice(1))
  maker.tip = tip
  const chain = {
    get tip() {
      return ledger.chain.tip
    },
    medianTimePast: (height: number) => ledger.tree.medianTimePast(ledger.tree.mainAt(height)!),
    coin: (id: Uint8Array, index: number) => ledger.chain.coins.coin(id, index),
  }
  const mempool = new Mempool({ chain, scripts: passEveryScript, hasher: nodeHasher })
  const changes = new ChangeLog(1)
  const port = wrap(
    new LocalMempool({
      mempool,
      changes,
      synced: () => true,
      intake: {
        broadcast: (bytes) => broadcast(mempool, bytes, NOW).answer,
        submitPackage: (raws, options) => submitPackage(mempool, raws, NOW, options).answer,
      },
      now: () => NOW,
      hasher: nodeHasher,
    }),
  )
  const queries = new ChainQueries({ sql: ledger.sql, network: regtest, hasher: nodeHasher })
  const answers = new LedgerAnswers(queries, port)
  /** Mature coinbases of the first blocks that nothing has spent, of the kind that nodes relay. */
  const coins = maker
    .chain(tip)
    .slice(0, 46)
    .filter((block) => isRelayed(ledger, block))
    .map((block): Coin => ({ ...coinbaseCoin(block, maker), witness: true }))
  const accept = (raw: Uint8Array) => {
    const result = mempool.accept(raw, NOW)
    if (result.kind !== 'accepted') throw new Error(JSON.stringify(result))
    return raw
  }
  /** Mines the transactions into a block; the mempool follows once it is committed. */
  const mine = (transactions: Uint8Array[], { follow = true } = {}) => {
    const [block] = maker.mine(1, { transactions })
    ledger.extend([block!.bytes])
    const connected = [{ txids: concat(block!.txids), outpoints: outpointsOf(transactions) }]
    if (follow) mempool.update({ reverted: [], connected }, NOW)
    return block!
  }
  return {
    ledger,
    maker,
    tip,
    mempool,
    changes,
    answers,
    coins,
    accept,
    mine,
    naive: () => new NaiveChain([maker.genesis, ...maker.chain()].map(({ bytes }) => bytes)),
  }
}

const isRelayed = (ledger: Ledger, { txids }: MadeBlock) => {
  const coin = ledger.chain.coins.coin(txids[0]!, 0)
  return coin !== undefined && bytesToHex(coin.script) === bytesToHex(P2WSH_TRUE)
}

function concat(parts: Uint8Array[]): Uint8Array {
  return Uint8Array.from(parts.flatMap((part) => [...part]))
}

function outpointsOf(transactions: Uint8Array[]): Uint8Array {
  return concat(
    transactions.flatMap((raw) =>
      parseTransaction(raw).tx.inputs.flatMap(({ prevout }) => [prevout.hash, Uint8Array.of(prevout.index, 0, 0, 0)]),
    ),
  )
}

const outs = (raw: Uint8Array): Coin[] =>
  parseTransaction(raw).tx.outputs.map(({ value, scriptPubKey }, vout) => ({
    txid: txid(raw),
    vout,
    valueSat: Number(value),
    witness: bytesToHex(scriptPubKey) === bytesToHex(P2WSH_TRUE),
  }))

/** Splits coins over two outputs, and leaves this fee. */
function split(coins: Coin[], fee = 1000, scripts = [OTHER, P2WSH_TRUE]) {
  const rest = coins.reduce((sum, coin) => sum + coin.valueSat, 0) - fee
  const half = Math.floor(rest / 2)
  return spend(coins, [
    { valueSat: half, script: scripts[0]! },
    { valueSat: rest - half, script: scripts[1]! },
  ])
}

const sortUtxos = (utxos: UtxoInfo[] | 'too-many') =>
  utxos === 'too-many'
    ? utxos
    : utxos.map((u) => `${bytesToHex(u.txid)}:${u.vout} ${u.value} ${u.status.confirmed}`).sort()

describe('answers over chain and mempool', () => {
  test('are those of a walk over both', async () => {
    const { answers, mempool, coins, accept, naive } = setUp()
    const first = accept(split([coins[0]!, coins[1]!]))
    const second = accept(split([outs(first)[1]!, coins[2]!], 5000))
    const third = accept(split([outs(second)[0]!], 700, [OTHER, OTHER]))
    const model = naive()
    const unconfirmed = [third, second, first].map((raw): TxInfo => {
      const entry = mempool.get(txid(raw))!
      const prevouts = parseTransaction(raw).tx.inputs.map(({ prevout }) => {
        const parent = model.tx(prevout.hash)?.tx ?? parseTransaction(mempool.get(prevout.hash)!.raw).tx
        const { value, scriptPubKey } = parent.outputs[prevout.index]!
        return { value: Number(value), script: scriptPubKey }
      })
      return {
        txid: txid(raw),
        raw,
        prevouts,
        fee: entry.feeSat,
        status: { confirmed: false },
        firstSeen: NOW / 1000,
        peers: 0,
      }
    })
    for (const info of unconfirmed) {
      expect(await answers.tx(info.txid)).toEqual(info)
      expect(await answers.txStatus(info.txid)).toEqual({ confirmed: false })
      expect(await answers.merkleProof(info.txid)).toBeUndefined()
    }
    expect(await answers.tx(model.txs[3]!.info.txid)).toEqual(model.txs[3]!.info)

    const spentBy = new Map<string, { txid: Uint8Array; vin: number }>()
    for (const { txid, raw } of unconfirmed) {
      for (const [vin, { prevout }] of parseTransaction(raw).tx.inputs.entries()) {
        spentBy.set(`${bytesToHex(prevout.hash)}:${prevout.index}`, { txid, vin })
      }
    }
    const isFree = (id: Uint8Array, vout: number) => !spentBy.has(`${bytesToHex(id)}:${vout}`)
    for (const { txid, outputs } of [...model.txs.map((tx) => tx.info), ...unconfirmed].map(({ txid, raw }) => ({
      txid,
      outputs: parseTransaction(raw).tx.outputs.length,
    }))) {
      const confirmed = model.tx(txid)?.outspends ?? Array.from({ length: outputs }, () => ({ spent: false }))
      const expected = confirmed.map((outspend, vout) => {
        const by = spentBy.get(`${bytesToHex(txid)}:${vout}`)
        return by ? { spent: true, ...by, status: { confirmed: false } } : outspend
      })
      expect(await answers.outspends(txid)).toEqual(expected)
    }

    for (const scriptHex of new Set([
      ...model.scripthashes,
      bytesToHex(hashOf(OTHER)),
      bytesToHex(hashOf(P2WSH_TRUE)),
    ])) {
      const scripthash = hexToBytes(scriptHex)
      const has = (script: Uint8Array) => bytesToHex(hashOf(script)) === scriptHex
      const funded = unconfirmed.flatMap(({ txid, raw }) =>
        parseTransaction(raw).tx.outputs.flatMap(({ value, scriptPubKey }, vout) =>
          has(scriptPubKey) ? [{ txid, vout, value: Number(value), status: { confirmed: false } as const }] : [],
        ),
      )
      const spent = unconfirmed.flatMap(({ prevouts }) => prevouts.filter((out) => has(out!.script)))
      const touching = unconfirmed.filter(
        ({ raw, prevouts }) =>
          prevouts.some((out) => has(out!.script)) ||
          parseTransaction(raw).tx.outputs.some((out) => has(out.scriptPubKey)),
      )
      expect(await answers.scriptStats(scripthash)).toEqual({
        chain: model.stats(scriptHex),
        mempool: {
          fundedCount: funded.length,
          fundedSum: funded.reduce((sum, { value }) => sum + value, 0),
          spentCount: spent.length,
          spentSum: spent.reduce((sum, out) => sum + out!.value, 0),
          txCount: touching.length,
        },
      })
      const history = model.history(scriptHex).map(({ info }) => info)
      const page = await answers.scriptTxs(scripthash, { mempool: 2, chain: 4 })
      expect(page).toEqual({ mempool: touching.slice(0, 2), chain: history.slice(0, 4), more: history.length > 4 })
      const utxos = [...funded, ...model.utxos(scriptHex)].filter((utxo) => isFree(utxo.txid, utxo.vout))
      expect(sortUtxos(await answers.scriptUtxos(scripthash, utxos.length))).toEqual(sortUtxos(utxos))
      if (utxos.length > 0) expect(await answers.scriptUtxos(scripthash, utxos.length - 1)).toBe('too-many')
    }
    expect(await answers.mempool()).toMatchObject({ count: 3, feeSat: 6700, vsize: mempool.pool.vsize })
    expect(bytesToHex(await answers.mempoolTxids())).toBe(
      [first, second, third].map((raw) => bytesToHex(txid(raw))).join(''),
    )
    expect((await answers.mempoolRecent(2)).map((tx) => tx.txid)).toEqual([txid(third), txid(second)])
  })

  test('make pages whose figures are of one moment', async () => {
    const { answers, coins, accept, mine, naive } = setUp()
    const confirmed = split([coins[0]!])
    const block = mine([confirmed])
    const pending = accept(split([outs(confirmed)[0]!]))
    const model = naive()
    const height = block.height
    const home = await answers.home(3, 5)
    expect(home.status).toEqual({
      tip: { height, hash: block.hash, time: block.time },
      headers: height,
      synced: true,
      mempool: { count: 1, vsize: home.recent[0]!.vsize, feeSat: 1000 },
    })
    expect(await answers.status()).toEqual(home.status)
    expect(home.blocks).toEqual(
      model.blocks
        .slice(-3)
        .reverse()
        .map(({ info }) => info),
    )
    expect(home.recent.map((tx) => tx.txid)).toEqual([txid(pending)])

    const page = (await answers.txPage(txid(confirmed)))!
    expect(page.tx).toEqual(model.tx(txid(confirmed))!.info)
    expect(page.outspends).toEqual([
      { spent: true, txid: txid(pending), vin: 0, status: { confirmed: false } },
      { spent: false },
    ])
    expect(page.proof).toEqual(await answers.merkleProof(txid(confirmed)))
    expect(page.tip).toBe(height)
    expect(await answers.txPage(txid(pending))).toMatchObject({
      tx: { status: { confirmed: false } },
      proof: undefined,
    })
    expect(await answers.txPage(new Uint8Array(32))).toBeUndefined()

    const { info, txs } = model.tip
    for (const at of [height, block.hash]) {
      expect(await answers.blockPage(at, 1, 5)).toEqual({ block: info, txs: [txs[1]!.info], tip: height })
    }
    expect(await answers.blockPage(height + 1, 0, 5)).toBeUndefined()

    const script = hashOf(OTHER)
    const { stats, history, tip } = await answers.scriptPage(script, { mempool: 5, chain: 5 })
    expect(stats).toEqual(await answers.scriptStats(script))
    expect(history).toEqual(await answers.scriptTxs(script, { mempool: 5, chain: 5 }))
    expect([tip, history.mempool.length]).toEqual([height, 1])
  })

  test('page backwards through the chain without asking the mempool', async () => {
    const { answers, naive } = setUp(1, (port) => ({
      ...bound(port),
      script: () => Promise.reject(new Error('asked')),
    }))
    const model = naive()
    const [script] = model.scripthashes
    const [newest] = model.history(script!)
    const { chain } = await answers.scriptTxs(hexToBytes(script!), { mempool: 0, chain: 3, after: newest!.info.txid })
    expect(chain).toEqual(
      model
        .history(script!)
        .slice(1, 4)
        .map(({ info }) => info),
    )
  })

  test('say what is unspent, with and without the mempool, of one moment', async () => {
    const { answers, coins, accept, mine, mempool, naive } = setUp()
    const raw = accept(split([coins[0]!]))
    const [made] = outs(raw)
    const outpoint = ({ txid, vout }: Coin) => concat([txid, Uint8Array.of(vout, 0, 0, 0)])
    const asked = concat([coins[0]!, coins[1]!, made!].map(outpoint))
    const model = naive()
    const onChain = (coin: Coin) => {
      const { info, tx } = model.tx(coin.txid)!
      const { value, scriptPubKey } = tx.outputs[coin.vout]!
      return { height: info.status.confirmed && info.status.height, value: Number(value), script: scriptPubKey }
    }
    const tipOf = ({ height, hash }: { height: number; hash: Uint8Array }) => ({ height, hash })
    const before = tipOf(model.tip.info)
    const free = onChain(coins[1]!)
    expect(await answers.unspent(asked, false)).toEqual({ tip: before, coins: [onChain(coins[0]!), free, undefined] })
    const waiting = { height: 0x7fff_ffff, value: made!.valueSat, script: OTHER }
    expect(await answers.unspent(asked, true)).toEqual({ tip: before, coins: [undefined, free, waiting] })
    expect((await answers.mempoolContents()).txids).toEqual(txid(raw))

    const block = mine([raw])
    const mined = { ...waiting, height: block.height }
    for (const mempool of [false, true]) {
      expect(await answers.unspent(asked, mempool)).toEqual({ tip: tipOf(block), coins: [undefined, free, mined] })
    }
    expect(mempool.pool.count).toBe(0)
    expect(await answers.chainInfo()).toMatchObject({ tip: tipOf(block), headers: block.height, synced: true })
  })

  test('hand broadcasts and cursors on', async () => {
    const { answers, coins, changes } = setUp()
    const raw = split([coins[0]!])
    expect(await answers.broadcast(raw)).toEqual({ kind: 'accepted', txid: txid(raw) })
    expect(await answers.broadcast(Uint8Array.of(1))).toMatchObject({ code: -22 })
    const { cursor } = await answers.changesSince(undefined)
    changes.push({ kind: 'tx', txid: txid(raw), feeSat: 1, vsize: 1, value: 1 })
    expect((await answers.changesSince(cursor)).changes).toHaveLength(1)
  })
})

/** The methods of a port as its own, so that some can be replaced. */
function bound(port: MempoolPort): MempoolPort {
  return {
    overview: (...args) => port.overview(...args),
    summary: () => port.summary(),
    txids: () => port.txids(),
    tx: (...args) => port.tx(...args),
    script: (...args) => port.script(...args),
    history: (...args) => port.history(...args),
    mempoolLevels: () => port.mempoolLevels(),
    projectedBlocks: (...args) => port.projectedBlocks(...args),
    cpfp: (...args) => port.cpfp(...args),
    firstSeen: (...args) => port.firstSeen(...args),
    scriptTxs: (...args) => port.scriptTxs(...args),
    unconfirmed: (...args) => port.unconfirmed(...args),
    mempoolCoins: (...args) => port.mempoolCoins(...args),
    mempoolContents: () => port.mempoolContents(),
    replacements: (...args) => port.replacements(...args),
    replacementTrees: (...args) => port.replacementTrees(...args),
    submitPackage: (...args) => port.submitPackage(...args),
    testAccept: (...args) => port.testAccept(...args),
    broadcast: (...args) => port.broadcast(...args),
    changesSince: (...args) => port.changesSince(...args),
  }
}

/** A port behind which something happens after each of its first answers. */
function then(port: MempoolPort, happens: (() => void)[]): MempoolPort {
  const after = async <T>(answer: Promise<T>): Promise<T> => {
    const value = await answer
    happens.shift()?.()
    return value
  }
  return { ...bound(port), tx: (...args) => after(port.tx(...args)), script: (...args) => after(port.script(...args)) }
}

describe('a block that comes between the two halves of an answer', () => {
  const race = (happens: (() => void)[]) => {
    const run = setUp(1, (port) => then(port, happens))
    const raw = run.accept(split([run.coins[0]!], 1000, [OTHER, OTHER]))
    return { ...run, raw, id: txid(raw), script: hashOf(OTHER) }
  }

  test('loses no transaction and counts none twice', async () => {
    const happens: (() => void)[] = []
    const { answers, mine, raw, id, script, naive } = race(happens)
    const before = await answers.scriptStats(script)
    expect([before.mempool.txCount, before.mempool.fundedCount]).toEqual([1, 2])
    happens.push(() => mine([raw]))
    const after = await answers.scriptStats(script)
    expect(after.mempool.txCount).toBe(0)
    expect(after.chain).toEqual(naive().stats(bytesToHex(script)))
    expect((await answers.tx(id))?.status.confirmed).toBe(true)
  })

  test.each(['tx', 'outspends', 'scriptTxs', 'scriptUtxos'] as const)(
    'leaves %s as it is after the block',
    async (question) => {
      const happens: (() => void)[] = []
      const { answers, mine, raw, id, script } = race(happens)
      const ask = {
        tx: () => answers.tx(id),
        outspends: () => answers.outspends(id),
        scriptTxs: () => answers.scriptTxs(script, { mempool: 50, chain: 25 }),
        scriptUtxos: async () => sortUtxos(await answers.scriptUtxos(script, 500)),
      }[question]
      happens.push(() => mine([raw]))
      const answer = await ask()
      expect(happens).toEqual([])
      expect(answer).toEqual(await ask())
    },
  )

  test('and a transaction that spends from it, before the mempool is asked, are both seen', async () => {
    const happens: (() => void)[] = []
    const before = (port: MempoolPort): MempoolPort => ({
      ...bound(port),
      tx: (...args) => {
        happens.shift()?.()
        return port.tx(...args)
      },
    })
    const { accept, mine, coins, answers } = setUp(1, before)
    const raw = split([coins[0]!])
    happens.push(() => {
      mine([raw])
      accept(split([outs(raw)[1]!]))
    })
    expect((await answers.outspends(txid(raw)))?.map(({ spent }) => spent)).toEqual([false, true])
  })

  test('that reverts a transaction into the mempool does not lose it', async () => {
    const happens: (() => void)[] = []
    const { ledger, maker, mempool, answers, mine, coins } = setUp(1, (port) => then(port, happens))
    const raw = split([coins[0]!])
    const parent = maker.tip
    mine([raw])
    happens.push(() => {
      const branch = maker.mine(2, {}, parent)
      const node = ledger.store(branch.map(({ bytes }) => bytes))
      reorgTo(ledger, node)
      mempool.update(
        {
          reverted: [raw],
          connected: branch.map(({ txids }) => ({ txids: concat(txids), outpoints: new Uint8Array() })),
        },
        NOW,
      )
    })
    const { tx } = (await answers.txPage(txid(raw)))!
    expect(tx.status).toEqual({ confirmed: false })
    expect(happens).toEqual([])
  })

  test('again and again ends with an answer that holds nothing twice', async () => {
    const happens: (() => void)[] = []
    const { answers, mine, raw, script, naive } = race(happens)
    // The mempool never hears of the block, so that it and the chain cannot be brought together.
    mine([raw], { follow: false })
    happens.push(...[1, 2, 3, 4, 5].map(() => () => mine([], { follow: false })))
    const history = await answers.scriptTxs(script, { mempool: 50, chain: 1000 })
    expect([history.mempool, history.chain.length]).toEqual([[], naive().history(bytesToHex(script)).length])
    expect(happens).toHaveLength(2)
    happens.length = 0
    const utxos = await answers.scriptUtxos(script, 500)
    expect(sortUtxos(utxos)).toEqual(sortUtxos(naive().utxos(bytesToHex(script))))
  })

  test('that is not committed yet is not waited for while the mempool is empty', async () => {
    let asked = 0
    const { ledger, maker, mempool, answers, naive } = setUp(1, (port) => ({
      ...bound(port),
      script: (...args) => {
        asked++
        return port.script(...args)
      },
    }))
    const model = naive()
    const [block] = maker.mine(1)
    ledger.connect(block!.bytes)
    mempool.update({ reverted: [], connected: [] }, NOW)
    expect(mempool.tip.height).toBe(block!.height)
    const [script] = model.scripthashes
    expect((await answers.scriptStats(hexToBytes(script!))).chain).toEqual(model.stats(script!))
    expect(asked).toBe(1)
  })
})

test('answers survive the way between two threads, and drag no buffers along', async () => {
  const { mempool, coins, accept } = setUp()
  const raw = accept(split([coins[0]!, coins[1]!]))
  const port = new LocalMempool({
    mempool,
    changes: new ChangeLog(1),
    synced: () => true,
    intake: {
      broadcast: (bytes) => broadcast(mempool, bytes, NOW).answer,
      submitPackage: (raws, options) => submitPackage(mempool, raws, NOW, options).answer,
    },
    now: () => NOW,
  })
  const all = [
    await port.overview(5),
    await port.summary(),
    await port.txids(),
    await port.tx(txid(raw), 0),
    await port.script(hashOf(OTHER), { txs: 5, utxos: 5 }),
    await port.broadcast(raw),
  ]
  expect(structuredClone(all)).toEqual(all)
  const arrays: Uint8Array[] = []
  const collect = (value: unknown) => {
    if (value instanceof Uint8Array) arrays.push(value)
    else if (value && typeof value === 'object') Object.values(value).forEach(collect)
  }
  collect(all)
  expect(arrays.length).toBeGreaterThan(10)
  for (const array of arrays) expect(array.buffer.byteLength).toBe(array.byteLength)
})
