import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openSqlite } from '../../src/node/sqlite.ts'
import type { SqlPort } from '../../src/store/sql.ts'
import { sqlContract } from './sql-contract.ts'

function openFor(path: string) {
  return async (body: (port: SqlPort) => void) => {
    const port = openSqlite(path)
    try {
      body(port)
    } finally {
      port.close()
    }
  }
}

sqlContract('SQLite in memory', openFor(':memory:'))
sqlContract('SQLite in a file', async (body) => {
  const folder = mkdtempSync(join(tmpdir(), 'causeway-sql-'))
  try {
    await openFor(join(folder, 'a.sqlite'))(body)
  } finally {
    rmSync(folder, { recursive: true })
  }
})
