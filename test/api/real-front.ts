import { digestBlock } from '../../src/chain/digest.ts'
import { regtest } from '../../src/chain/networks/regtest.ts'
import { type LedgerOutput, NODE_LIMITS } from '../../src/host/ledger-host.ts'
import { type OpenLedger, openLedger } from '../../src/host/open-ledger.ts'
import { LedgerAnswers } from '../../src/ledger/answers.ts'
import { ChainQueries } from '../../src/ledger/chain-queries.ts'
import type { BroadcastResult } from '../../src/ledger/queries.ts'
import { nodeHasher } from '../../src/node/hasher.ts'
import { nodeSecp256k1 } from '../../src/node/secp256k1.ts'
import { openSqlite, type SqliteFile } from '../../src/node/sqlite.ts'
import { sha256 } from '../../src/wire/hash.ts'
import { parseTransaction } from '../../src/wire/transaction.ts'
import {
  type BlockPlan,
  ChainMaker,
  type Coin,
  coinbaseCoin,
  type MadeBlock,
  OP_TRUE,
  P2WSH_TRUE,
  spend,
} from '../sim/chain-maker.ts'
import { type Front, frontOver } from './front.ts'
import { NOW, SCRIPTS } from './sample-chain.ts'

/** Blocks that a coinbase waits before it may be spent. */
const MATURITY = 100
/** Blocks of the sample chain; the last is some minutes old. */
const BLOCKS = 130
const SPACING = 600

/**
 * A real ledger over a database in memory, put together as a relay puts it together, of regtest blocks that are really
 * checked; without threads, peers and time: what it is given is done when the call returns.
 */
export class RealLedger {
  readonly maker = new ChainMaker({ script: P2WSH_TRUE })
  readonly sql: SqliteFile = openSqlite(':memory:')
  readonly queries: LedgerAnswers
  /** Unix milliseconds, for what is put in. */
  now: number
  readonly #ledger: OpenLedger

  constructor(now = NOW * 1000) {
    this.now = now
    this.#ledger = openLedger({
      sql: this.sql,
      network: regtest,
      spv: false,
      epoch: 1,
      hasher: nodeHasher,
      secp256k1: nodeSecp256k1,
      limits: NODE_LIMITS,
      filters: true,
      now: () => this.now,
    })
    const mempool = this.#ledger.mempool((outputs) => this.#perform(outputs))!
    this.queries = new LedgerAnswers(new ChainQueries({ sql: this.sql, network: regtest, hasher: nodeHasher }), mempool)
    this.#perform(this.#ledger.host.start(this.now))
  }

  /** Connects one more block on the tip, or stores it on `parent`; throws where it is refused. */
  mine(transactions: readonly Uint8Array[] = [], plan: BlockPlan = {}, parent: MadeBlock = this.maker.tip): MadeBlock {
    const block = this.maker.mine(1, { ...plan, transactions }, parent)[0]!
    let result: string | undefined
    const outputs = this.#ledger.host.submitBlock(
      block.bytes.slice(),
      (told) => {
        result = told.kind
      },
      this.now,
    )
    this.#perform(outputs)
    this.#perform(this.#ledger.host.wake(this.now))
    if (result !== 'connected' && result !== 'stored') throw new Error(`block ${block.height} is ${result}`)
    return block
  }

  /** As the API broadcasts it. */
  async send(raw: Uint8Array): Promise<BroadcastResult> {
    return this.queries.broadcast(raw)
  }

  #perform(outputs: readonly LedgerOutput[]): void {
    for (const output of outputs) {
      if (output.do !== 'digest') continue
      const { bytes } = output
      const result = { kind: 'digest' as const, digest: digestBlock(bytes, nodeHasher) }
      this.#perform(this.#ledger.host.digested(output.id, { bytes, result }, this.now))
    }
  }
}

