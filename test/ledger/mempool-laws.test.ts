import fc from 'fast-check'
import { expect, test } from 'vitest'
import { MAX_CLUSTER_COUNT, worstRate } from '../../src/ledger/clusters.ts'
import { improves } from '../../src/ledger/fee-diagram.ts'
import { feeHistogram } from '../../src/ledger/fee-histogram.ts'
import { Mempool } from '../../src/ledger/mempool.ts'
import { type MempoolEntry, outpointKey } from '../../src/ledger/mempool-entry.ts'
import { hashKey, prefix48, sha256 } from '../../src/wire/hash.ts'
import { parseTransaction } from '../../src/wire/transaction.ts'
import { FakeChain, keyHash, makeTx, outputsOf, type TestCoin } from './fake-chain.ts'
import { passEveryScript } from './pass-every-script.ts'

const MINUTE = 60_000

/** Small numbers that choose what each step does; meanings are in `Run`. */
const step = fc.tuple(
  fc.constantFrom('tx', 'tx', 'tx', 'tx', 'late', 'pair', 'pair', 'block', 'rival', 'reorg'),
  fc.nat(999),
  fc.nat(999),
)
/** Without `size` only runs of a dozen steps would be made. */
const stepsOf = (each: typeof step, minLength: number) => fc.array(each, { minLength, maxLength: 60, size: 'max' })

/** A mempool and a chain that random steps are done to, with every transaction ever made. */
class Run {
  readonly chain = new FakeChain(130)
  readonly mempool: Mempool
  readonly coins: TestCoin[] = []
  readonly #late: Uint8Array[] = []
  /** Keys of those that this step was told of as taken in. */
  readonly #told = new Set<string>()
  /** What a follower of the changes takes the mempool for. */
  readonly followed = new Map<string, Uint8Array>()
  #now = 1_700_000_000_000
  #salt = 0

  /** How many transactions others have taken the place of. */
  replaced = 0
  /** How many came in with a parent that paid too little. */
  paired = 0
  readonly isRoomy: boolean

  constructor(bytes: number, orphans = 5) {
    this.isRoomy = bytes >= 1_000_000
    this.mempool = new Mempool({
      scripts: passEveryScript,
      chain: this.chain,
      limits: { bytes, orphans: { count: orphans, bytes: 2000 } },
    })
    // Some that are mature for long, some that a reorg makes immature again.
    for (const height of [1, 2, 3, 4, 28, 29, 30, 31]) this.coins.push(this.chain.reward(height))
  }

