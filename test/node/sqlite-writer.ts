import { writeSync } from 'node:fs'
import { openSqlite } from '../../src/node/sqlite.ts'

/** Commits batches of 50 rows until it is killed, and says the number of each one that is committed. */
const port = openSqlite(process.argv[2]!)
port.sql.exec(
  'CREATE TABLE IF NOT EXISTS n (batch INTEGER, row INTEGER, PRIMARY KEY (batch, row)) STRICT, WITHOUT ROWID',
)
const { next } = port.sql.exec<{ next: number }>('SELECT ifnull(max(batch), 0) + 1 AS next FROM n').one()
for (let batch = next; ; batch++) {
  port.transactionSync(() => {
    for (let row = 0; row < 50; row++) port.sql.exec('INSERT INTO n VALUES (?, ?)', batch, row)
  })
  writeSync(1, `${batch}\n`)
}
