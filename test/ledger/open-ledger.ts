import { digestBlock } from '../../src/chain/digest.ts'
import { type HeaderNode, HeaderTree } from '../../src/chain/header-tree.ts'
import type { Network } from '../../src/chain/network.ts'
import { regtest } from '../../src/chain/networks/regtest.ts'
import { Chainstate, type ChainstateOptions, type Connected, type Invalid } from '../../src/ledger/chainstate.ts'
import { nodeHasher } from '../../src/node/hasher.ts'
import { nodeSecp256k1 } from '../../src/node/secp256k1.ts'
import { openSqlite } from '../../src/node/sqlite.ts'
import { SqlHeaderStore } from '../../src/store/header-store.ts'
import { migrate } from '../../src/store/migrate.ts'
import type { SqlPort } from '../../src/store/sql.ts'
import { type Hasher, sha256d } from '../../src/wire/hash.ts'

/** Later than any block of the tests. */
export const NOW = 4_000_000_000_000

type Bytes = Uint8Array<ArrayBuffer>

/** A ledger over a database, with the header tree that feeds it. */
export class Ledger {
  readonly sql: SqlPort
  readonly tree: HeaderTree
  readonly chain: Chainstate
  readonly #hasher: Hasher

  constructor(
    sql: SqlPort = memory(),
    options: Partial<Omit<ChainstateOptions, 'sql' | 'tree'>> & { network?: Network } = {},
  ) {
    const network = options.network ?? regtest
    migrate(sql)
    this.sql = sql
    this.#hasher = options.hasher ?? nodeHasher
    this.tree = new HeaderTree({ network, store: new SqlHeaderStore(sql, nodeHasher), hasher: nodeHasher })
    this.chain = new Chainstate({
      hasher: nodeHasher,
      secp256k1: nodeSecp256k1,
      ...options,
      sql,
      network,
      tree: this.tree,
    })
  }

  /** Nodes of consecutive blocks, entered into the tree if they are new. */
  headers(blocks: readonly Uint8Array[]): HeaderNode[] {
    const result = this.tree.accept(
      blocks.map((bytes) => bytes.slice(0, 80)),
      NOW,
    )
    if (result.kind !== 'accepted') throw new Error(`headers are ${result.kind}: ${'code' in result && result.code}`)
    return blocks.map((bytes) => this.tree.node(sha256d(bytes.subarray(0, 80)))!)
  }

  /** Connects a child of the tip. */
  connect(bytes: Bytes): Connected | Invalid {
    const result = this.chain.connect(this.headers([bytes])[0]!, bytes, digestBlock(bytes, this.#hasher))
    if (result.kind === 'unavailable') throw new Error(`block ${result.node.height} is ${result.why}`)
    return result
  }

  /** Connects blocks that must be valid, and commits. */
  extend(blocks: Iterable<Bytes>): void {
    for (const bytes of blocks) {
      const result = this.connect(bytes)
      if (result.kind === 'invalid') throw new Error(`block ${result.node.height}: ${result.reason}`)
    }
    this.chain.commit()
  }

  /** Stores blocks of a branch, and commits; the last one's node. */
  store(blocks: readonly Bytes[]): HeaderNode {
    const nodes = this.headers(blocks)
    nodes.forEach((node, i) => {
      this.chain.storeBody(node, blocks[i]!)
    })
    this.chain.commit()
    return nodes.at(-1)!
  }
}

/** A store in memory. */
export function memory(): SqlPort {
  return openSqlite(':memory:')
}
