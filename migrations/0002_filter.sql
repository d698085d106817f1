CREATE TABLE `filter` (
	`block_id` integer PRIMARY KEY NOT NULL,
	`hash` blob NOT NULL,
	`header` blob NOT NULL
) STRICT;
