import { StoreError } from './error.ts'
import { MIGRATIONS } from './migrations.generated.ts'
import type { SqlPort } from './sql.ts'

/** One step of the schema. A step that has been released is never changed. */
export interface Migration {
  readonly tag: string
  readonly statements: readonly string[]
}

/**
 * Brings a database to the newest schema, in one transaction, and says how many steps that took; 0 writes nothing, so
 * that a read-only connection may ask too. Which steps are done is kept in the table `migration`.
 *
 * Throws `StoreError`: `newer` when the database knows steps that this program does not, `foreign` when it holds tables
 * but not ours. Both leave it untouched.
 */
export function migrate(port: SqlPort, migrations: readonly Migration[] = MIGRATIONS): number {
  const done = appliedTags(port)
  const known = migrations.map((migration) => migration.tag)
  for (const [i, tag] of done.entries()) {
    if (known[i] === tag) continue
    if (i >= known.length) throw new StoreError('newer', `the store is of a later version (${done.at(-1)})`)
    throw new StoreError('foreign', `the store has another history: ${tag} where ${known[i]} was expected`)
  }
  const missing = migrations.slice(done.length)
  if (missing.length === 0) return 0
  return port.transactionSync(() => {
    port.sql.exec('CREATE TABLE IF NOT EXISTS migration (id INTEGER PRIMARY KEY, tag TEXT NOT NULL) STRICT')
    for (const [i, { tag, statements }] of missing.entries()) {
      for (const statement of statements) port.sql.exec(statement)
      port.sql.exec('INSERT INTO migration VALUES (?, ?)', done.length + i, tag)
    }
    return missing.length
  })
}

function appliedTags(port: SqlPort): string[] {
  const tables = port.sql
    .exec<{ name: string }>("SELECT name FROM sqlite_master WHERE type = 'table'")
    .toArray()
    .map((row) => row.name)
    .filter((name) => !/^(sqlite|_cf)_/.test(name)) // SQLite's own and the Durable Object's
  if (tables.length === 0) return []
  if (!tables.includes('migration')) throw new StoreError('foreign', `a database of something else (${tables[0]})`)
  return port.sql
    .exec<{ tag: string }>('SELECT tag FROM migration ORDER BY id')
    .toArray()
    .map((row) => row.tag)
}
