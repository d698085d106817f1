import { afterAll, describe, expect, test } from 'vitest'
import { FAILED, HAVE_BODY } from '../../src/chain/header-store.ts'
import type { Network } from '../../src/chain/network.ts'
import { regtest } from '../../src/chain/networks/regtest.ts'
import { nodeHasher } from '../../src/node/hasher.ts'
import { ScriptThreads } from '../../src/node/script-checks.ts'
import { nodeSecp256k1 } from '../../src/node/secp256k1.ts'
import { p2shOf, pushBytes } from '../../src/script/build.ts'
import { CheckedCache } from '../../src/script/checked-cache.ts'
import { SqlHeaderStore } from '../../src/store/header-store.ts'
import { decode, encode } from '../../src/wire/codec.ts'
import { toDisplay } from '../../src/wire/hash.ts'
import { parseTransaction, transaction } from '../../src/wire/transaction.ts'
import { ChainMaker, coinbaseCoin, type MadeBlock, OP_TRUE, spend } from '../sim/chain-maker.ts'
import { P2PKH, signedSpend } from '../sim/signed.ts'
import { Simulation } from '../sim/simulation.ts'
import { differences } from './fresh-index.ts'
import { Rig, type RigOptions } from './rig.ts'

const threads = new ScriptThreads({
  file: new URL('../../src/node/script-thread.ts', import.meta.url),
  threads: 2,
  secp256k1: nodeSecp256k1,
  hasher: nodeHasher,
})
afterAll(() => threads.stop())

const FALSE_RESULT = 'Script evaluated without error but finished with a false/empty top stack element'
const REASON = `block-script-verify-flag-failed (${FALSE_RESULT})`
const COINS = 20

/** A chain of 121 blocks, the last of which pays to `COINS` outputs that want a signature. */
function makeChain() {
  const maker = new ChainMaker({ script: P2PKH })
  const blocks = maker.mine(120)
  const coin = coinbaseCoin(blocks[0]!, maker)
  const outputs = Array.from({ length: COINS }, () => ({ valueSat: 1000, script: P2PKH }))
  const split = signedSpend([coin], outputs)
  blocks.push(...maker.mine(1, { transactions: [split], feeSat: coin.valueSat - 1000 * COINS }))
  const { txid } = parseTransaction(split)
  const coins = Array.from({ length: COINS }, (_, vout) => ({ txid, vout, valueSat: 1000 }))
  /** A block that spends them all; one of the signatures may be spoilt. */
  const spending = (spoil?: number, parent: MadeBlock = maker.tip) => {
    const tx = signedSpend(coins, [{ valueSat: 1000 * COINS, script: OP_TRUE }], spoil)
    return { block: maker.block({ transactions: [tx] }, parent), tx: parseTransaction(tx) }
  }
  return { maker, blocks, spending, fundingHex: toDisplay(txid) }
}

const raw = (blocks: readonly MadeBlock[]) => blocks.map(({ bytes }) => bytes)

function statusOf(rig: Rig, { hash }: { hash: Uint8Array }): string {
  const { status } = new SqlHeaderStore(rig.sql).byHash(hash)!
  return [status & FAILED ? 'failed' : 'good', status & HAVE_BODY ? 'stored' : 'not stored'].join(', ')
}

function counts(rig: Rig) {
  const { scriptsChecked, scriptsAssumed, scriptsKnown } = rig.ledger.measure().counts
  return [scriptsChecked, scriptsAssumed, scriptsKnown]
}

