-- The statistics and sums of blocks that are connected come from their bodies: all that was made of bodies goes, the bodies
-- stay, and the ledger connects them again from the first on, as it does with blocks that came before their turn.
DELETE FROM `best`;
--> statement-breakpoint
DELETE FROM `prevouts`;
--> statement-breakpoint
DELETE FROM `offsets`;
--> statement-breakpoint
DELETE FROM `tx`;
--> statement-breakpoint
DELETE FROM `history`;
--> statement-breakpoint
DROP TABLE `spend`;
--> statement-breakpoint
DELETE FROM `coin`;
--> statement-breakpoint
DELETE FROM `meta` WHERE `key` = 'duplicate_coinbase';
--> statement-breakpoint
UPDATE `header` SET `status` = `status` & ~8 WHERE `status` & 8;
--> statement-breakpoint
CREATE TABLE `spend` (
	`funding_tx` integer NOT NULL,
	`vout` integer NOT NULL,
	`spender_tx` integer NOT NULL,
	`vin` integer NOT NULL,
	PRIMARY KEY(`funding_tx`, `vout`)
) STRICT, WITHOUT ROWID;
--> statement-breakpoint
CREATE TABLE `busy` (
	`scripthash` blob PRIMARY KEY NOT NULL,
	`funded_count` integer NOT NULL,
	`funded_sum` integer NOT NULL,
	`spent_count` integer NOT NULL,
	`spent_sum` integer NOT NULL,
	`tx_count` integer NOT NULL
) STRICT, WITHOUT ROWID;
--> statement-breakpoint
CREATE TABLE `busy_coin` (
	`prefix48` integer NOT NULL,
	`next48` integer NOT NULL,
	`tx_num` integer NOT NULL,
	`vout` integer NOT NULL,
	PRIMARY KEY(`prefix48`, `next48`, `tx_num`, `vout`)
) STRICT, WITHOUT ROWID;
--> statement-breakpoint
ALTER TABLE `best` ADD `input_value` integer NOT NULL;--> statement-breakpoint
ALTER TABLE `best` ADD `tx_size` integer NOT NULL;--> statement-breakpoint
ALTER TABLE `best` ADD `tx_weight` integer NOT NULL;--> statement-breakpoint
ALTER TABLE `best` ADD `segwit_txs` integer NOT NULL;--> statement-breakpoint
ALTER TABLE `best` ADD `segwit_size` integer NOT NULL;--> statement-breakpoint
ALTER TABLE `best` ADD `segwit_weight` integer NOT NULL;--> statement-breakpoint
ALTER TABLE `best` ADD `utxo_increase` integer NOT NULL;--> statement-breakpoint
ALTER TABLE `best` ADD `utxo_size` integer NOT NULL;--> statement-breakpoint
ALTER TABLE `best` ADD `rate_min` integer NOT NULL;--> statement-breakpoint
ALTER TABLE `best` ADD `rate_10` integer NOT NULL;--> statement-breakpoint
ALTER TABLE `best` ADD `rate_25` integer NOT NULL;--> statement-breakpoint
ALTER TABLE `best` ADD `rate_50` integer NOT NULL;--> statement-breakpoint
ALTER TABLE `best` ADD `rate_75` integer NOT NULL;--> statement-breakpoint
ALTER TABLE `best` ADD `rate_90` integer NOT NULL;--> statement-breakpoint
ALTER TABLE `best` ADD `rate_max` integer NOT NULL;--> statement-breakpoint
ALTER TABLE `best` ADD `fee_min` integer NOT NULL;--> statement-breakpoint
ALTER TABLE `best` ADD `fee_10` integer NOT NULL;--> statement-breakpoint
ALTER TABLE `best` ADD `fee_25` integer NOT NULL;--> statement-breakpoint
ALTER TABLE `best` ADD `fee_50` integer NOT NULL;--> statement-breakpoint
ALTER TABLE `best` ADD `fee_75` integer NOT NULL;--> statement-breakpoint
ALTER TABLE `best` ADD `fee_90` integer NOT NULL;--> statement-breakpoint
ALTER TABLE `best` ADD `fee_max` integer NOT NULL;