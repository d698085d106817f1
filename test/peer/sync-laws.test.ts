import fc from 'fast-check'
import { expect, test } from 'vitest'
import { HAVE_BODY } from '../../src/chain/header-store.ts'
import { hashKey } from '../../src/wire/hash.ts'
import { InvType } from '../../src/wire/inventory.ts'
import { ChainMaker, type MadeBlock } from '../sim/chain-maker.ts'
import { endings, type Seen, SyncBench, sent } from './sync-bench.ts'

const maker = new ChainMaker({ seed: 71 })
const trunk = maker.mine(40)
const branch = maker.mine(25, {}, trunk[19]!)
const limits = { perPeer: 3, windowBlocks: 8, windowBytes: 64_000_000 }
const LINKS = [1, 2, 3, 4]

const anyStep = fc.record({
  do: fc.constantFrom('up', 'down', 'headers', 'deliver', 'deliver', 'deliver', 'notfound', 'connect', 'wait', 'wrong'),
  link: fc.constantFrom(...LINKS),
  length: fc.integer({ min: 1, max: 45 }),
  onBranch: fc.boolean(),
})

/** Watches what is asked of whom and holds it against the rules. */
class Watch {
  readonly bench = new SyncBench({ limits })
  readonly owed = new Map<number, Set<string>>()
  readonly shown = new Map<number, Set<string>>()
  readonly blocks = new Map<string, MadeBlock>()
  readonly lacking = new Map<number, Set<string>>()
  readonly problems: string[] = []
  tip: MadeBlock = maker.genesis

  constructor() {
    for (const block of [...trunk, ...branch]) this.blocks.set(hashKey(block.hash), block)
  }

  take(seen: readonly Seen[]): void {
    for (const { to, message } of sent(seen, 'getdata')) {
      const owed = this.owed.get(to)
      if (!owed) this.problems.push(`asked ${to}, which is not there`)
      for (const { hash } of message.items) {
        const key = hashKey(hash)
        if (owed?.has(key)) this.problems.push('asked the same peer twice')
        if (!this.shown.get(to)?.has(key)) this.problems.push('asked for what was not shown')
        if (this.lacking.get(to)?.has(key)) this.problems.push('asked for what it said it lacks')
        if (this.bench.node({ hash }).status & HAVE_BODY) this.problems.push('asked for what is here')
        owed?.add(key)
        if (owed && owed.size > limits.perPeer) this.problems.push('asked for too much')
      }
    }
    for (const { link } of endings(seen)) this.down(link)
  }

  down(link: number): void {
    this.owed.delete(link)
    this.shown.delete(link)
    this.lacking.delete(link)
    this.take(this.bench.down(link))
  }

  connectAll(): void {
    const { tree } = this.bench
    const path = this.tip
    const fork = tree.fork(this.bench.node(path), tree.best)
    let reach = fork
    for (let height = fork.height + 1; height <= tree.best.height; height++) {
      const node = tree.ancestor(tree.best, height)!
      if (!(node.status & HAVE_BODY)) break
      reach = node
    }
    if (reach.work <= this.bench.node(path).work) return
    this.tip = this.blocks.get(hashKey(reach.hash))!
    this.take(this.bench.read(this.bench.sync.connected(reach, this.bench.now)))
  }

  step({ do: what, link, length, onBranch }: { do: string; link: number; length: number; onBranch: boolean }): void {
    const { bench } = this
    const isUp = this.owed.has(link)
    const chain = onBranch ? [...trunk.slice(0, 20), ...branch] : trunk
    if (what === 'up' && !isUp) {
      this.owed.set(link, new Set())
      this.shown.set(link, new Set())
      this.lacking.set(link, new Set())
      this.take(bench.up(link, length))
    } else if (!isUp) {
      return
    } else if (what === 'down') {
      this.down(link)
    } else if (what === 'headers') {
      const part = chain.slice(0, length)
      for (const { hash } of part) this.shown.get(link)!.add(hashKey(hash))
      this.take(bench.headers(link, part))
    } else if (what === 'deliver') {
      const [key] = this.owed.get(link)!
      if (key === undefined) return
      this.owed.get(link)!.delete(key)
      const block = this.blocks.get(key)!
      const node = bench.node(block)
      const had = (node.status & HAVE_BODY) !== 0
      const seen = bench.block(link, block)
      const handed = seen.filter((one) => 'do' in one && one.do === 'block').length
      if (handed !== (had ? 0 : 1)) this.problems.push(`handed on ${handed} times`)
      bench.tree.setStatus(node, HAVE_BODY)
      bench.sync.bodyStored(node)
      this.take(seen)
    } else if (what === 'notfound') {
      const [key] = this.owed.get(link)!
      if (key === undefined) return
      this.owed.get(link)!.delete(key)
      this.lacking.get(link)!.add(key)
      const items = [{ type: InvType.WITNESS_BLOCK, hash: this.blocks.get(key)!.hash }]
      this.take(bench.say(link, { command: 'notfound', items }))
    } else if (what === 'connect') {
      this.connectAll()
    } else if (what === 'wait') {
      this.take(bench.wait(length * 500))
    } else {
      // Not what anybody asked for.
      const block = chain[length - 1] ?? chain[0]!
      const key = hashKey(block.hash)
      const node = bench.tree.node(block.hash)
      if (!node || node.status & HAVE_BODY || this.owed.get(link)!.has(key)) return
      const seen = bench.block(link, block)
      if (seen.some((one) => 'do' in one && one.do === 'block')) {
        bench.tree.setStatus(node, HAVE_BODY)
        bench.sync.bodyStored(node)
      }
      this.take(seen)
    }
  }
}

test('whatever peers do, each is asked only for what it has shown, within the limits, and the chain comes in', () => {
  fc.assert(
    fc.property(fc.array(anyStep, { maxLength: 120 }), (steps) => {
      const watch = new Watch()
      for (const step of steps) watch.step(step)
      expect(watch.problems).toEqual([])
      // Two honest peers with everything bring it to an end.
      for (const link of LINKS) if (watch.owed.has(link)) watch.down(link)
      for (const [link, onBranch] of [
        [1, false],
        [2, true],
      ] as const) {
        watch.step({ do: 'up', link, length: 45, onBranch })
        watch.step({ do: 'headers', link, length: 45, onBranch })
      }
      for (let i = 0; i < 200 && watch.tip.height < 45; i++) {
        for (const link of [1, 2]) watch.step({ do: 'deliver', link, length: 1, onBranch: false })
        watch.connectAll()
      }
      expect(watch.problems).toEqual([])
      expect(watch.tip.height).toBe(45)
      expect(watch.bench.sync.inFlight).toBe(0)
    }),
    { numRuns: 200 },
  )
})
