import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { readBody, readRange, writeBody } from '../../src/ledger/bodies.ts'
import { keyOrder } from '../../src/ledger/key-order.ts'
import { OFFSET_RECORD, offsetChecks, readOffsets, readTxPlace } from '../../src/ledger/offsets.ts'
import { decodePrevouts, encodePrevouts, prevoutSize, readPrevouts } from '../../src/ledger/prevouts.ts'
import { migrate } from '../../src/store/migrate.ts'
import { PART_SIZE, PARTS_PER_BLOCK } from '../../src/store/schema.ts'
import { bytesToHex, hexToBytes } from '../../src/wire/hash.ts'
import { SeededRandom } from '../sim/random.ts'
import { memory } from './open-ledger.ts'

function store(bytes: Uint8Array, blockId = 7) {
  const sql = memory()
  migrate(sql)
  // Neighbours, so that a wrong range of ids would show.
  writeBody(sql, blockId - 1, new Uint8Array(PART_SIZE * 2).fill(1))
  writeBody(sql, blockId + 1, new Uint8Array(PART_SIZE * 2).fill(2))
  writeBody(sql, blockId, bytes)
  return sql
}

const random = new SeededRandom(3)
const LONG = new Uint8Array(PART_SIZE * 3 + 100)
for (let i = 0; i < LONG.length; i++) LONG[i] = random.u32()

describe('a blob in parts', () => {
  test.each([1, PART_SIZE - 1, PART_SIZE, PART_SIZE + 1, LONG.length])('of %i bytes comes back', (length) => {
    const bytes = LONG.slice(0, length)
    expect(readRange(store(bytes), 7, 0)).toEqual({ kind: 'found', bytes })
  })

  test('gives any range of it', () => {
    const sql = store(LONG)
    fc.assert(
      fc.property(fc.nat(LONG.length), fc.nat(LONG.length), (a, b) => {
        const [from, to] = a < b ? [a, b] : [b, a]
        fc.pre(from < LONG.length)
        expect(readRange(sql, 7, from, to)).toEqual({ kind: 'found', bytes: LONG.slice(from, to) })
        expect(readRange(sql, 7, from)).toEqual({ kind: 'found', bytes: LONG.slice(from) })
      }),
    )
  })

  test('that is not there is missing, and a range past its end is damaged', () => {
    const sql = store(LONG)
    expect(readBody(sql, 99)).toEqual({ kind: 'missing' })
    expect(readRange(sql, 99, 5, 10)).toEqual({ kind: 'missing' })
    expect(readRange(sql, 7, 10, LONG.length + 1)).toEqual({ kind: 'damaged' })
    expect(readRange(sql, 7, PART_SIZE * 5, PART_SIZE * 5 + 1)).toEqual({ kind: 'damaged' })
  })

  test('with a flipped bit is damaged where it is, and sound elsewhere', () => {
    const sql = store(LONG)
    const part = LONG.slice(PART_SIZE, 2 * PART_SIZE)
    part[77]! ^= 0x10
    sql.sql.exec('UPDATE body SET bytes = ? WHERE id = ?', part, 7 * PARTS_PER_BLOCK + 1)
    expect(readBody(sql, 7)).toEqual({ kind: 'damaged' })
    expect(readRange(sql, 7, PART_SIZE, PART_SIZE + 1)).toEqual({ kind: 'damaged' })
    expect(readRange(sql, 7, 0, PART_SIZE).kind).toBe('found')
    expect(readRange(sql, 7, 2 * PART_SIZE).kind).toBe('found')
  })

  test('with a part lost or cut is damaged', () => {
    for (const query of ['DELETE FROM body WHERE id = ?', 'UPDATE body SET bytes = substr(bytes, 2) WHERE id = ?']) {
      const sql = store(LONG)
      sql.sql.exec(query, 7 * PARTS_PER_BLOCK + 1)
      expect(readBody(sql, 7)).toEqual({ kind: 'damaged' })
    }
  })

  test('can be written again', () => {
    const sql = store(LONG)
    writeBody(sql, 7, LONG)
    expect(readBody(sql, 7)).toEqual({ kind: 'found', bytes: LONG })
  })
})

const entry = fc.record({
  txNum: fc.nat(2 ** 31 - 1).map((n) => n * 131_071),
  value: fc.maxSafeNat().map((n) => n % 2_100_000_000_000_001),
  script: fc.oneof(
    fc.uint8Array({ maxLength: 40 }),
    fc.constantFrom(252, 253, 10_000).map((n) => new Uint8Array(n)),
  ),
})

