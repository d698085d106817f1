CREATE TABLE `mempool` (
	`id` integer PRIMARY KEY NOT NULL,
	`seen` integer NOT NULL,
	`tx` blob NOT NULL
) STRICT;
