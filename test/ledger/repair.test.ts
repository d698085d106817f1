import { expect, test } from 'vitest'
import { digestBlock } from '../../src/chain/digest.ts'
import type { HeaderNode } from '../../src/chain/header-tree.ts'
import { regtest } from '../../src/chain/networks/regtest.ts'
import { BlockDamaged } from '../../src/ledger/block-damaged.ts'
import { ChainQueries } from '../../src/ledger/chain-queries.ts'
import { nodeHasher } from '../../src/node/hasher.ts'
import { BUSY_ABOVE } from '../../src/store/schema.ts'
import { concatBytes, equalBytes } from '../../src/wire/hash.ts'
import { type MadeBlock, OP_TRUE, P2WSH_TRUE, spend } from '../sim/chain-maker.ts'
import { SeededRandom } from '../sim/random.ts'
import { damageAt, KINDS_OF_DAMAGE } from './damage.ts'
import { dump } from './dump.ts'
import { Ledger } from './open-ledger.ts'
import { RandomChain } from './random-chain.ts'

const SEED = 77
/** 1,500 bytes that anybody may spend: a push that is dropped, OP_1 over and over. */
const LONG_SCRIPT = concatBytes(
  Uint8Array.of(0x4d, 0x08, 0x02),
  new Uint8Array(520),
  Uint8Array.of(0x75),
  new Uint8Array(976).fill(0x51),
)
const SCRIPTHASH = nodeHasher.sha256(LONG_SCRIPT)
/** With one more the script would be busy, and its sums a row that needs no block. */
const SPENDS = BUSY_ABOVE - 1

const chain = new RandomChain(SEED)
const grown = chain.growMany(chain.maker.genesis, 112, 4)
const [made, large] = largeBlocks()

/** A block that makes many outputs with long scripts, and one of as many transactions that spend them. */
function largeBlocks(): [MadeBlock, MadeBlock] {
  const { maker } = chain
  const ledger = new Ledger()
  ledger.extend(grown.map(({ bytes }) => bytes))
  const owner = grown.find(({ txids }) => ledger.chain.coins.coin(txids[0]!, 0))!
  const { script } = ledger.chain.coins.coin(owner.txids[0]!, 0)!
  const witness = equalBytes(script, P2WSH_TRUE)
  const coin = { txid: owner.txids[0]!, vout: 0, valueSat: maker.subsidy(owner.height), witness }
  const long = { valueSat: 1000, script: LONG_SCRIPT }
  const making = maker.block({ transactions: [spend([coin], Array(SPENDS).fill(long))] }, grown.at(-1))
  const spends = Array.from({ length: SPENDS }, (_, vout) =>
    spend(
      [{ txid: making.txids[1]!, vout, valueSat: 1000 }],
      [{ valueSat: 900, script: vout % 2 ? OP_TRUE : LONG_SCRIPT }],
    ),
  )
  return [making, maker.block({ transactions: spends }, making)]
}

/** A ledger of a chain whose last blocks spend much, the last one with a body and prevouts of several parts. */
function start() {
  const blocks = [...grown, made, large]
  const ledger = new Ledger()
  ledger.extend(blocks.map(({ bytes }) => bytes))
  return { blocks, ledger, random: new SeededRandom(SEED) }
}

function mend({ chain: chainstate }: Ledger, node: HeaderNode, { bytes }: MadeBlock): boolean {
  return chainstate.mend(node, bytes, digestBlock(bytes, nodeHasher))
}

test.each(KINDS_OF_DAMAGE)(
  '%s in what is stored of a block is found and mended, and every row is as it was',
  (kind) => {
    const { ledger, blocks, random } = start()
    const before = dump(ledger.sql)
    for (const block of [...blocks.slice(-2), ...blocks.slice(-8, -5)]) {
      const node = ledger.tree.node(block.hash)!
      for (let i = 0; i < 6; i++) {
        const part = damageAt(ledger.sql, node.id, kind, random)
        if (!part) continue
        expect(ledger.chain.inspect(node)).toContain(part)
        expect(ledger.chain.hasBody(node)).toBe(false)
        expect(mend(ledger, node, block)).toBe(true)
        expect(ledger.chain.inspect(node)).toEqual([])
        expect(ledger.chain.hasBody(node)).toBe(true)
        expect(dump(ledger.sql)).toEqual(before)
      }
    }
  },
)

