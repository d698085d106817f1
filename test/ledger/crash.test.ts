import { copyFileSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { openSqlite } from '../../src/node/sqlite.ts'
import { StoreError } from '../../src/store/error.ts'
import type { MadeBlock } from '../sim/chain-maker.ts'
import { SeededRandom } from '../sim/random.ts'
import { dump } from './dump.ts'
import { DyingPort } from './dying-port.ts'
import { naiveIndex } from './naive-index.ts'
import { Ledger } from './open-ledger.ts'
import { RandomChain } from './random-chain.ts'
import { reorgTo } from './reorg-to.ts'

const folder = mkdtempSync(join(tmpdir(), 'causeway-crash-'))
afterAll(() => rmSync(folder, { recursive: true }))

const chain = new RandomChain(11)
const base = chain.growMany(chain.maker.genesis, 104, 2)
const grown = chain.growMany(base.at(-1)!, 6, 5)
const branch = chain.growMany(grown[1]!, 7, 5)
const again = chain.growMany(branch[3]!, 6, 5)

/** Blocks that follow the tip, two in a batch; then a branch, which is stored first; then another, block by block. */
function work(ledger: Ledger, acknowledged: (tip: MadeBlock) => void): void {
  grown.forEach((block, i) => {
    if (ledger.connect(block.bytes).kind !== 'connected') throw new Error('invalid')
    if (i % 2 === 0) return
    ledger.chain.commit()
    acknowledged(block)
  })
  for (const blocks of [branch, again]) {
    const tip = ledger.store(blocks.map((block) => block.bytes))
    if (reorgTo(ledger, tip).kind !== 'reorg') throw new Error('no reorganisation')
    acknowledged(blocks.at(-1)!)
  }
}

/** What may be acknowledged, in order. */
const stages = [base.at(-1)!, grown[1]!, grown[3]!, grown[5]!, branch.at(-1)!, again.at(-1)!]

const template = join(folder, 'base.db')
{
  const port = openSqlite(template)
  new Ledger(port).extend(base.map((block) => block.bytes))
  port.close()
}

/** Runs until the port dies; gives the last block acknowledged, and how many steps were made. */
function crashAt(at: number, path: string, batchBytes: number) {
  copyFileSync(template, path)
  const port = openSqlite(path)
  const dying = new DyingPort(port, at)
  let last: MadeBlock = base.at(-1)!
  let died = false
  try {
    work(new Ledger(dying, { batchBytes }), (tip) => {
      last = tip
    })
  } catch (error) {
    expect(error).toBeInstanceOf(StoreError)
    died = true
  }
  port.close()
  return { last, died, steps: dying.steps }
}

test.each([
  ['in one transaction', 64_000_000],
  ['block by block', 0],
])(
  'a store whose process died at any statement resumes with all that was acknowledged, reorganising %s',
  (_, batchBytes) => {
    const random = new SeededRandom(5)
    const whole = crashAt(Number.POSITIVE_INFINITY, join(folder, 'whole.db'), batchBytes)
    expect(whole.died).toBe(false)
    const final = dump(openSqlite(join(folder, 'whole.db'), { readOnly: true }))
    expect(final).toMatchObject(naiveIndex(chain.path(again.at(-1)!)))
    const points = Array.from({ length: 80 }, () => 1 + random.below(whole.steps))
    for (const at of points) {
      const path = join(folder, `${batchBytes}-${at}.db`)
      const { last, died } = crashAt(at, path, batchBytes)
      expect(died).toBe(true)
      const port = openSqlite(path)
      const ledger = new Ledger(port, { batchBytes })
      const where = `died at statement ${at} of ${whole.steps}`
      const tip = chain.maker.find(ledger.chain.tip.hash)!
      expect(dump(port), where).toMatchObject(naiveIndex(chain.path(tip)))
      // Nothing that was acknowledged is lost; a reorganisation in one transaction happened or did not.
      if (batchBytes > 0 || last.height < grown.at(-1)!.height) {
        expect([0, 1], where).toContain(stages.indexOf(tip) - stages.indexOf(last))
      }
      finish(ledger)
      expect(dump(port), where).toEqual(final)
      port.close()
      rmSync(path)
    }
  },
  60_000,
)

/** From wherever the store stands to the end of `work`. */
function finish(ledger: Ledger): void {
  const path = [...grown.slice(0, 2), ...branch.slice(0, 4), ...again]
  ledger.store(path.map((block) => block.bytes))
  expect(reorgTo(ledger, ledger.tree.node(again.at(-1)!.hash)!).kind).toBe('reorg')
}

test('what is not committed is not in the store', () => {
  const port = openSqlite(':memory:')
  const ledger = new Ledger(port)
  ledger.extend(base.slice(0, 3).map((block) => block.bytes))
  const before = dump(port)
  ledger.connect(base[3]!.bytes)
  expect(dump(port)).toEqual(before)
  expect(new Ledger(port).chain.tip.height).toBe(3)
})

test('a full disk is an error with a code, and leaves the store as it was', () => {
  const path = join(folder, 'full.db')
  const port = openSqlite(path)
  const ledger = new Ledger(port)
  ledger.extend(base.map((block) => block.bytes))
  const before = dump(port)
  const { page_count: pages } = port.sql.exec<{ page_count: number }>('PRAGMA page_count').one()
  port.sql.exec(`PRAGMA max_page_count = ${pages + 1}`)
  const more = chain.growMany(base.at(-1)!, 30, 8)
  const store = () => {
    for (const block of more) ledger.connect(block.bytes)
    ledger.chain.commit()
  }
  expect(store).toThrow(expect.objectContaining({ code: 'disk-full' }))
  expect(() => ledger.connect(more[0]!.bytes)).toThrow('open it anew')
  port.close()
  const reopened = openSqlite(path)
  expect(dump(reopened)).toEqual(before)
  new Ledger(reopened).extend(more.map((block) => block.bytes))
  expect(dump(reopened)).toMatchObject(naiveIndex(chain.path(more.at(-1)!)))
})
