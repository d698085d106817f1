import { customType, index, integer, primaryKey, sqliteTable, text, uniqueIndex } from 'drizzle-orm/sqlite-core'

/**
 * The tables of a ledger. Every table is STRICT; those in `WITHOUT_ROWID` are stored in key order and carry no rowid.
 *
 * A *block id* is `header.id`. A *txNum* numbers transactions in the order of the connected chain, from 0 (the genesis
 * coinbase). A *prefix48* is the first six bytes of a hash in wire order, read big-endian: rows keyed by one are hints,
 * and whoever follows a hint compares the full hash.
 */

/** Bytes of a body or prevouts blob in one row; the last part of a block is shorter. */
export const PART_SIZE = 65_536

/** A part's row id is `blockId * PARTS_PER_BLOCK + part`: one integer key, so that a part costs one row write. */
export const PARTS_PER_BLOCK = 4096

/** Rows in `history` that a prefix48 may have without being busy: so many are quickly followed. */
export const BUSY_ABOVE = 100

/** A BLOB that is a `Uint8Array` in every runtime: a Durable Object hands out bare ArrayBuffers. */
const bytes = customType<{ data: Uint8Array; driverData: Uint8Array | ArrayBuffer }>({
  dataType: () => 'blob',
  fromDriver: (value) => (value instanceof ArrayBuffer ? new Uint8Array(value) : value),
})

/** Every header ever accepted, on all branches. `status` holds the bits of `chain/header-store.ts`. */
export const header = sqliteTable(
  'header',
  {
    id: integer('id').primaryKey(),
    prefix48: integer('prefix48').notNull(),
    height: integer('height').notNull(),
    /** The 80 bytes as they go over the wire. */
    raw: bytes('raw').notNull(),
    /** Total chainwork up to and including this header, 32 bytes big-endian. */
    work: bytes('work').notNull(),
    status: integer('status').notNull(),
  },
  (t) => [index('header_prefix').on(t.prefix48), index('header_height').on(t.height)],
)

/** The connected chain: one row a block whose coins are applied. Its highest row is the tip marker. */
export const best = sqliteTable(
  'best',
  {
    height: integer('height').primaryKey(),
    headerId: integer('header_id').notNull(),
    /** txNum of the coinbase. */
    firstTx: integer('first_tx').notNull(),
    txCount: integer('tx_count').notNull(),
    size: integer('size').notNull(),
    weight: integer('weight').notNull(),
    /** Sum of the fees, in satoshi. */
    fees: integer('fees').notNull(),
    /** Inputs without the coinbase's. */
    inputs: integer('inputs').notNull(),
    outputs: integer('outputs').notNull(),
    /** Sum of all outputs, in satoshi. */
    outputValue: integer('output_value').notNull(),
    /** Sum of what the inputs spend, in satoshi. */
    inputValue: integer('input_value').notNull(),
    /** Sums over the transactions without the coinbase; of those with witness data in `segwit…`. */
    txSize: integer('tx_size').notNull(),
    txWeight: integer('tx_weight').notNull(),
    segwitTxs: integer('segwit_txs').notNull(),
    segwitSize: integer('segwit_size').notNull(),
    segwitWeight: integer('segwit_weight').notNull(),
    /** By how many rows the block changes `coin`, and how many there are after it. */
    utxoIncrease: integer('utxo_increase').notNull(),
    utxoSize: integer('utxo_size').notNull(),
    /** Fee rates in thousandths of a satoshi per virtual byte; `rate10`: at 10 % of the weight, from the lowest. */
    rateMin: integer('rate_min').notNull(),
    rate10: integer('rate_10').notNull(),
    rate25: integer('rate_25').notNull(),
    rate50: integer('rate_50').notNull(),
    rate75: integer('rate_75').notNull(),
    rate90: integer('rate_90').notNull(),
    rateMax: integer('rate_max').notNull(),
    /** Fees in satoshi; `fee10`: at 10 % of the transactions, from the lowest. */
    feeMin: integer('fee_min').notNull(),
    fee10: integer('fee_10').notNull(),
    fee25: integer('fee_25').notNull(),
    fee50: integer('fee_50').notNull(),
    fee75: integer('fee_75').notNull(),
    fee90: integer('fee_90').notNull(),
    feeMax: integer('fee_max').notNull(),
  },
  (t) => [uniqueIndex('best_first_tx').on(t.firstTx), index('best_header').on(t.headerId)],
)

/** Raw blocks in parts of `PART_SIZE`. `check` is the first 48 bits of the part's SHA-256. */
export const body = sqliteTable('body', {
  id: integer('id').primaryKey(),
  bytes: bytes('bytes').notNull(),
  check: integer('check48').notNull(),
})