describe.each([
  ['here', {}],
  ['by threads', { scriptChecks: threads }],
])('a block with a bad signature, run %s', (_, options: RigOptions) => {
  test('at the tip: refused with its reason, its sender closed, its header failed; its sibling is taken', () => {
    const simulation = new Simulation(1)
    const { maker, blocks, spending, fundingHex } = makeChain()
    const rig = new Rig(simulation, options)
    const honest = rig.meet({ blocks: raw(blocks), dials: true })
    expect(simulation.run(60_000, () => rig.committed === 121)).toBe(true)
    const { block: bad, tx } = spending(13)
    const met = rig.meet({ blocks: raw([...blocks, bad]) })
    expect(simulation.run(30_000, () => met.peer.hungUp !== undefined)).toBe(true)
    expect(rig.log.find(({ text }) => text === 'a block breaks a rule')?.facts).toEqual({
      height: 122,
      hash: toDisplay(bad.hash),
      reason: REASON,
      detail: `input 13 of ${toDisplay(tx.txid)} (wtxid ${toDisplay(tx.wtxid)}), spending ${fundingHex}:13`,
    })
    const closed = rig.log.find(({ facts }) => facts.link === met.link && 'reason' in facts)
    expect(closed).toMatchObject({ text: 'peer misbehaves, closed', facts: { reason: REASON } })
    expect(rig.ledger.measure().refused).toContainEqual({ what: 'block', reason: REASON, count: 1 })
    expect(statusOf(rig, bad)).toBe('failed, not stored')
    const { block: good } = spending(undefined, blocks.at(-1))
    const next = maker.block({}, good)
    for (const { bytes } of [good, next]) honest.send(honest.peer.mined(bytes))
    expect(simulation.run(30_000, () => rig.committed === 123)).toBe(true)
    expect(differences(rig.sql, rig.network, raw([...blocks, good, next]))).toEqual({})
  })

  test('handed in by a miner: refused with its reason', () => {
    const simulation = new Simulation(2)
    const { blocks, spending } = makeChain()
    const rig = new Rig(simulation, options)
    rig.meet({ blocks: raw(blocks), dials: true })
    expect(simulation.run(60_000, () => rig.committed === 121)).toBe(true)
    const answer = rig.submitBlock(spending(0).block.bytes)
    simulation.run(1000)
    expect(answer.result).toEqual({ kind: 'refused', reason: REASON })
  })

  test('in the middle of a download: what is below it stays, and another chain is followed', () => {
    const simulation = new Simulation(3)
    const { maker, blocks, spending } = makeChain()
    const { block: bad } = spending(19)
    const after = maker.mine(10, {}, bad)
    const rig = new Rig(simulation, options)
    const liar = rig.meet({ blocks: raw([...blocks, bad, ...after]) })
    expect(simulation.run(60_000, () => liar.peer.hungUp !== undefined)).toBe(true)
    expect([rig.committed, statusOf(rig, bad), statusOf(rig, after[9]!).split(',')[0]]).toEqual([
      121,
      'failed, not stored',
      'failed',
    ])
    const { block: good } = spending(undefined, blocks.at(-1))
    const rest = maker.mine(3, {}, good)
    rig.meet({ blocks: raw([...blocks, good, ...rest]) })
    expect(simulation.run(60_000, () => rig.committed === 125)).toBe(true)
    expect(differences(rig.sql, rig.network, raw([...blocks, good, ...rest]))).toEqual({})
    expect(rig.ledger.measure().counts.scriptsChecked).toBeGreaterThanOrEqual(1 + 2 * COINS)
  })

  test('on a branch with more work: the chain is where it was', () => {
    const simulation = new Simulation(4)
    const { maker, blocks, spending } = makeChain()
    const rig = new Rig(simulation, options)
    const own = maker.mine(2)
    const chain = [...blocks, ...own]
    const honest = rig.meet({ blocks: raw(chain), dials: true })
    expect(simulation.run(60_000, () => rig.committed === 123)).toBe(true)
    const side = maker.mine(1, {}, blocks.at(-1))
    const { block: bad } = spending(4, side[0])
    const after = maker.mine(3, {}, bad)
    const liar = rig.meet({ blocks: raw([...blocks, ...side, bad, ...after]) })
    expect(simulation.run(60_000, () => liar.peer.hungUp !== undefined)).toBe(true)
    expect(rig.tip.hash).toEqual(own[1]!.hash)
    expect([side[0]!, bad, after[2]!].map((block) => statusOf(rig, block).split(',')[0])).toEqual([
      'good',
      'failed',
      'failed',
    ])
    const next = maker.block({}, own[1])
    honest.send(honest.peer.mined(next.bytes))
    expect(simulation.run(30_000, () => rig.committed === 124)).toBe(true)
    expect(differences(rig.sql, rig.network, raw([...chain, next]))).toEqual({})
  })
})

