// Written by migrations/bundle.ts. The statements are those of migrations/*.sql.
import type { Migration } from './migrate.ts'

export const MIGRATIONS: readonly Migration[] = [
  {
    tag: '0000_ledger',
    statements: [
      `CREATE TABLE "best" (
	"height" integer PRIMARY KEY NOT NULL,
	"header_id" integer NOT NULL,
	"first_tx" integer NOT NULL,
	"tx_count" integer NOT NULL,
	"size" integer NOT NULL,
	"weight" integer NOT NULL,
	"fees" integer NOT NULL,
	"inputs" integer NOT NULL,
	"outputs" integer NOT NULL,
	"output_value" integer NOT NULL
) STRICT`,
      `CREATE UNIQUE INDEX "best_first_tx" ON "best" ("first_tx")`,
      `CREATE INDEX "best_header" ON "best" ("header_id")`,
      `CREATE TABLE "body" (
	"id" integer PRIMARY KEY NOT NULL,
	"bytes" blob NOT NULL,
	"check48" integer NOT NULL
) STRICT`,
      `CREATE TABLE "coin" (
	"outpoint" blob PRIMARY KEY NOT NULL,
	"tx_num" integer NOT NULL,
	"value" integer NOT NULL,
	"script" blob NOT NULL
) STRICT, WITHOUT ROWID`,
      `CREATE TABLE "header" (
	"id" integer PRIMARY KEY NOT NULL,
	"prefix48" integer NOT NULL,
	"height" integer NOT NULL,
	"raw" blob NOT NULL,
	"work" blob NOT NULL,
	"status" integer NOT NULL
) STRICT`,
      `CREATE INDEX "header_prefix" ON "header" ("prefix48")`,
      `CREATE INDEX "header_height" ON "header" ("height")`,
      `CREATE TABLE "history" (
	"prefix48" integer NOT NULL,
	"tx_num" integer NOT NULL,
	PRIMARY KEY("prefix48", "tx_num")
) STRICT, WITHOUT ROWID`,
      `CREATE TABLE "meta" (
	"key" text PRIMARY KEY NOT NULL,
	"value" text NOT NULL
) STRICT, WITHOUT ROWID`,
      `CREATE TABLE "offsets" (
	"block_id" integer PRIMARY KEY NOT NULL,
	"bytes" blob NOT NULL
) STRICT`,
      `CREATE TABLE "prevouts" (
	"id" integer PRIMARY KEY NOT NULL,
	"bytes" blob NOT NULL,
	"check48" integer NOT NULL
) STRICT`,
      `CREATE TABLE "spend" (
	"funding_tx" integer NOT NULL,
	"vout" integer NOT NULL,
	"spender_tx" integer NOT NULL,
	PRIMARY KEY("funding_tx", "vout", "spender_tx")
) STRICT, WITHOUT ROWID`,
      `CREATE TABLE "tx" (
	"prefix48" integer NOT NULL,
	"tx_num" integer NOT NULL,
	PRIMARY KEY("prefix48", "tx_num")
) STRICT, WITHOUT ROWID`,
    ],
  },
  {
    tag: '0001_index',
    statements: [
      `-- The statistics and sums of blocks that are connected come from their bodies: all that was made of bodies goes, the bodies
-- stay, and the ledger connects them again from the first on, as it does with blocks that came before their turn.
DELETE FROM "best"`,
      `DELETE FROM "prevouts"`,
      `DELETE FROM "offsets"`,
      `DELETE FROM "tx"`,
      `DELETE FROM "history"`,
      `DROP TABLE "spend"`,
      `DELETE FROM "coin"`,
      `DELETE FROM "meta" WHERE "key" = 'duplicate_coinbase'`,
      `UPDATE "header" SET "status" = "status" & ~8 WHERE "status" & 8`,
      `CREATE TABLE "spend" (
	"funding_tx" integer NOT NULL,
	"vout" integer NOT NULL,
	"spender_tx" integer NOT NULL,
	"vin" integer NOT NULL,
	PRIMARY KEY("funding_tx", "vout")
) STRICT, WITHOUT ROWID`,
      `CREATE TABLE "busy" (
	"scripthash" blob PRIMARY KEY NOT NULL,
	"funded_count" integer NOT NULL,
	"funded_sum" integer NOT NULL,
	"spent_count" integer NOT NULL,
	"spent_sum" integer NOT NULL,
	"tx_count" integer NOT NULL
) STRICT, WITHOUT ROWID`,
      `CREATE TABLE "busy_coin" (
	"prefix48" integer NOT NULL,
	"next48" integer NOT NULL,
	"tx_num" integer NOT NULL,
	"vout" integer NOT NULL,
	PRIMARY KEY("prefix48", "next48", "tx_num", "vout")
) STRICT, WITHOUT ROWID`,
      `ALTER TABLE "best" ADD "input_value" integer NOT NULL`,
      `ALTER TABLE "best" ADD "tx_size" integer NOT NULL`,
      `ALTER TABLE "best" ADD "tx_weight" integer NOT NULL`,
      `ALTER TABLE "best" ADD "segwit_txs" integer NOT NULL`,
      `ALTER TABLE "best" ADD "segwit_size" integer NOT NULL`,
      `ALTER TABLE "best" ADD "segwit_weight" integer NOT NULL`,
      `ALTER TABLE "best" ADD "utxo_increase" integer NOT NULL`,
      `ALTER TABLE "best" ADD "utxo_size" integer NOT NULL`,
      `ALTER TABLE "best" ADD "rate_min" integer NOT NULL`,
      `ALTER TABLE "best" ADD "rate_10" integer NOT NULL`,
      `ALTER TABLE "best" ADD "rate_25" integer NOT NULL`,
      `ALTER TABLE "best" ADD "rate_50" integer NOT NULL`,
      `ALTER TABLE "best" ADD "rate_75" integer NOT NULL`,
      `ALTER TABLE "best" ADD "rate_90" integer NOT NULL`,
      `ALTER TABLE "best" ADD "rate_max" integer NOT NULL`,
      `ALTER TABLE "best" ADD "fee_min" integer NOT NULL`,
      `ALTER TABLE "best" ADD "fee_10" integer NOT NULL`,
      `ALTER TABLE "best" ADD "fee_25" integer NOT NULL`,
      `ALTER TABLE "best" ADD "fee_50" integer NOT NULL`,
      `ALTER TABLE "best" ADD "fee_75" integer NOT NULL`,
      `ALTER TABLE "best" ADD "fee_90" integer NOT NULL`,
      `ALTER TABLE "best" ADD "fee_max" integer NOT NULL`,
    ],
  },
  {
    tag: '0002_filter',
    statements: [
      `CREATE TABLE "filter" (
	"block_id" integer PRIMARY KEY NOT NULL,
	"hash" blob NOT NULL,
	"header" blob NOT NULL
) STRICT`,
    ],
  },
  {
    tag: '0003_checked-offsets',
    statements: [
      `-- An earlier step has left no block connected: each gets its checks when it is connected again.
ALTER TABLE "offsets" ADD "checks" blob NOT NULL`,
    ],
  },
  {
    tag: '0004_mempool',
    statements: [
      `CREATE TABLE "mempool" (
	"id" integer PRIMARY KEY NOT NULL,
	"seen" integer NOT NULL,
	"tx" blob NOT NULL
) STRICT`,
    ],
  },
]
