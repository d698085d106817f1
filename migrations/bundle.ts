import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { WITHOUT_ROWID } from '../src/store/schema.ts'

/**
 * Finishes what `drizzle-kit generate` wrote: gives every table the options that Drizzle cannot express, and puts the
 * SQL into a module, because a Durable Object has no files to read it from.
 */

const FOLDER = new URL('./', import.meta.url)
const MODULE = new URL('../src/store/migrations.generated.ts', import.meta.url)

/** The same SQL with every CREATE TABLE made STRICT, and WITHOUT ROWID where the table is one of `keyed`. */
export function withTableOptions(sql: string, keyed: readonly string[]): string {
  return sql.replace(/^(CREATE TABLE `(?:__new_)?(\w+)` \(\n.*?\n\))[^;\n]*;/gms, (_, table: string, name: string) => {
    return `${table} STRICT${keyed.includes(name) ? ', WITHOUT ROWID' : ''};`
  })
}

/** The statements of one file. Foreign key pragmas do nothing inside a transaction and are left out. */
export function statementsOf(sql: string): string[] {
  return sql
    .split('--> statement-breakpoint')
    .map((statement) => statement.trim().replace(/;$/, ''))
    .filter((statement) => statement !== '' && !statement.startsWith('PRAGMA foreign_keys'))
}

/** The module that holds all migrations, in order. */
export function moduleText(migrations: { tag: string; statements: string[] }[]): string {
  const entries = migrations.map(({ tag, statements }) => {
    const texts = statements.map((text) => `      \`${inTemplate(text)}\`,\n`).join('')
    return `  {\n    tag: '${tag}',\n    statements: [\n${texts}    ],\n  },\n`
  })
  return `// Written by migrations/bundle.ts. The statements are those of migrations/*.sql.
import type { Migration } from './migrate.ts'

export const MIGRATIONS: readonly Migration[] = [
${entries.join('')}]
`
}

/** Every migration file, in order, with its table options. */
export function readMigrations(): { tag: string; sql: string }[] {
  const journal = JSON.parse(readFileSync(new URL('meta/_journal.json', FOLDER), 'utf8'))
  const tags: string[] = journal.entries.map((entry: { tag: string }) => entry.tag)
  const files = readdirSync(FOLDER).filter((name) => name.endsWith('.sql'))
  if (files.length !== tags.length) throw new Error(`${tags.length} migrations in the journal, ${files.length} files`)
  return tags.map((tag) => ({
    tag,
    sql: withTableOptions(readFileSync(new URL(`${tag}.sql`, FOLDER), 'utf8'), WITHOUT_ROWID),
  }))
}

/** SQL quotes names as well with double quotes, which need no escape in a template. */
function inTemplate(sql: string): string {
  return sql.replaceAll('\\', '\\\\').replaceAll('`', '"').replaceAll('${', '\\${')
}

if (import.meta.main) {
  const migrations = readMigrations()
  for (const { tag, sql } of migrations) writeFileSync(new URL(`${tag}.sql`, FOLDER), sql)
  writeFileSync(MODULE, moduleText(migrations.map(({ tag, sql }) => ({ tag, statements: statementsOf(sql) }))))
  // Drizzle's own bundle for Durable Objects, which needs a loader for .sql files.
  rmSync(new URL('migrations.js', FOLDER), { force: true })
}
