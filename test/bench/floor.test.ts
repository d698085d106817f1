import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { serialize } from 'node:v8'
import { expect, onTestFinished, test } from 'vitest'
import { assemble } from '../../bench/chain/assemble.ts'
import { Lane } from '../../bench/chain/lane.ts'
import { dumpFloor } from '../../bench/floor/dump.ts'
import { regtest } from '../../src/chain/networks/regtest.ts'
import { openSqlite } from '../../src/node/sqlite.ts'
import { Ledger } from '../ledger/open-ledger.ts'

const FLOOR = join(import.meta.dirname, '../../bench/floor/floor.ts')

test('the floor of the ledger bench writes what the ledger has written, but for the genesis block', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'causeway-floor-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const [ledgerPath, floorPath, chain, plan] = ['ledger', 'floor', 'chain', 'plan'].map((name) => join(folder, name))

  const file = openSqlite(ledgerPath!)
  const ledger = new Ledger(file)
  const framed: Uint8Array[] = []
  const shape = { empty: 103, full: 4, txs: [20, 40], lanes: 1, payouts: 4 } as const
  for await (const bytes of assemble(regtest, shape, [new Lane(0)])) {
    const length = new Uint8Array(4)
    new DataView(length.buffer).setUint32(0, bytes.length, true)
    framed.push(length, bytes)
    ledger.extend([bytes])
  }
  writeFileSync(chain!, Buffer.concat(framed))
  file.close()

  writeFileSync(plan!, serialize(dumpFloor(ledgerPath!, chain!, [50, 104, 106])))
  const { status, stdout, stderr } = spawnSync(process.execPath, [FLOOR, plan!, floorPath!], { encoding: 'utf8' })
  expect(stderr).toBe('')
  expect(status).toBe(0)

  const written = tablesOf(floorPath!)
  let rows = 0
  for (const [table, wanted] of tablesOf(ledgerPath!)) {
    if (table === 'meta' || table === 'migration' || table === 'body') continue
    const found = written.get(table)!
    rows += found.size
    expect(
      [...found].filter((row) => !wanted.has(row)),
      table,
    ).toEqual([])
    // The genesis block's.
    expect(wanted.size - found.size, table).toBeLessThanOrEqual(1)
  }
  expect(JSON.parse(stdout).rows).toBe(rows)
  expect(written.get('body')!.size).toBe(107)
})

/** Rows as text, by table. */
function tablesOf(path: string): Map<string, Set<string>> {
  const db = new DatabaseSync(path, { readOnly: true })
  try {
    const names = db.prepare("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'").all()
    return new Map(
      names.map(({ name }) => {
        const rows = db.prepare(`SELECT * FROM ${name}`).all()
        return [name as string, new Set(rows.map((row) => JSON.stringify(Object.values(row).map(textOf))))]
      }),
    )
  } finally {
    db.close()
  }
}

function textOf(value: unknown): unknown {
  return value instanceof Uint8Array ? Buffer.from(value).toString('hex') : value
}
