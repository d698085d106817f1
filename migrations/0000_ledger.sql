CREATE TABLE `best` (
	`height` integer PRIMARY KEY NOT NULL,
	`header_id` integer NOT NULL,
	`first_tx` integer NOT NULL,
	`tx_count` integer NOT NULL,
	`size` integer NOT NULL,
	`weight` integer NOT NULL,
	`fees` integer NOT NULL,
	`inputs` integer NOT NULL,
	`outputs` integer NOT NULL,
	`output_value` integer NOT NULL
) STRICT;
--> statement-breakpoint
CREATE UNIQUE INDEX `best_first_tx` ON `best` (`first_tx`);--> statement-breakpoint
CREATE INDEX `best_header` ON `best` (`header_id`);--> statement-breakpoint
CREATE TABLE `body` (
	`id` integer PRIMARY KEY NOT NULL,
	`bytes` blob NOT NULL,
	`check48` integer NOT NULL
) STRICT;
--> statement-breakpoint
CREATE TABLE `coin` (
	`outpoint` blob PRIMARY KEY NOT NULL,
	`tx_num` integer NOT NULL,
	`value` integer NOT NULL,
	`script` blob NOT NULL
) STRICT, WITHOUT ROWID;
--> statement-breakpoint
CREATE TABLE `header` (
	`id` integer PRIMARY KEY NOT NULL,
	`prefix48` integer NOT NULL,
	`height` integer NOT NULL,
	`raw` blob NOT NULL,
	`work` blob NOT NULL,
	`status` integer NOT NULL
) STRICT;
--> statement-breakpoint
CREATE INDEX `header_prefix` ON `header` (`prefix48`);--> statement-breakpoint
CREATE INDEX `header_height` ON `header` (`height`);--> statement-breakpoint
CREATE TABLE `history` (
	`prefix48` integer NOT NULL,
	`tx_num` integer NOT NULL,
	PRIMARY KEY(`prefix48`, `tx_num`)
) STRICT, WITHOUT ROWID;
--> statement-breakpoint
CREATE TABLE `meta` (
	`key` text PRIMARY KEY NOT NULL,
	`value` text NOT NULL
) STRICT, WITHOUT ROWID;
--> statement-breakpoint
CREATE TABLE `offsets` (
	`block_id` integer PRIMARY KEY NOT NULL,
	`bytes` blob NOT NULL
) STRICT;
--> statement-breakpoint
CREATE TABLE `prevouts` (
	`id` integer PRIMARY KEY NOT NULL,
	`bytes` blob NOT NULL,
	`check48` integer NOT NULL
) STRICT;
--> statement-breakpoint
CREATE TABLE `spend` (
	`funding_tx` integer NOT NULL,
	`vout` integer NOT NULL,
	`spender_tx` integer NOT NULL,
	PRIMARY KEY(`funding_tx`, `vout`, `spender_tx`)
) STRICT, WITHOUT ROWID;
--> statement-breakpoint
CREATE TABLE `tx` (
	`prefix48` integer NOT NULL,
	`tx_num` integer NOT NULL,
	PRIMARY KEY(`prefix48`, `tx_num`)
) STRICT, WITHOUT ROWID;