  do([kind, a, b]: [string, number, number]): void {
    this.#now += MINUTE
    this.#told.clear()
    if (kind === 'tx') this.#offer(this.#make(a, b))
    else if (kind === 'late') this.#keep(this.#make(a, b))
    else if (kind === 'pair') this.#pair(a, b)
    else if (kind === 'block') this.#mine(this.#some(a))
    else if (kind === 'rival') this.#mine(this.#rivals(a, b))
    else this.#reorg(1 + (a % 4), b)
    const came = new Set<string>()
    for (const change of this.mempool.takeChanges()) {
      const key = hashKey(change.txid)
      if (this.followed.has(key) !== (change.kind === 'removed')) throw new Error('a change that cannot follow')
      if (change.kind === 'tx') this.followed.set(key, change.txid)
      else this.followed.delete(key)
      if (change.kind === 'tx' && isOffer(kind)) came.add(key)
    }
    for (const key of came) {
      if (this.followed.has(key) && !this.#told.has(key)) throw new Error('one has come in and nobody was told')
    }
  }

  /** Spends one to three coins, mostly such as can be spent now. */
  #make(a: number, b: number): Uint8Array {
    const from = new Set([this.#pick(a), this.#pick(b), this.#pick(a * b)].slice(0, 1 + (a % 3)))
    const value = [...from].reduce((sum, coin) => sum + coin.value, 0)
    const fee = Math.min(value, 1 + b * (a % 5 ? 5 : 50))
    const parts = 1 + (b % 3)
    const values = Array.from({ length: parts }, () => Math.floor((value - fee) / parts))
    const raw = makeTx([...from], values, { scripts: values.map((_, i) => keyHash((a + i) % 4)) })
    this.coins.push(...outputsOf(raw))
    return raw
  }

  /** A coin that nobody spends yet, mostly; sometimes one that is spent, or that no longer exists. */
  #pick(n: number): TestCoin {
    const { pool } = this.mempool
    if (n % 7 === 0) {
      const taken = this.coins.filter(({ txid, vout }) => pool.spender(outpointKey(hashKey(txid), vout)))
      if (taken.length > 0) return taken[n % taken.length]!
    }
    const free = this.coins.filter(({ txid, vout }) => {
      const key = hashKey(txid)
      return !pool.spender(outpointKey(key, vout)) && (pool.byKey(key) || this.chain.coin(txid, vout))
    })
    const from = n % 10 === 0 || free.length === 0 ? this.coins : free
    return from[n % from.length]!
  }

  #offer(raw: Uint8Array): void {
    const before = this.slopes()
    const result = this.mempool.receive(raw, 1, this.#now)
    if (result.kind !== 'accepted') return
    for (const { txid } of [result, ...result.parents, ...result.released.txs]) this.#told.add(hashKey(txid))
    if (result.parents.length > 0) this.paired++
    if (result.replaced.length > 0) {
      this.replaced += result.replaced.length
      if (this.isRoomy) expect(improves(before, this.slopes()), 'miners would rather have what was there').toBe(true)
    }
  }

  slopes(): { feeSat: number; weight: number }[] {
    return [...this.mempool.pool.clusters].flatMap(({ chunks }) => chunks)
  }

  /** A parent that pays little or nothing and a child that pays more, in either order; some spend the same coin. */
  #pair(a: number, b: number): void {
    const coin = this.#pick(a)
    const little = Math.min(coin.value, a % 3 === 0 ? 5 + (b % 50) : 0)
    const parent = makeTx([coin], [coin.value - little])
    const from = [...outputsOf(parent), ...(b % 4 === 0 ? [coin] : []), ...(b % 5 === 0 ? [this.#pick(b)] : [])]
    const distinct = [...new Map(from.map((each) => [outpointKey(hashKey(each.txid), each.vout), each])).values()]
    const value = distinct.reduce((sum, each) => sum + each.value, 0)
    const child = makeTx(distinct, [value - Math.min(value, b * 5)])
    this.coins.push(...outputsOf(parent), ...outputsOf(child))
    for (const raw of a % 2 ? [parent, child] : [child, parent]) this.#offer(raw)
  }

  /** To be offered after the next, which may spend it. */
  #keep(raw: Uint8Array): void {
    this.#late.push(raw)
    if (this.#late.length > 1) this.#offer(this.#late.shift()!)
  }

  /** Part of the mempool, parents first. */
  #some(n: number): Uint8Array[] {
    const taken = new Set<MempoolEntry>()
    const take = (entry: MempoolEntry) => {
      if (taken.has(entry)) return
      entry.parents.forEach(take)
      taken.add(entry)
    }
    for (const entry of this.mempool.pool.entries()) if (entry.order % 4 <= n % 4) take(entry)
    return [...taken].map(({ raw }) => raw)
  }

  /** Transactions that the mempool has not seen, made of coins that it may spend too. */
  #rivals(a: number, b: number): Uint8Array[] {
    const txs: Uint8Array[] = []
    const height = this.chain.tip.height + 1
    for (let i = 0; i < 3; i++) {
      const coin = this.#pick(a * (i + 1) + b)
      const at = this.chain.coin(coin.txid, coin.vout)
      if (!at || (at.coinbase && height - at.height < 100)) continue
      const raw = makeTx([coin], [Math.floor(coin.value / 2)], { scripts: [keyHash(4 + (b % 4))] })
      if (txs.some((tx) => hashKey(tx) === hashKey(raw))) continue
      if (
        txs.some((tx) =>
          parseTransaction(tx).tx.inputs.some(({ prevout }) => hashKey(prevout.hash) === hashKey(coin.txid)),
        )
      )
        continue
      this.coins.push(...outputsOf(raw))
      txs.push(raw)
    }
    return txs
  }

  #mine(txs: Uint8Array[]): void {
    const block = this.chain.connect(txs, { salt: this.#salt++ & 0xff })
    this.mempool.update({ reverted: [], connected: [block] }, this.#now)
  }

  /** Some blocks go, others come, one more or two less; each keeps some of what its predecessor had. */
  #reorg(depth: number, b: number): void {
    const gone = Array.from({ length: depth }, () => this.chain.disconnect()).reverse()
    const connected = []
    for (let i = 0; i < Math.max(1, depth + 1 - (b % 4)); i++) {
      const again = (gone[i]?.txs ?? []).slice(1).filter((raw, n) => (n + b) % 3 > 0 && this.#fits(raw))
      connected.push(this.chain.connect(again, { salt: this.#salt++ & 0xff, seconds: 300 }))
    }
    this.mempool.update({ reverted: gone.flatMap(({ txs }) => txs), connected }, this.#now)
  }

  #fits(raw: Uint8Array): boolean {
    const height = this.chain.tip.height + 1
    return parseTransaction(raw).tx.inputs.every(({ prevout }) => {
      const coin = this.chain.coin(prevout.hash, prevout.index)
      return coin && !(coin.coinbase && height - coin.height < 100)
    })
  }
}

/** A step that does nothing but offer: what comes in then, whoever offered it hears of. */
function isOffer(kind: string): boolean {
  return kind === 'tx' || kind === 'late' || kind === 'pair'
}

function checkLaws({ mempool, chain, followed }: Run, budget: number): void {
  const { pool } = mempool
  const entries = [...pool.entries()]
  expect(new Set(followed.keys())).toEqual(new Set(entries.map(({ key }) => key)))
  const inPool = new Map(entries.map((entry) => [entry.key, entry]))
  const spent = new Set<string>()
  const sums = { count: 0, vsize: 0, feeSat: 0, charge: 0 }
  for (const entry of entries) {
    const { tx, txid } = parseTransaction(entry.raw)
    expect(entry.txid).toEqual(txid)
    let value = 0
    const parents = new Set<MempoolEntry>()
    for (const { prevout } of tx.inputs) {
      const outpoint = outpointKey(hashKey(prevout.hash), prevout.index)
      expect(spent.has(outpoint), 'two spend the same output').toBe(false)
      spent.add(outpoint)
      expect(pool.spender(outpoint)).toBe(entry)
      const parent = inPool.get(hashKey(prevout.hash))
      const coin = chain.coin(prevout.hash, prevout.index)
      expect(!!parent !== !!coin, 'an input is of the mempool or of the chain').toBe(true)
      if (parent) parents.add(parent)
      value += coin?.value ?? Number(parseTransaction(parent!.raw).tx.outputs[prevout.index]!.value)
      if (coin?.coinbase) expect(chain.tip.height + 1 - coin.height).toBeGreaterThanOrEqual(100)
    }
    expect(new Set(entry.parents)).toEqual(parents)
    for (const parent of parents) expect(parent.children.filter((child) => child === entry)).toHaveLength(1)
    for (const child of entry.children) expect(child.parents).toContain(entry)
    const out = tx.outputs.reduce((sum, output) => sum + Number(output.value), 0)
    expect([entry.value, entry.feeSat]).toEqual([value, value - out])
    for (const script of [...entry.prevouts.map(({ script }) => script), ...tx.outputs.map((o) => o.scriptPubKey)]) {
      expect(pool.byScript(prefix48(sha256(script))).has(entry)).toBe(true)
    }
    sums.count++
    sums.vsize += entry.vsize
    sums.feeSat += entry.feeSat
    sums.charge += entry.charge
  }
  expect({ count: pool.count, vsize: pool.vsize, feeSat: pool.feeSat, charge: pool.charge }).toEqual(sums)
  expect(pool.charge).toBeLessThanOrEqual(budget)
  expect(mempool.orphanCount).toBeLessThanOrEqual(5)

  const clustered = [...pool.clusters].flatMap(({ txs }) => txs)
  expect(clustered.length).toBe(entries.length)
  expect(new Set(clustered)).toEqual(new Set(entries))
  let lowest = Number.POSITIVE_INFINITY
  for (const cluster of pool.clusters) {
    expect(cluster.dead).toBe(false)
    expect(cluster.txs.length).toBeLessThanOrEqual(MAX_CLUSTER_COUNT)
    const order = cluster.chunks.flatMap(({ txs }) => txs)
    expect(new Set(order)).toEqual(new Set(cluster.txs))
    for (const entry of order) {
      expect(entry.cluster).toBe(cluster)
      for (const parent of entry.parents) expect(order.indexOf(parent)).toBeLessThan(order.indexOf(entry))
    }
    const rates = cluster.chunks.map(({ feeSat, weight }) => feeSat / weight)
    expect(rates).toEqual([...rates].sort((a, b) => b - a))
    lowest = Math.min(lowest, worstRate(cluster))
  }
  const worst = pool.worst()
  expect(worst ? (4 * worst.feeSat) / worst.weight : Number.POSITIVE_INFINITY).toBe(lowest)
  expect(feeHistogram(pool.clusters).reduce((sum, [, vsize]) => sum + vsize, 0)).toBe(pool.vsize)
}

test.each([
  ['small', 12_000],
  ['roomy', 1_000_000],
])('a %s mempool stays possible whatever comes, is replaced, mined or reverted', (_, budget) => {
  let [replaced, paired] = [0, 0]
  fc.assert(
    fc.property(stepsOf(step, 1), (steps) => {
      const run = new Run(budget)
      for (const each of steps) {
        run.do(each as [string, number, number])
        checkLaws(run, budget)
      }
      replaced += run.replaced
      paired += run.paired
    }),
    { numRuns: 60 },
  )
  expect(replaced).toBeGreaterThan(0)
  expect(paired).toBeGreaterThan(0)
})

test('the same steps make the same mempool', () => {
  fc.assert(
    fc.property(stepsOf(step, 20), (steps) => {
      const [a, b] = [new Run(20_000), new Run(20_000)]
      for (const each of steps) for (const run of [a, b]) run.do(each as [string, number, number])
      const state = ({ mempool }: Run) => [
        mempool.recent,
        [...mempool.pool.entries()].map(({ txid, order }) => [txid, order]),
      ]
      expect(state(a)).toEqual(state(b))
    }),
    { numRuns: 20 },
  )
})

/**
 * A mempool of the simplest kind: a list of transactions, of which a new chain drops what it makes impossible, in as many
 * walks over all of them as that takes. It has no clusters, no bounds and no fees.
 */
class NaiveMempool {
  readonly #chain: FakeChain
  txs: Uint8Array[] = []

  constructor(chain: FakeChain) {
    this.#chain = chain
  }

  /** `reverted`: transactions of blocks that are gone, in order. The chain stands on its new tip. */
  follow(reverted: readonly Uint8Array[]): void {
    const spent = (raw: Uint8Array) =>
      parseTransaction(raw).tx.inputs.map(({ prevout }) => outpointKey(hashKey(prevout.hash), prevout.index))
    // Earlier blocks hold nothing but their coinbases.
    const blocks = this.#chain.blocks.slice(-70)
    const mined = new Set(blocks.flatMap(({ txs }) => txs.map((raw) => hashKey(parseTransaction(raw).txid))))
    const taken = new Set(blocks.flatMap(({ txs }) => txs.slice(1).flatMap(spent)))
    const back = reverted.filter((raw) => parseTransaction(raw).tx.inputs[0]!.prevout.index !== 0xffff_ffff)
    const known = new Set(this.txs.map((raw) => hashKey(parseTransaction(raw).txid)))
    this.txs.push(...back.filter((raw) => !known.has(hashKey(parseTransaction(raw).txid))))
    for (let before = -1; before !== this.txs.length; ) {
      before = this.txs.length
      const here = new Map(this.txs.map((raw) => [hashKey(parseTransaction(raw).txid), raw]))
      this.txs = this.txs.filter((raw) => {
        const { tx, txid } = parseTransaction(raw)
        if (mined.has(hashKey(txid)) || spent(raw).some((outpoint) => taken.has(outpoint))) return false
        return tx.inputs.every(({ prevout }) => {
          if (here.has(hashKey(prevout.hash))) return true
          const coin = this.#chain.coin(prevout.hash, prevout.index)
          return coin && !(coin.coinbase && this.#chain.tip.height + 1 - coin.height < 100)
        })
      })
    }
  }
}

test('after whatever reorganisations the mempool is what a naive one is', () => {
  const step = fc.tuple(fc.constantFrom('tx', 'tx', 'tx', 'block', 'block', 'rival', 'reorg'), fc.nat(999), fc.nat(999))
  let reorgs = 0
  fc.assert(
    fc.property(stepsOf(step, 10), (steps) => {
      // Without orphans: what comes in later of those, no naive mempool knows.
      const run = new Run(10_000_000, 0)
      const naive = new NaiveMempool(run.chain)
      const ids = (txs: readonly Uint8Array[]) => txs.map((raw) => hashKey(parseTransaction(raw).txid)).sort()
      for (const each of steps) {
        const before = [...run.chain.blocks]
        run.do(each as [string, number, number])
        if (each[0] === 'tx') naive.txs = [...run.mempool.pool.entries()].map(({ raw }) => raw)
        const gone = before.filter((block) => !run.chain.blocks.includes(block))
        if (gone.length > 0) reorgs++
        naive.follow(gone.flatMap(({ txs }) => txs))
        expect(ids([...run.mempool.pool.entries()].map(({ raw }) => raw))).toEqual(ids(naive.txs))
      }
    }),
    { numRuns: 40 },
  )
  expect(reorgs).toBeGreaterThan(10)
})