describe('transactions of the mempool', () => {
  function start(seed: number, cached: boolean) {
    const simulation = new Simulation(seed)
    const { maker, blocks } = makeChain()
    const checked = cached && new CheckedCache(new ArrayBuffer(100_000), new Uint8Array(32).fill(9), nodeHasher)
    const rig = new Rig(simulation, checked ? { checked } : {})
    const peer = rig.meet({ blocks: raw(blocks), dials: true })
    expect(simulation.run(60_000, () => rig.committed === 121)).toBe(true)
    const spendOf = (block: MadeBlock) =>
      signedSpend([coinbaseCoin(block, maker)], [{ valueSat: 50_0000_0000 - 1000, script: P2PKH }])
    const [known, unknown] = [spendOf(blocks[1]!), spendOf(blocks[2]!)]
    expect(rig.broadcast(known)).toMatchObject({ kind: 'accepted' })
    const before = counts(rig)
    const mine = (transactions: Uint8Array[], parent = maker.tip) => maker.block({ transactions }, parent)
    return { simulation, maker, rig, peer, blocks, known, unknown, before, mine }
  }

  test('do not run again in the block that has them; all others do', () => {
    const { simulation, rig, peer, known, unknown, before, mine } = start(11, true)
    peer.send(peer.peer.mined(mine([known, unknown]).bytes))
    expect(simulation.run(30_000, () => rig.committed === 122)).toBe(true)
    expect(counts(rig)).toEqual([before[0]! + 1, 0, 1])
  })

  test('run again where nothing is remembered', () => {
    const { simulation, rig, peer, known, unknown, before, mine } = start(12, false)
    peer.send(peer.peer.mined(mine([known, unknown]).bytes))
    expect(simulation.run(30_000, () => rig.committed === 122)).toBe(true)
    expect(counts(rig)).toEqual([before[0]! + 2, 0, 0])
  })

  test('run when the block has them with another signature, and a bad one is found', () => {
    const { simulation, rig, blocks, maker, known, unknown, mine } = start(13, true)
    const spoilt = signedSpend([coinbaseCoin(blocks[1]!, maker)], [{ valueSat: 50_0000_0000 - 1000, script: P2PKH }], 0)
    expect(parseTransaction(spoilt).tx.inputs[0]!.prevout).toEqual(parseTransaction(known).tx.inputs[0]!.prevout)
    const bad = mine([unknown, spoilt])
    const liar = rig.meet({ blocks: raw([...blocks, bad]) })
    expect(simulation.run(30_000, () => liar.peer.hungUp !== undefined)).toBe(true)
    expect(rig.lines).toContain(`a block breaks a rule: ${REASON}`)
  })
})

