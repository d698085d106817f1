// Takes a chain in, single-threaded, from a file: digest, connect with every check, commit.
//   node bench/connect.ts [blocks with transactions] [transactions a block] [empty blocks]
//   node bench/connect.ts big
import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { digestBlock } from '../src/chain/digest.ts'
import { HeaderTree } from '../src/chain/header-tree.ts'
import { regtest } from '../src/chain/networks/regtest.ts'
import { Chainstate } from '../src/ledger/chainstate.ts'
import { nodeHasher } from '../src/node/hasher.ts'
import { nodeSecp256k1 } from '../src/node/secp256k1.ts'
import { openSqlite } from '../src/node/sqlite.ts'
import { SqlHeaderStore } from '../src/store/header-store.ts'
import { migrate } from '../src/store/migrate.ts'
import { BIG, blocksOf, chainFile, chainOfShape } from './chain/chain-file.ts'

const BATCH_BYTES = 64_000_000
/** Bytes of blocks held at once. */
const READ_AHEAD = 16_000_000

const folder = mkdtempSync(join(tmpdir(), 'causeway-bench-'))
const [full = '100', average = '1000', empty = '120'] = process.argv.slice(2)
const { path } =
  full === 'big'
    ? await chainFile(BIG)
    : await chainOfShape({
        empty: Number(empty),
        full: Number(full),
        txs: [Number(average) >> 1, Number(average) + (Number(average) >> 1)],
        lanes: 4,
        payouts: 5,
      })
const spent = { headers: 0, digest: 0, connect: 0, commit: 0 }

function clock<T>(step: keyof typeof spent, work: () => T): T {
  const start = performance.now()
  const value = work()
  spent[step] += performance.now() - start
  return value
}

/** Runs of blocks, as they follow each other in the file. */
function* runs(): Generator<Uint8Array<ArrayBuffer>[]> {
  let run: Uint8Array<ArrayBuffer>[] = []
  let bytes = 0
  for (const block of blocksOf(path)) {
    run.push(block)
    bytes += block.length
    if (bytes < READ_AHEAD && run.length < 2000) continue
    yield run
    run = []
    bytes = 0
  }
  yield run
}

try {
  const sql = openSqlite(join(folder, 'ledger.db'))
  migrate(sql)
  const tree = new HeaderTree({ network: regtest, store: new SqlHeaderStore(sql, nodeHasher), hasher: nodeHasher })
  const chain = new Chainstate({ sql, network: regtest, tree, hasher: nodeHasher, secp256k1: nodeSecp256k1 })
  let blocks = 0
  let txs = 0
  let inputs = 0
  for (const run of runs()) {
    const headers = run.map((block) => block.slice(0, 80))
    clock('headers', () => tree.accept(headers, Date.now() + 1e12))
    for (const bytes of run) {
      const digest = clock('digest', () => digestBlock(bytes, nodeHasher))
      const result = clock('connect', () => chain.connect(tree.node(digest.hash)!, bytes, digest))
      if (result.kind === 'invalid') throw new Error(`${result.node.height}: ${result.reason}`)
      if (chain.pendingBytes > BATCH_BYTES) clock('commit', () => chain.commit())
      blocks++
      txs += digest.txCount
      inputs += digest.inputStart[digest.txCount]!
    }
  }
  clock('commit', () => chain.commit())
  const seconds = Object.values(spent).reduce((sum, ms) => sum + ms, 0) / 1000
  const rate = (n: number) => Math.round(n / seconds).toLocaleString('en')
  const megabytes = (n: number) => `${Math.round(n / 1e6)} MB`
  console.log(`${blocks} blocks, ${txs} transactions, ${inputs} inputs, ${megabytes(statSync(path).size)}`)
  console.log(`${seconds.toFixed(2)} s: ${rate(blocks)} blocks/s, ${rate(txs)} tx/s, ${rate(inputs)} inputs/s`)
  for (const [step, ms] of Object.entries(spent)) console.log(`  ${step.padEnd(8)} ${(ms / 1000).toFixed(2)} s`)
  console.log(
    `database ${megabytes(sql.sql.databaseSize)}, peak memory ${megabytes(process.resourceUsage().maxRSS * 1024)}`,
  )
  console.log(`Node ${process.version}, ${availableParallelism()} cores`)
  sql.close()
} finally {
  rmSync(folder, { recursive: true })
}