export interface RealSample {
  front: Front
  ledger: RealLedger
  /** Genesis first. */
  blocks: MadeBlock[]
  /** Pays one output of every kind of script; mined. */
  everyKind: Uint8Array
  /** A block of more than one page of transactions. */
  fullBlock: MadeBlock
  /** Waits, and pays little. */
  parent: Uint8Array
  /** What `parent` spends. */
  parentCoin: Coin
  /** Waits, and pays for `parent` too. */
  child: Uint8Array
  /** Waits alone. */
  single: Uint8Array
  /** Spends what `single` does, and is not in the mempool: it pays more. */
  replacement: Uint8Array
  /** Of `P2WSH_TRUE`, which has a long history. */
  busyScripthash: Uint8Array
}

/**
 * A front over a real ledger: 130 blocks and a mempool, with something of everything that an answer may show. The same
 * bytes every time.
 */
export async function realFront(): Promise<RealSample> {
  const ledger = new RealLedger()
  const { maker } = ledger
  const timeAt = (height: number) => NOW - 300 - (BLOCKS - height) * SPACING
  const mine = (transactions: readonly Uint8Array[] = []) => {
    const height = maker.tip.height + 1
    return ledger.mine(transactions, { time: timeAt(height), commitment: true })
  }
  const coinOf = (block: MadeBlock): Coin => ({ ...coinbaseCoin(block, maker), witness: true })
  const early = Array.from({ length: MATURITY + 1 }, () => mine())

  const kinds = Object.values(SCRIPTS).filter((script) => script !== SCRIPTS.data)
  const everyKind = spend(
    [coinOf(early[0]!)],
    [
      ...kinds.map((script, i) => ({ valueSat: 1_0000_0000 + i, script })),
      { valueSat: 0, script: SCRIPTS.data },
      { valueSat: 20_0000_0000, script: P2WSH_TRUE },
    ],
  )
  mine([everyKind])
  const wide = spend(
    [coinOf(early[1]!)],
    Array.from({ length: 40 }, (_, i) => ({ valueSat: 1_2000_0000 + i, script: P2WSH_TRUE })),
  )
  mine([wide])
  const narrow = outputsOf(wide)
    .slice(0, 38)
    .map((coin, i) =>
      spend([coin], [{ valueSat: coin.valueSat - 200 * (i + 1), script: i % 2 ? P2WSH_TRUE : OP_TRUE }]),
    )
  const fullBlock = mine(narrow)
  while (maker.tip.height < BLOCKS) mine()

  const pay = (coin: Coin, feeSat: number, scripts: readonly Uint8Array[]) => {
    const each = Math.floor((coin.valueSat - feeSat) / scripts.length)
    return spend(
      [coin],
      scripts.map((script) => ({ valueSat: each, script })),
    )
  }
  const parent = pay(coinOf(early[2]!), 150, [P2WSH_TRUE, SCRIPTS.p2tr])
  const child = pay(outputsOf(parent)[0]!, 20_000, [SCRIPTS.p2wpkh, P2WSH_TRUE])
  const single = pay(coinOf(early[3]!), 2_000, [SCRIPTS.p2wpkh])
  const replacement = pay(coinOf(early[3]!), 12_000, [SCRIPTS.p2tr])
  const others = early
    .slice(4, 16)
    .map((block, i) => pay(coinOf(block), 400 * (i + 1) ** 2, [SCRIPTS.p2wpkh, P2WSH_TRUE]))
  for (const raw of [parent, child, single, ...others]) {
    ledger.now += 1000
    const result = await ledger.send(raw)
    if (result.kind !== 'accepted') throw new Error(`the mempool says ${result.message}`)
  }
  return {
    front: frontOver(regtest, ledger.queries),
    ledger,
    blocks: [maker.genesis, ...maker.chain()],
    everyKind,
    fullBlock,
    parent,
    parentCoin: coinOf(early[2]!),
    child,
    single,
    replacement,
    busyScripthash: sha256(P2WSH_TRUE),
  }
}

/** What a transaction made here offers to spend. */
export function outputsOf(raw: Uint8Array): Coin[] {
  const { tx, txid } = parseTransaction(raw)
  return tx.outputs.map(({ value }, vout) => ({ txid, vout, valueSat: Number(value), witness: true }))
}