/** What the inputs of a connected block spend, in input order, in parts like `body`. Layout: `ledger/prevouts.ts`. */
export const prevouts = sqliteTable('prevouts', {
  id: integer('id').primaryKey(),
  bytes: bytes('bytes').notNull(),
  check: integer('check48').notNull(),
})

/**
 * Per transaction of a connected block: u32 offset in the body, u32 offset in the prevouts, txid; little-endian. `checks`
 * has six bytes for every 64 of them: `ledger/offsets.ts`.
 */
export const offsets = sqliteTable('offsets', {
  blockId: integer('block_id').primaryKey(),
  bytes: bytes('bytes').notNull(),
  checks: bytes('checks').notNull(),
})

/** txid prefix -> txNum. */
export const tx = sqliteTable(
  'tx',
  { prefix48: integer('prefix48').notNull(), txNum: integer('tx_num').notNull() },
  (t) => [primaryKey({ columns: [t.prefix48, t.txNum] })],
)

/** scripthash prefix -> txNum of every transaction that pays to or spends from the script, once each. */
export const history = sqliteTable(
  'history',
  { prefix48: integer('prefix48').notNull(), txNum: integer('tx_num').notNull() },
  (t) => [primaryKey({ columns: [t.prefix48, t.txNum] })],
)

/** Who spent an output, by which of its inputs: all outspends of a transaction are one range, and open no transaction. */
export const spend = sqliteTable(
  'spend',
  {
    fundingTx: integer('funding_tx').notNull(),
    vout: integer('vout').notNull(),
    spenderTx: integer('spender_tx').notNull(),
    vin: integer('vin').notNull(),
  },
  (t) => [primaryKey({ columns: [t.fundingTx, t.vout] })],
)

/**
 * The sums of every script whose prefix48 has more than `BUSY_ABOVE` rows in `history`: of scripts with much history, and
 * of those that share a prefix with one. A script's other rows and this one agree at every commit.
 */
export const busy = sqliteTable('busy', {
  /** All 32 bytes, in wire order. */
  scripthash: bytes('scripthash').primaryKey(),
  /** Outputs that pay to the script, and what they are worth in satoshi. A sum may be larger than a safe integer. */
  fundedCount: integer('funded_count').notNull(),
  fundedSum: integer('funded_sum').notNull(),
  /** Inputs that spend from it. */
  spentCount: integer('spent_count').notNull(),
  spentSum: integer('spent_sum').notNull(),
  txCount: integer('tx_count').notNull(),
})

/**
 * The unspent outputs of those scripts: what they were paid and no row of `spend` has. `next48` are the six bytes of the
 * scripthash behind the prefix, so that a script does not wade through the outputs of another one that was made to share its
 * prefix. A row is a hint: the coin is looked up and its script compared.
 */
export const busyCoin = sqliteTable(
  'busy_coin',
  {
    prefix48: integer('prefix48').notNull(),
    next48: integer('next48').notNull(),
    txNum: integer('tx_num').notNull(),
    vout: integer('vout').notNull(),
  },
  (t) => [primaryKey({ columns: [t.prefix48, t.next48, t.txNum, t.vout] })],
)

/** The unspent outputs, as of the tip or of `coins_height` in `meta`. Height and coinbase flag follow from `txNum`. */
export const coin = sqliteTable('coin', {
  /** txid in wire order, then the output's index as u32 little-endian. */
  outpoint: bytes('outpoint').primaryKey(),
  txNum: integer('tx_num').notNull(),
  value: integer('value').notNull(),
  script: bytes('script').notNull(),
})

/**
 * What the filter of a block (BIP 158) hashes to, and its filter header (BIP 157), 32 bytes each. Made behind the chain, in
 * its order: rows of blocks that are connected no longer stay, and stay true. Filters are made anew when asked for.
 */
export const filter = sqliteTable('filter', {
  blockId: integer('block_id').primaryKey(),
  hash: bytes('hash').notNull(),
  header: bytes('header').notNull(),
})

/** The unconfirmed transactions, so that they outlive the process; in the order in which they came, mostly. */
export const mempool = sqliteTable('mempool', {
  id: integer('id').primaryKey(),
  /** When it was first seen, Unix milliseconds. */
  seen: integer('seen').notNull(),
  /** As on the wire. */
  tx: bytes('tx').notNull(),
})

/** Small facts about the store itself: `network`, `genesis`, `epoch`, `filters`, `coins_height`. */
export const meta = sqliteTable('meta', {
  key: text('key').primaryKey(),
  value: text('value').notNull(),
})

/** Tables whose rows live in their key's own tree. */
export const WITHOUT_ROWID = ['tx', 'history', 'spend', 'busy', 'busy_coin', 'coin', 'meta'] as const