describe('spent outputs', () => {
  test('are written as the layout says', () => {
    const bytes = encodePrevouts([
      { txNum: 0x0102_0304_0506, value: 50_0000_0000, script: Uint8Array.of(0x51) },
      { txNum: 1, value: 0, script: new Uint8Array(253) },
    ])
    expect(bytesToHex(bytes.subarray(0, 33))).toBe(
      '060504030201' + '00f2052a01000000' + '01' + '51' + '010000000000' + '0000000000000000' + 'fdfd00',
    )
  })

  test('come back as they were', () => {
    fc.assert(
      fc.property(fc.array(entry), (entries) => {
        const bytes = encodePrevouts(entries)
        expect(bytes).toHaveLength(entries.reduce((sum, { script }) => sum + prevoutSize(script.length), 0))
        expect(decodePrevouts(bytes)).toEqual(entries)
      }),
    )
  })

  test('that are cut are not taken for fewer', () => {
    const bytes = encodePrevouts([{ txNum: 1, value: 2, script: new Uint8Array(300) }])
    for (let length = 1; length < bytes.length; length++) expect(decodePrevouts(bytes.slice(0, length))).toBeUndefined()
    expect(decodePrevouts(new Uint8Array(0))).toEqual([])
  })

  test('of nothing are found without a row', () => {
    const sql = memory()
    migrate(sql)
    expect(readPrevouts(sql, 5, 10, 10)).toEqual({ kind: 'found', bytes: new Uint8Array(0) })
    expect(readPrevouts(sql, 5, 0, 10)).toEqual({ kind: 'missing' })
  })
})

test('a transaction is placed by its record and the next one', () => {
  const sql = memory()
  migrate(sql)
  const record = (body: string, prevouts: string, byte: string) => body + prevouts + byte.repeat(32)
  const bytes = hexToBytes(record('51000000', '00000000', 'aa') + record('00010000', '05000000', 'bb'))
  sql.sql.exec('INSERT INTO offsets (block_id, bytes, checks) VALUES (?, ?, ?)', 3, bytes, offsetChecks(bytes))
  const first = { bodyAt: 0x51, bodyEnd: 0x100, prevoutsAt: 0, prevoutsEnd: 5, txid: new Uint8Array(32).fill(0xaa) }
  const last = { bodyAt: 0x100, bodyEnd: undefined, prevoutsAt: 5, prevoutsEnd: undefined }
  expect(readTxPlace(sql, 3, 0, 2)).toEqual(first)
  expect(readTxPlace(sql, 3, 1, 2)).toMatchObject(last)
  const all = readOffsets(sql, 3, 2)
  expect([all.count, all.place(0), all.place(1)]).toMatchObject([2, first, last])
  expect(bytesToHex(all.txids())).toBe('aa'.repeat(32) + 'bb'.repeat(32))
  const damaged = expect.objectContaining({ name: 'BlockDamaged', part: 'offsets' })
  expect(() => readTxPlace(sql, 4, 0, 2)).toThrow(damaged)
  expect(() => readOffsets(sql, 4, 2)).toThrow(damaged)
  expect(() => readOffsets(sql, 3, 3)).toThrow(damaged)
})

test.each([1, 2, 64, 65, 128, 200])('each flipped byte is noticed in the places of %i transactions', (count) => {
  const sql = memory()
  migrate(sql)
  const random = new SeededRandom(count)
  const bytes = random.bytes(count * OFFSET_RECORD)
  sql.sql.exec('INSERT INTO offsets (block_id, bytes, checks) VALUES (?, ?, ?)', 1, bytes, offsetChecks(bytes))
  const read = (index: number) => readTxPlace(sql, 1, index, count)
  const places = Array.from({ length: count }, (_, index) => read(index))
  const damaged = expect.objectContaining({ blockId: 1, part: 'offsets' })
  const checks = offsetChecks(bytes)
  for (let i = 0; i < 60; i++) {
    const column = i % 4 === 0 ? 'checks' : 'bytes'
    const broken = (column === 'checks' ? checks : bytes).slice()
    const at = random.below(broken.length)
    broken[at]! ^= 1 << random.below(8)
    sql.sql.exec(`UPDATE offsets SET ${column} = ? WHERE block_id = 1`, broken)
    expect(() => readOffsets(sql, 1, count)).toThrow(damaged)
    const index = column === 'checks' ? Math.floor(at / 6) * 64 : Math.floor(at / OFFSET_RECORD)
    expect(() => read(index)).toThrow(damaged)
    // The one before it ends where this one begins.
    if (column === 'bytes' && index > 0) expect(() => read(index - 1)).toThrow(damaged)
    // Others may be read, but never wrong.
    const other = random.below(count)
    try {
      expect(read(other)).toEqual(places[other])
    } catch (error) {
      expect(error).toEqual(damaged)
    }
    sql.sql.exec(`UPDATE offsets SET ${column} = ? WHERE block_id = 1`, column === 'checks' ? checks : bytes)
  }
})

test('rows are ordered by the first bits of their keys, and each comes once', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(2 ** 31 - 1)), (keys) => {
      const limit = 2 ** 31
      const order = [...keyOrder(keys.length, limit, (row) => keys[row]!)]
      expect([...order].sort((a, b) => a - b)).toEqual(keys.map((_, row) => row))
      const steps = order.map((row) => Math.floor(keys[row]! / 128))
      expect(steps).toEqual([...steps].sort((a, b) => a - b))
    }),
  )
})