test('a block that spends from one that is damaged too waits for that one', () => {
  const { ledger, random } = start()
  const before = dump(ledger.sql)
  const [lower, upper] = [made, large].map(({ hash }) => ledger.tree.node(hash)!) as [HeaderNode, HeaderNode]
  for (const kind of KINDS_OF_DAMAGE) for (const node of [lower, upper]) damageAt(ledger.sql, node.id, kind, random)
  expect(ledger.chain.inspect(upper)).toEqual(['body', 'prevouts', 'offsets'])
  expect(() => mend(ledger, upper, large)).toThrow(expect.objectContaining({ blockId: lower.id }))
  // What could be mended is.
  expect(ledger.chain.inspect(upper)).toEqual(['prevouts', 'offsets'])
  expect(ledger.chain.readBody(upper)).toEqual({ kind: 'found', bytes: large.bytes })
  expect(mend(ledger, lower, made)).toBe(true)
  expect(mend(ledger, upper, large)).toBe(true)
  expect(dump(ledger.sql)).toEqual(before)
})

test('nothing is mended with another block, nor against rows that tell of other sums', () => {
  const { ledger, blocks, random } = start()
  const block = large
  const other = blocks.find(({ bytes }) => bytes.length !== block.bytes.length)!
  const node = ledger.tree.node(block.hash)!
  damageAt(ledger.sql, node.id, 'a lost row of the body', random)
  expect(mend(ledger, node, other)).toBe(false)
  ledger.sql.sql.exec('UPDATE best SET fees = fees + 1 WHERE header_id = ?', node.id)
  damageAt(ledger.sql, node.id, 'a lost row of the places', random)
  expect(mend(ledger, node, block)).toBe(false)
  expect(ledger.chain.inspect(node)).toEqual(['offsets'])
})

test('whatever is flipped, each answer is the right one or that the block is damaged, and the damage is told of', () => {
  const { ledger, blocks, random } = start()
  const told = new Set<number>()
  const open = () =>
    new ChainQueries({ sql: ledger.sql, network: regtest, hasher: nodeHasher, onDamage: (id) => told.add(id) })
  const right = new Map<string, unknown>()
  const block = blocks.at(-1)!
  const node = ledger.tree.node(block.hash)!
  const questions = questionsAbout(block, blocks.at(-2)!)
  for (const [name, ask] of questions) right.set(name, ask(open()))
  const noticed = new Set<string>()
  for (const kind of KINDS_OF_DAMAGE) {
    for (let i = 0; i < 3; i++) {
      if (!damageAt(ledger.sql, node.id, kind, random)) continue
      const queries = open()
      told.clear()
      for (const [name, ask] of questions) {
        let answer: unknown
        try {
          answer = ask(queries)
        } catch (error) {
          if (!(error instanceof BlockDamaged)) throw error
          answer = { kind: 'damaged' }
        }
        if ((answer as { kind?: string } | undefined)?.kind === 'damaged') {
          noticed.add(name)
          expect(told, `${name}, ${kind}`).toEqual(new Set([node.id]))
        } else expect(answer, `${name}, ${kind}`).toEqual(right.get(name))
      }
      expect(told, kind).toEqual(new Set([node.id]))
      expect(mend(ledger, node, block)).toBe(true)
    }
  }
  // Each of them met some damage.
  expect(questions.map(([name]) => name).filter((name) => !noticed.has(name))).toEqual([])
})

type Question = [name: string, ask: (queries: ChainQueries) => unknown]

/** Every way to read what is stored of a block. */
function questionsAbout({ hash, txids }: MadeBlock, before: MadeBlock): Question[] {
  const someTx = txids[40]!
  const some = txids.filter((_, i) => i % 9 === 4)
  return [
    ['rawBlock', (q) => q.rawBlock(hash)],
    ['blockTxids', (q) => q.blockTxids(hash)],
    ['blockTxs', (q) => [0, 25, 75, 100].map((at) => q.blockTxs(hash, at, 25))],
    ['tx', (q) => some.map((txid) => q.tx(txid))],
    ['txStatus', (q) => some.map((txid) => q.txStatus(txid))],
    ['has', (q) => some.map((txid) => q.has(txid))],
    ['outputCount', (q) => some.map((txid) => q.outputCount(txid))],
    ['merkleProof', (q) => q.merkleProof(someTx)],
    ['outspends', (q) => q.outspends(before.txids[1]!)],
    ['scriptStats', (q) => q.scriptStats(SCRIPTHASH)],
    ['scriptTxs', (q) => q.scriptTxs(SCRIPTHASH, 200)],
    ['scriptUtxos', (q) => q.scriptUtxos(SCRIPTHASH, 500)],
    ['blockSummary', (q) => q.blockSummary(hash)],
    ['storedBlock', (q) => q.core.storedBlock(hash)],
    ['blockPart', (q) => [0, 50_000].map((at) => q.core.blockPart(hash, at, 20_000)).find(isDamaged)],
    ['blockDetail', (q) => q.core.blockDetail(hash, true)],
    ['spentOutputs', (q) => q.core.spentOutputs(hash)],
  ]
}

function isDamaged(answer: { kind: string }): boolean {
  return answer.kind === 'damaged'
}
