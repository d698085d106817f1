import { HeaderTree } from '../chain/header-tree.ts'
import type { Network } from '../chain/network.ts'
import { type BatchWriter, behindWriter } from '../ledger/batch-writer.ts'
import { dropFilters } from '../ledger/block-filters.ts'
import { Chainstate } from '../ledger/chainstate.ts'
import { ChangeLog } from '../ledger/change-log.ts'
import { FilterIndex } from '../ledger/filter-index.ts'
import { KeptTransactions } from '../ledger/kept-transactions.ts'
import { Mempool } from '../ledger/mempool.ts'
import type { MempoolPort } from '../ledger/mempool-port.ts'
import { LocalMempool } from '../ledger/mempool-queries.ts'
import { StandardScripts } from '../ledger/mempool-scripts.ts'
import { PassedTxs } from '../ledger/passed-txs.ts'
import type { ScriptChecks } from '../ledger/script-checks.ts'
import { claimStore } from '../ledger/store-identity.ts'
import { Sync } from '../peer/sync.ts'
import { type CheckedCache, withCache } from '../script/checked-cache.ts'
import { nobleSecp256k1 } from '../script/noble-secp256k1.ts'
import type { Secp256k1 } from '../script/secp256k1.ts'
import { CachedHeaderStore } from '../store/cached-header-store.ts'
import { SqlHeaderStore } from '../store/header-store.ts'
import { migrate } from '../store/migrate.ts'
import type { SqlPort } from '../store/sql.ts'
import type { Hasher } from '../wire/hash.ts'
import { LedgerHost, type LedgerLimits, type LedgerOutput } from './ledger-host.ts'
import { MempoolKeeper } from './mempool-keeper.ts'
import { Meter, type MeterSnapshot } from './meter.ts'
import { meteredSql } from './metered-sql.ts'
import type { Millis } from './ports.ts'

export interface OpenLedgerOptions {
  sql: SqlPort
  network: Network
  /** Headers only. */
  spv: boolean
  /** Another one at every start. */
  epoch: number
  hasher: Hasher
  /** scrypt of a header (N=1024, r=1, p=1), where the runtime has a faster one than plain JavaScript. */
  scryptHash?: (header: Uint8Array) => Uint8Array
  /** Checks signatures; the one in plain JavaScript unless given. */
  secp256k1?: Secp256k1
  /** What was found good is remembered there. */
  checked?: CheckedCache
  /** Runs the scripts of blocks; where the rest is done unless given. */
  scriptChecks?: ScriptChecks
  limits: LedgerLimits
  /** Block filters and their headers are kept (BIPs 157 and 158). */
  filters?: boolean
  now(): Millis
  meter?: Meter
  /** Writes batches of a first download to the same database, while the next ones are made. */
  writer?: BatchWriter
  /** Told of each raw block that came in and is needed no longer, where memory can be given back before it is collected. */
  release?: (bytes: Uint8Array<ArrayBuffer>) => void
}

/** What became of scripts, as it is counted. */
const SCRIPT_COUNTS = { checked: 'scriptsChecked', assumed: 'scriptsAssumed', known: 'scriptsKnown' } as const

export interface OpenLedger {
  host: LedgerHost
  measure(): MeterSnapshot
  /** The mempool's answers; `undefined` for headers only. `perform` does what a broadcast brings about. */
  mempool(perform: (outputs: LedgerOutput[]) => void): MempoolPort | undefined
}

/**
 * Puts a ledger together over a store, which is brought to the present schema and taken up where it stands. Throws
 * `StoreError` when the store is another network's, newer, or damaged.
 */
export function openLedger(options: OpenLedgerOptions): OpenLedger {
  const { network, spv, epoch, hasher, scryptHash, limits, now, meter = new Meter(now) } = options
  const { writer, secp256k1 = nobleSecp256k1, checked } = options
  const sql = meteredSql(writer ? behindWriter(options.sql, writer) : options.sql, meter)
  migrate(sql)
  claimStore(sql, network)
  const powHash = network.powHash === 'scrypt' ? scryptHash : undefined
  const store = new CachedHeaderStore(new SqlHeaderStore(sql, hasher))
  const tree = new HeaderTree({ network, store, hasher, powHash })
  const sync = new Sync({ network, tree, spv, limits: limits.download })
  if (spv) {
    const host = new LedgerHost({ network, tree, sync, full: undefined, epoch, limits, meter }, now())
    const measure = () => meter.snapshot({ ...host.levels, storageBytes: sql.sql.databaseSize })
    return { host, measure, mempool: () => undefined }
  }
  const passed = checked && new PassedTxs(checked)
  const chainstate: Chainstate = new Chainstate({
    sql,
    network,
    tree,
    hasher,
    secp256k1,
    scriptChecks: options.scriptChecks,
    // A download goes over what no mempool has seen.
    passedTxs: () => (host.synced ? passed : undefined),
    scriptsCounted: (fate, inputs) => {
      meter.counts[SCRIPT_COUNTS[fate]] += inputs
    },
    cacheBytes: limits.coinCacheBytes,
    coinLagBytes: limits.coinLagBytes,
    batchBytes: limits.batchBytes,
    stepBytes: limits.stepBytes,
    stepBlocks: limits.stepBlocks,
    writer,
    release: options.release,
  })
  const chain = {
    get tip() {
      return chainstate.tip
    },
    medianTimePast: (height: number) => tree.medianTimePast(tree.ancestor(chainstate.tip, height)!),
    coin: (txid: Uint8Array, index: number) => chainstate.coins.coin(txid, index),
  }
  const remembering = checked ? withCache(secp256k1, checked, { stores: true }) : secp256k1
  const scripts = new StandardScripts({ secp256k1: remembering, hasher, passed })
  const mempool = new Mempool({ chain, scripts, hasher, limits: { bytes: limits.mempoolBytes } })
  const changes = new ChangeLog(epoch)
  if (!options.filters) dropFilters(sql)
  const filters = options.filters ? new FilterIndex(sql, hasher) : undefined
  const keeper = new MempoolKeeper(mempool, new KeptTransactions(sql), limits.keepMs)
  const full = { chainstate, mempool, keeper, changes, filters }
  const host = new LedgerHost({ network, tree, sync, full, epoch, limits, meter }, now())
  return {
    host,
    measure: () =>
      meter.snapshot({
        ...host.levels,
        mempoolTransactions: mempool.pool.count,
        mempoolVbytes: mempool.pool.vsize,
        storageBytes: sql.sql.databaseSize,
      }),
    mempool: (perform) => {
      const performed = <T>({ result, outputs }: { result: T; outputs: LedgerOutput[] }): T => {
        perform(outputs)
        return result
      }
      return new LocalMempool({
        mempool,
        changes,
        hasher,
        now,
        synced: () => host.synced,
        intake: {
          broadcast: (bytes) => performed(host.broadcast(bytes, now())),
          submitPackage: (raws, options) => performed(host.submitPackage(raws, options, now())),
        },
      })
    },
  }
}
