import { count, eq } from 'drizzle-orm'
import { drizzle } from 'drizzle-orm/durable-sqlite'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { migrate } from '../../src/store/migrate.ts'
import * as schema from '../../src/store/schema.ts'
import { blob, type SqlPort } from '../../src/store/sql.ts'

const CREATE_B = 'CREATE TABLE b (key BLOB PRIMARY KEY, v INTEGER NOT NULL) STRICT, WITHOUT ROWID'
const CREATE_N = 'CREATE TABLE n (id INTEGER PRIMARY KEY, v INTEGER NOT NULL) STRICT'
const ids = (port: SqlPort) =>
  port.sql
    .exec('SELECT id FROM n ORDER BY id')
    .raw()
    .toArray()
    .map(([id]) => id)

/** What every `SqlPort` must do. `withPort` hands `body` an empty database. */
export function sqlContract(name: string, withPort: (body: (port: SqlPort) => void) => Promise<void>): void {
  /** The body sees a table n with the ids 1 to `rows`, each with the value id * 10. */
  const withRows = (rows: number, body: (port: SqlPort) => void) =>
    withPort((port) => {
      port.sql.exec(CREATE_N)
      for (let id = 1; id <= rows; id++) port.sql.exec('INSERT INTO n VALUES (?, ?)', id, id * 10)
      body(port)
    })

  describe(`${name}: rows`, () => {
    test('come as objects, as arrays and one at a time', () =>
      withRows(3, ({ sql }) => {
        const all = () => sql.exec<{ id: number; v: number }>('SELECT id, v FROM n ORDER BY id')
        const objects = [
          { id: 1, v: 10 },
          { id: 2, v: 20 },
          { id: 3, v: 30 },
        ]
        expect(all().toArray()).toEqual(objects)
        expect([...all()]).toEqual(objects)
        expect(all().raw().toArray()).toEqual(objects.map(({ id, v }) => [id, v]))
        expect([...all().raw()]).toEqual(objects.map(({ id, v }) => [id, v]))
        expect(all().next()).toMatchObject({ value: objects[0] })
        expect(sql.exec('SELECT id, v FROM n WHERE id = ?', 2).one()).toEqual(objects[1])
      }))

    test('are read once: what was taken is gone', () =>
      withRows(3, ({ sql }) => {
        const cursor = sql.exec('SELECT id FROM n ORDER BY id')
        expect(cursor.next().value).toEqual({ id: 1 })
        expect(cursor.toArray()).toEqual([{ id: 2 }, { id: 3 }])
        expect(cursor.toArray()).toEqual([])
        expect(cursor.next().done).toBe(true)
        expect([...cursor]).toEqual([])
      }))

    test('of columns with one name keep the last as objects and all as arrays', () =>
      withPort(({ sql }) => {
        expect(sql.exec('SELECT 1 AS a, 2 AS a').one()).toEqual({ a: 2 })
        expect(sql.exec('SELECT 1 AS a, 2 AS a').raw().toArray()).toEqual([[1, 2]])
      }))

    test('are none after a statement that gives none', () =>
      withRows(0, ({ sql }) => {
        expect(sql.exec('INSERT INTO n VALUES (1, 1)').toArray()).toEqual([])
        expect(sql.exec('UPDATE n SET v = 2').raw().toArray()).toEqual([])
        expect(sql.exec('DELETE FROM n WHERE id = 9').next().done).toBe(true)
        expect(() => sql.exec('DELETE FROM n').one()).toThrow()
      }))

    test.each([0, 2])('one() throws for %i of them', (rows) =>
      withRows(rows, ({ sql }) => {
        expect(() => sql.exec('SELECT id FROM n').one()).toThrow()
      }),
    )

    test('that RETURNING gives have been written by then', () =>
      withRows(0, ({ sql }) => {
        const cursor = sql.exec('INSERT INTO n VALUES (5, 50), (6, 60) RETURNING id, v')
        expect(cursor.raw().toArray()).toEqual([
          [5, 50],
          [6, 60],
        ])
        expect(sql.exec('UPDATE n SET v = v + 1 WHERE id = 5 RETURNING v').next().value).toEqual({ v: 51 })
        expect([...sql.exec('DELETE FROM n WHERE id = 6 RETURNING id, v')]).toEqual([{ id: 6, v: 60 }])
      }))

    test('of common table expressions and pragmas come too', () =>
      withRows(2, ({ sql }) => {
        expect(sql.exec('WITH w AS (SELECT v FROM n) SELECT sum(v) AS sum FROM w').one()).toEqual({ sum: 30 })
        expect(sql.exec('PRAGMA table_info(n)').toArray()).toMatchObject([{ name: 'id' }, { name: 'v' }])
      }))
  })

  describe(`${name}: loops over rows`, () => {
    test('may write to another table and to the rows behind them', () =>
      withRows(3, (port) => {
        port.sql.exec(CREATE_B)
        for (const { id } of port.sql.exec<{ id: number }>('SELECT id FROM n ORDER BY id')) {
          port.sql.exec('INSERT INTO b VALUES (?, ?)', new Uint8Array([id]), id)
          port.sql.exec('DELETE FROM n WHERE id < ?', id)
        }
        expect(ids(port)).toEqual([3])
        expect(port.sql.exec('SELECT count(*) AS count FROM b').one()).toEqual({ count: 3 })
      }))

    test('may nest with the same statement', () =>
      withRows(3, ({ sql }) => {
        const query = 'SELECT id FROM n ORDER BY id'
        const pairs: unknown[] = []
        for (const [a] of sql.exec(query).raw()) for (const [b] of sql.exec(query).raw()) pairs.push([a, b])
        expect(pairs).toHaveLength(9)
        expect(pairs.at(-1)).toEqual([3, 3])
      }))

    test('that are left early keep nothing from committing', () =>
      withRows(3, (port) => {
        for (const _ of port.sql.exec('SELECT id FROM n ORDER BY id')) break
        port.sql.exec('SELECT id FROM n ORDER BY id').next()
        port.transactionSync(() => port.sql.exec('INSERT INTO n VALUES (4, 40)'))
        expect(ids(port)).toEqual([1, 2, 3, 4])
      }))
  })

  describe(`${name}: values`, () => {
    test.each([0, -1, 2 ** 48 - 1, Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER])(
      '%i survives an INTEGER column',
      (value) =>
        withPort(({ sql }) => {
          sql.exec(CREATE_N)
          sql.exec('INSERT INTO n VALUES (1, ?)', value)
          expect(sql.exec('SELECT v, typeof(v) AS type FROM n').one()).toEqual({ v: value, type: 'integer' })
          expect(sql.exec('SELECT count(*) AS count FROM n WHERE v = ?', value).one()).toEqual({ count: 1 })
        }),
    )

    test('texts, fractions and null come back as they were', () =>
      withPort(({ sql }) => {
        sql.exec('CREATE TABLE any (t TEXT, r REAL, z TEXT) STRICT')
        sql.exec('INSERT INTO any VALUES (?, ?, ?)', 'a\0é₿🧱', 0.1, null)
        expect(sql.exec('SELECT * FROM any').raw().toArray()).toEqual([['a\0é₿🧱', 0.1, null]])
      }))

    test('NaN becomes null', () =>
      withPort(({ sql }) => expect(sql.exec('SELECT ? IS NULL AS yes', Number.NaN).one()).toEqual({ yes: 1 })))

    test.each([0, 1, 65_536])('a blob of %i bytes comes back, whatever buffer it was a view of', (length) =>
      withPort(({ sql }) => {
        const buffer = Uint8Array.from({ length: length + 7 }, (_, i) => i * 31)
        const bytes = buffer.subarray(3, 3 + length)
        sql.exec(CREATE_B)
        sql.exec('INSERT INTO b VALUES (?, 1)', bytes)
        const read = sql.exec<{ key: unknown; type: string }>('SELECT key, typeof(key) AS type FROM b').one()
        expect(read.type).toBe('blob')
        expect(blob(read.key)).toEqual(bytes.slice())
        expect(blob(read.key).buffer.byteLength).toBe(length)
        expect(sql.exec('SELECT v FROM b WHERE key = ?', bytes).one()).toEqual({ v: 1 })
      }),
    )

    test('null is no blob', () => expect(() => blob(null)).toThrow('blob'))

    test('LIMIT and OFFSET take numbers', () =>
      withRows(5, ({ sql }) =>
        expect(sql.exec('SELECT id FROM n ORDER BY id LIMIT ? OFFSET ?', 2, 1).toArray()).toEqual([
          { id: 2 },
          { id: 3 },
        ]),
      ))
  })

  describe(`${name}: refusals`, () => {
    test.each([
      ['a fraction in an INTEGER column', 'INSERT INTO n VALUES (1, ?)', [1.5]],
      ['text in an INTEGER column', 'INSERT INTO n VALUES (1, ?)', ['x']],
      ['null where none may be', 'INSERT INTO n VALUES (1, ?)', [null]],
      ['a key twice', 'INSERT INTO n VALUES (1, 1), (1, ?)', [2]],
      ['too few values', 'INSERT INTO n VALUES (?, ?)', [1]],
      ['too many values', 'INSERT INTO n VALUES (1, ?)', [1, 2]],
      ['broken SQL', 'INSERT INTO', []],
      ['an unknown table', 'SELECT * FROM nowhere', []],
      ['a transaction by hand', 'BEGIN', []],
      ['a savepoint by hand', 'SAVEPOINT s', []],
      ['the end of a transaction by hand', 'COMMIT', []],
      [
        'more than 100 parameters',
        `INSERT INTO n SELECT 1, 1 WHERE 1 IN (${Array(101).fill('?').join()})`,
        Array(101).fill(1),
      ],
      ['more than 100 KB of SQL', `SELECT 1 /*${'x'.repeat(100_000)}*/`, []],
    ])('%s is refused, and nothing is left behind', (_, query, bindings) =>
      withPort((port) => {
        port.sql.exec(CREATE_N)
        expect(() => port.sql.exec(query, ...bindings)).toThrow()
        expect(ids(port)).toEqual([])
        port.sql.exec('INSERT INTO n VALUES (?, ?)', 7, 70)
        expect(ids(port)).toEqual([7])
      }),
    )

    test('a question mark in quotes or a comment is no parameter', () =>
      withPort(({ sql }) =>
        expect(sql.exec(`SELECT '?' AS a, ? AS "b?" -- ?\n/* ? */`, 'x').one()).toEqual({ a: '?', 'b?': 'x' }),
      ))
  })

  describe(`${name}: transactions`, () => {
    test('keep all of it and give what the function gave', () =>
      withRows(0, (port) => {
        const answer = port.transactionSync(() => {
          port.sql.exec('INSERT INTO n VALUES (1, 1)')
          port.sql.exec('INSERT INTO n VALUES (2, 2)')
          return ids(port)
        })
        expect(answer).toEqual([1, 2])
        expect(ids(port)).toEqual([1, 2])
      }))

    test('that throw keep nothing, and throw the same error on', () =>
      withRows(1, (port) => {
        const error = new Error('no')
        const failing = () =>
          port.transactionSync(() => {
            port.sql.exec('INSERT INTO n VALUES (2, 2)')
            port.sql.exec('CREATE TABLE other (id INTEGER PRIMARY KEY) STRICT')
            throw error
          })
        expect(failing).toThrow(error)
        expect(ids(port)).toEqual([1])
        expect(() => port.sql.exec('SELECT * FROM other').toArray()).toThrow()
      }))

    test('inside another are undone on their own', () =>
      withRows(0, (port) => {
        port.transactionSync(() => {
          port.sql.exec('INSERT INTO n VALUES (1, 1)')
          const inner = () =>
            port.transactionSync(() => {
              port.sql.exec('INSERT INTO n VALUES (2, 2)')
              port.transactionSync(() => port.sql.exec('INSERT INTO n VALUES (3, 3)'))
              throw new Error('inner')
            })
          expect(inner).toThrow('inner')
          port.transactionSync(() => port.sql.exec('INSERT INTO n VALUES (4, 4)'))
        })
        expect(ids(port)).toEqual([1, 4])
      }))

    test('inside one that throws go with it', () =>
      withRows(0, (port) => {
        const outer = () =>
          port.transactionSync(() => {
            port.transactionSync(() => port.sql.exec('INSERT INTO n VALUES (1, 1)'))
            throw new Error('outer')
          })
        expect(outer).toThrow('outer')
        expect(ids(port)).toEqual([])
      }))

    test('survive a broken constraint that was caught', () =>
      withRows(1, (port) => {
        port.transactionSync(() => {
          expect(() => port.sql.exec('INSERT INTO n VALUES (2, 2), (1, 1)')).toThrow()
          port.sql.exec('INSERT INTO n VALUES (3, 3)')
        })
        expect(ids(port)).toEqual([1, 3])
      }))

    test('leave exactly what a map would hold, whatever fails in between', () => {
      const write = fc.record({ id: fc.integer({ min: 1, max: 9 }), v: fc.option(fc.nat(), { nil: undefined }) })
      const batch = fc.record({ writes: fc.array(write, { maxLength: 6 }), inner: fc.boolean(), fails: fc.boolean() })
      const apply = (port: SqlPort, { id, v }: { id: number; v: number | undefined }) =>
        v === undefined
          ? port.sql.exec('DELETE FROM n WHERE id = ?', id)
          : port.sql.exec('INSERT INTO n VALUES (?, ?) ON CONFLICT (id) DO UPDATE SET v = excluded.v', id, v)
      return withRows(0, (port) =>
        fc.assert(
          fc.property(fc.array(batch, { maxLength: 8 }), (batches) => {
            port.sql.exec('DELETE FROM n')
            const map = new Map<number, number>()
            for (const { writes, inner, fails } of batches) {
              const work = () => {
                for (const one of writes) apply(port, one)
                if (fails) throw new Error('as told')
              }
              try {
                port.transactionSync(inner ? () => port.transactionSync(work) : work)
              } catch {
                continue
              }
              for (const { id, v } of writes) v === undefined ? map.delete(id) : map.set(id, v)
            }
            const rows = port.sql.exec('SELECT id, v FROM n ORDER BY id').raw().toArray()
            expect(rows).toEqual([...map].sort(([a], [b]) => a - b))
          }),
          { numRuns: 30 },
        ),
      )
    })
  })

  describe(`${name}: the rest`, () => {
    test('16 rows at a time go into a table that is its own index', () =>
      withPort(({ sql }) => {
        sql.exec(
          'CREATE TABLE tx (prefix48 INTEGER, tx_num INTEGER, PRIMARY KEY (prefix48, tx_num)) STRICT, WITHOUT ROWID',
        )
        const query = `INSERT INTO tx VALUES ${Array(16).fill('(?, ?)').join()}`
        for (let at = 0; at < 160; at += 16) {
          sql.exec(query, ...Array.from({ length: 32 }, (_, i) => (i % 2 ? at + (i >> 1) : 2 ** 47 - at - (i >> 1))))
        }
        expect(sql.exec('SELECT count(*) AS count, min(tx_num) AS low, max(tx_num) AS high FROM tx').one()).toEqual({
          count: 160,
          low: 0,
          high: 159,
        })
        expect(sql.exec('SELECT tx_num FROM tx WHERE prefix48 = ?', 2 ** 47 - 77).toArray()).toEqual([{ tx_num: 77 }])
      }))

    test('databaseSize grows with what is stored', () =>
      withPort(({ sql }) => {
        sql.exec(CREATE_B)
        const before = sql.databaseSize
        sql.exec('INSERT INTO b VALUES (?, 1)', new Uint8Array(500_000))
        expect(sql.databaseSize - before).toBeGreaterThan(450_000)
      }))

    test("Drizzle's driver for Durable Objects runs over it", () =>
      withPort((port) => {
        migrate(port)
        const db = drizzle(port as never, { schema })
        const { coin } = schema
        const [a, b, c] = [1, 2, 3].map((byte) => new Uint8Array(36).fill(byte)) as [Uint8Array, Uint8Array, Uint8Array]
        const script = new Uint8Array(0)
        const rowB = { outpoint: b, txNum: 2, value: 2 ** 50, script }
        db.insert(coin)
          .values([{ outpoint: a, txNum: 1, value: 1, script }, rowB])
          .run()
        expect(db.select().from(coin).where(eq(coin.outpoint, b)).all()).toEqual([rowB])
        expect(db.select({ n: coin.txNum }).from(coin).where(eq(coin.outpoint, a)).get()).toEqual({ n: 1 })
        expect(db.select().from(coin).where(eq(coin.outpoint, c)).get()).toBeUndefined()
        expect(db.query.coin.findFirst({ columns: { script: true } }).sync()).toEqual({ script })
        const update = db.update(coin).set({ value: 5 }).where(eq(coin.outpoint, a))
        expect(update.returning({ value: coin.value }).all()).toEqual([{ value: 5 }])
        expect(db.get('SELECT count(*) AS count FROM coin')).toEqual({ count: 2 })
        expect(db.all('SELECT value FROM coin ORDER BY value')).toEqual([{ value: 5 }, { value: 2 ** 50 }])
        const prepared = db.select({ count: count() }).from(coin).prepare()
        const failing = () =>
          db.transaction((outer) => {
            outer.insert(coin).values({ outpoint: c, txNum: 3, value: 3, script }).run()
            outer.transaction((inner) => inner.delete(coin).run())
            expect(prepared.get()).toEqual({ count: 0 })
            throw new Error('undo')
          })
        expect(failing).toThrow('undo')
        expect(prepared.get()).toEqual({ count: 2 })
      }))
  })
}