describe('a block that is an exception to the rules of scripts', () => {
  /** Block 122 spends a P2SH output by its script's bytes alone, as before BIP 16: the script behind it fails. */
  function chainWith(exceptions: (block: MadeBlock) => Network['scriptExceptions']) {
    const maker = new ChainMaker({ script: OP_TRUE })
    const blocks = maker.mine(120)
    const redeem = Uint8Array.of(0)
    const coin = coinbaseCoin(blocks[0]!, maker)
    const funding = spend([coin], [{ valueSat: coin.valueSat, script: p2shOf(redeem) }])
    blocks.push(...maker.mine(1, { transactions: [funding] }))
    const { txid } = parseTransaction(funding)
    const tx = decode(transaction, spend([{ txid, vout: 0, valueSat: 1 }], [{ valueSat: 1, script: OP_TRUE }]))
    tx.inputs[0]!.scriptSig = pushBytes(redeem)
    const fees = coin.valueSat - 1
    blocks.push(...maker.mine(1, { transactions: [encode(transaction, tx)], feeSat: fees }))
    blocks.push(...maker.mine(1))
    const network = { ...regtest, scriptExceptions: exceptions(blocks[121]!) }
    const simulation = new Simulation(21)
    const rig = new Rig(simulation, { network })
    const met = rig.meet({ blocks: raw(blocks) })
    simulation.run(60_000, () => rig.committed === 123 || met.peer.hungUp !== undefined)
    return rig
  }

  test.each([
    ['none', () => [], 121],
    ['without P2SH', ({ hash }: MadeBlock) => [{ hash, p2sh: false, witness: false, taproot: false }], 123],
    ['without taproot', ({ hash }: MadeBlock) => [{ hash, p2sh: true, witness: true, taproot: false }], 121],
    ['another one', ({ prev }: MadeBlock) => [{ hash: prev, p2sh: false, witness: false, taproot: false }], 121],
  ])('is taken only as that: %s', (_, exceptions, height) => {
    expect(chainWith(exceptions).committed).toBe(height)
  })
})

describe('the assumed-valid block', () => {
  /** Two weeks of blocks and some above one that breaks a rule of scripts. */
  function buried() {
    const { maker, blocks, spending } = makeChain()
    const { block: bad } = spending(7)
    const above = maker.mine(2030, {}, bad)
    return [...blocks, bad, ...above]
  }
  const chain = buried()
  const networkWith = (assumeValid?: Uint8Array): Network => ({ ...regtest, ...(assumeValid && { assumeValid }) })

  test.each([
    ['far above it', 9],
    ['that block itself', 0],
  ])('%s: its scripts do not run, and all else is checked', (_, above) => {
    const simulation = new Simulation(5)
    const rig = new Rig(simulation, { network: networkWith(chain[121 + above]!.hash) })
    rig.meet({ blocks: raw(chain) })
    expect(simulation.run(120_000, () => rig.committed === chain.length)).toBe(true)
    expect(counts(rig)).toEqual([0, 1 + COINS, 0])
    expect(differences(rig.sql, rig.network, raw(chain))).toEqual({})
  })

  test.each([
    ['is below it', chain[120]!.hash, 1],
    ['is not known', chain[130]!.hash.slice().reverse(), 0],
    ['is nowhere', undefined, 0],
  ])('%s: its scripts run', (_, assumeValid, assumed) => {
    const simulation = new Simulation(6)
    const rig = new Rig(simulation, { network: networkWith(assumeValid) })
    const met = rig.meet({ blocks: raw(chain) })
    expect(simulation.run(120_000, () => met.peer.hungUp !== undefined)).toBe(true)
    expect(rig.lines).toContain(`a block breaks a rule: ${REASON}`)
    expect([rig.committed, counts(rig)]).toEqual([121, [1 + COINS - assumed, assumed, 0]])
  })

  test('is told of where a download begins', () => {
    const simulation = new Simulation(7)
    const young = { ...regtest, regtest: false }
    const { hash } = chain[130]!
    const lines = ([hash, undefined] as const).map((assumeValid) => {
      const rig = new Rig(simulation, { network: { ...young, ...(assumeValid && { assumeValid }) } })
      simulation.run(1000)
      return rig.log.filter(({ text }) => text.includes('script'))
    })
    expect(lines).toEqual([
      [{ level: 'info', text: 'scripts up to a block are taken as checked', facts: { hash: toDisplay(hash) } }],
      [{ level: 'info', text: 'every script is checked', facts: {} }],
    ])
  })
})
