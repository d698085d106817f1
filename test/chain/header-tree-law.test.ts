import fc from 'fast-check'
import { expect, test } from 'vitest'
import { MemoryHeaderStore } from '../../src/chain/header-store.ts'
import { HeaderTree } from '../../src/chain/header-tree.ts'
import { networks } from '../../src/chain/network.ts'
import { sha256d, toDisplay } from '../../src/wire/hash.ts'
import { LATE, makeRun, readTime } from './make-headers.ts'

const { regtest } = networks

interface Known {
  hashHex: string
  raw: Uint8Array
  height: number
  /** In order of arrival. */
  seen: number
  parent?: Known
  failed: boolean
}

/** The same tree without any cleverness: every question is answered by walking. */
class NaiveTree {
  readonly known: Known[] = []

  constructor() {
    const raw = regtest.genesis.slice(0, 80)
    this.known.push({ hashHex: toDisplay(sha256d(raw)), raw, height: 0, seen: 0, failed: false })
  }

  add(raw: Uint8Array, parent: Known): void {
    const hashHex = toDisplay(sha256d(raw))
    if (this.known.some((each) => each.hashHex === hashHex)) return
    this.known.push({ hashHex, raw, height: parent.height + 1, seen: this.known.length, parent, failed: false })
  }

  fail(node: Known): void {
    for (const each of this.known) if (this.path(each).includes(node)) each.failed = true
  }

  /** From the genesis block to the node. */
  path(node: Known): Known[] {
    const path = [node]
    while (path[0]!.parent) path.unshift(path[0]!.parent)
    return path
  }

  /** All headers have the same work here. */
  get best(): Known {
    const alive = this.known.filter(({ failed }) => !failed)
    return alive.reduce((best, each) => (each.height > best.height ? each : best))
  }
}

/** Numbers pick from what there is at that moment. */
type Step =
  | { do: 'branch'; on: number; length: number }
  | { do: 'fail'; which: number }
  | { do: 'again'; which: number }
  | { do: 'restart' }

const pick = fc.nat({ max: 1000 })
const anyStep: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({ do: fc.constant('branch' as const), on: pick, length: fc.integer({ min: 1, max: 5 }) }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('fail' as const), which: pick }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('again' as const), which: pick }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('restart' as const) }) },
)

test('a tree of random branches, failures and restarts answers as walking it does', () => {
  fc.assert(
    fc.property(fc.array(anyStep, { maxLength: 25 }), (steps) => {
      const store = new MemoryHeaderStore()
      const naive = new NaiveTree()
      let tree = new HeaderTree({ network: regtest, store })
      for (const [salt, step] of steps.entries()) {
        if (step.do === 'branch') branch(naive, tree, step, salt)
        else if (step.do === 'fail') {
          const node = naive.known[step.which % naive.known.length]!
          if (node.height === 0) continue
          naive.fail(node)
          tree.markFailed(tree.node(sha256d(node.raw))!)
        } else if (step.do === 'again') {
          const path = naive.path(naive.known[step.which % naive.known.length]!)
          const result = tree.accept(
            path.map(({ raw }) => raw),
            LATE,
          )
          expect(result.kind).toBe(path.at(-1)!.failed ? 'invalid' : 'accepted')
        } else tree = new HeaderTree({ network: regtest, store })
        compare(naive, tree)
      }
    }),
    { numRuns: 150 },
  )
})

function branch(naive: NaiveTree, tree: HeaderTree, step: Step & { do: 'branch' }, salt: number): void {
  const parent = naive.known[step.on % naive.known.length]!
  const run = makeRun(sha256d(parent.raw), readTime(parent.raw), step.length, salt)
  const before = naive.best
  const result = tree.accept(run, LATE)
  if (parent.failed) {
    expect(result).toMatchObject({ kind: 'invalid', code: 'bad-prevblk', index: 0 })
    return
  }
  for (const raw of run) naive.add(raw, naive.known.find(({ hashHex }) => hashHex === toDisplay(raw.slice(4, 36)))!)
  expect(result).toMatchObject({ kind: 'accepted', bestChanged: naive.best !== before })
}

function compare(naive: NaiveTree, tree: HeaderTree): void {
  const { best } = naive
  const main = naive.path(best)
  expect(toDisplay(tree.best.hash)).toBe(best.hashHex)
  expect(tree.mainRange(0, 1000).map(({ hash }) => toDisplay(hash))).toEqual(main.map(({ hashHex }) => hashHex))
  for (const known of naive.known) {
    const node = tree.node(sha256d(known.raw))!
    expect([node.height, node.id, node.work, tree.isMain(node)]).toEqual([
      known.height,
      known.seen + 1,
      2n * BigInt(known.height + 1),
      main.includes(known),
    ])
    const path = naive.path(known)
    const lastCommon = path.filter((each) => main.includes(each)).at(-1)!
    expect(toDisplay(tree.fork(node, tree.best).hash)).toBe(lastCommon.hashHex)
    const middle = path[path.length >> 1]!
    expect(toDisplay(tree.ancestor(node, middle.height)!.hash)).toBe(middle.hashHex)
    const times = path.slice(-11).map(({ raw }) => readTime(raw))
    expect(tree.medianTimePast(node)).toBe(times.sort((a, b) => a - b)[times.length >> 1])
  }
}
