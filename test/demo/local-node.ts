import { digestBlock } from '../../src/chain/digest.ts'
import { regtest } from '../../src/chain/networks/regtest.ts'
import { type LedgerHost, type LedgerOutput, NODE_LIMITS, type SubmitResult } from '../../src/host/ledger-host.ts'
import { openLedger } from '../../src/host/open-ledger.ts'
import { LedgerAnswers } from '../../src/ledger/answers.ts'
import { ChainQueries } from '../../src/ledger/chain-queries.ts'
import { nodeHasher } from '../../src/node/hasher.ts'
import { nodeSecp256k1 } from '../../src/node/secp256k1.ts'
import { openSqlite } from '../../src/node/sqlite.ts'

/** A regtest ledger in this thread, without links: what a miner, a wallet or a page may ask of a node. */
export class LocalNode {
  readonly queries: LedgerAnswers
  readonly #host: LedgerHost
  readonly #now: () => number
  /** Blocks that broke a rule, and why. */
  readonly complaints: string[] = []

  /** `now` in milliseconds. */
  constructor(now: () => number) {
    const sql = openSqlite(':memory:')
    const limits = { ...NODE_LIMITS, coinCacheBytes: 1_000_000 }
    const { host, mempool } = openLedger({
      sql,
      network: regtest,
      spv: false,
      filters: true,
      epoch: 1,
      hasher: nodeHasher,
      secp256k1: nodeSecp256k1,
      limits,
      now,
    })
    this.#host = host
    this.#now = now
    this.queries = new LedgerAnswers(
      new ChainQueries({ sql, network: regtest, hasher: nodeHasher }),
      mempool((outputs) => this.#perform(outputs))!,
    )
    this.#perform(host.start(now()))
  }

  submitBlock = (bytes: Uint8Array<ArrayBuffer>): Promise<SubmitResult> =>
    new Promise((resolve) => this.#perform(this.#host.submitBlock(bytes, resolve, this.#now())))

  #perform(outputs: LedgerOutput[]): void {
    for (const output of outputs) {
      if (output.do === 'log' && output.line.level === 'warn') this.complaints.push(String(output.line.facts.reason))
      if (output.do !== 'digest') continue
      const { id, bytes } = output
      const result = { kind: 'digest' as const, digest: digestBlock(bytes, nodeHasher) }
      this.#perform(this.#host.digested(id, { bytes, result }, this.#now()))
    }
  }
}
