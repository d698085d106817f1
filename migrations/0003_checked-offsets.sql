-- An earlier step has left no block connected: each gets its checks when it is connected again.
ALTER TABLE `offsets` ADD `checks` blob NOT NULL;