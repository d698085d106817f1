import { expect, test } from 'vitest'
import { regtest } from '../../src/chain/networks/regtest.ts'
import { MIGRATIONS } from '../../src/store/migrations.generated.ts'
import type { SqlPort } from '../../src/store/sql.ts'
import { dump } from '../ledger/dump.ts'
import { RandomChain } from '../ledger/random-chain.ts'
import { Simulation } from '../sim/simulation.ts'
import { differences } from './fresh-index.ts'
import { Rig } from './rig.ts'

/** Turns a store into one of the first released schema, as a program of that day would have left it. */
function asReleased({ sql }: SqlPort): void {
  const text = (tag: string) => MIGRATIONS.find((migration) => migration.tag === tag)!.statements.join('\n')
  const old = new Set([...text('0000_ledger').matchAll(/^\t"(\w+)"/gm)].map((match) => match[1]))
  const { n } = sql.exec<{ n: number }>('SELECT count(*) AS n FROM migration').one()
  expect(n).toBe(MIGRATIONS.length)
  for (const name of tables(sql)) if (!text('0000_ledger').includes(`"${name}"`)) sql.exec(`DROP TABLE ${name}`)
  for (const table of ['best', 'offsets']) {
    const columns = sql.exec<{ name: string }>('SELECT name FROM pragma_table_info(?)', table).toArray()
    for (const { name } of columns) if (!old.has(name)) sql.exec(`ALTER TABLE ${table} DROP COLUMN ${name}`)
  }
  sql.exec('DELETE FROM migration WHERE id > 0')
}

function tables(sql: SqlPort['sql']): string[] {
  return sql
    .exec<{ name: string }>("SELECT name FROM sqlite_master WHERE type = 'table' AND name <> 'migration'")
    .toArray()
    .map(({ name }) => name)
}

test('a ledger over a store of the released schema connects its blocks again from the store, without any peer', () => {
  const simulation = new Simulation(5)
  const chain = new RandomChain(5)
  const trunk = chain.growMany(chain.maker.genesis, 110, 4)
  const stale = chain.growMany(trunk.at(-3)!, 1, 3)
  const blocks = [...trunk, ...stale].map(({ bytes }) => bytes)
  const rig = new Rig(simulation, { limits: { batchBytes: 20_000 } })
  for (const bytes of blocks) rig.submitBlock(bytes)
  expect(simulation.run(60_000, () => rig.committed === 110)).toBe(true)
  const before = dump(rig.sql)
  asReleased(rig.sql)
  expect(rig.sql.sql.exec('SELECT count(*) FROM best').raw().toArray()).toEqual([[111]])

  rig.restartLedger()
  expect(rig.height).toBe(0)
  expect(simulation.run(60_000, () => rig.committed === 110)).toBe(true)
  expect(differences(rig.sql, regtest, blocks.slice(0, 110))).toEqual({})
  expect(dump(rig.sql)).toEqual(before)
  expect(rig.log.filter(({ level }) => level === 'error')).toEqual([])
})
