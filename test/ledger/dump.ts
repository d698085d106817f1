import { CONNECTED } from '../../src/chain/header-store.ts'
import { PARTS_PER_BLOCK } from '../../src/store/schema.ts'
import { blob, type SqlPort } from '../../src/store/sql.ts'
import { bytesToHex, sha256d, toDisplay } from '../../src/wire/hash.ts'

/** Everything a store says of its connected chain, in rows that do not depend on the way it came to be. */
export type Dump = Record<string, string[]>

/**
 * Header ids, which follow the order of arrival, become block hashes; the blocks and headers of branches that are not
 * connected are left out. Rows are in key order, so that two stores of one chain give the same dump.
 */
export function dump(port: SqlPort): Dump {
  const names = new Map<number, string>()
  const header: string[] = []
  for (const [id, raw, height, status] of rows(port, 'SELECT id, raw, height, status FROM header ORDER BY height')) {
    if (!((status as number) & CONNECTED)) continue
    const name = toDisplay(sha256d(blob(raw)))
    names.set(id as number, name)
    header.push(`${height} ${name} ${(status as number) & ~1}`)
  }
  const connected = (id: unknown) => names.get(id as number)
  const parts = (table: string) =>
    rows(port, `SELECT id, bytes, check48 FROM ${table}`)
      .map(([id, bytes, check]) => {
        const name = connected(Math.floor((id as number) / PARTS_PER_BLOCK))
        return name && `${name} ${(id as number) % PARTS_PER_BLOCK} ${check} ${bytesToHex(blob(bytes))}`
      })
      .filter((row) => row !== undefined)
      .sort()
  const plain = (query: string) =>
    rows(port, query).map((row) => row.map((v) => (typeof v === 'object' ? bytesToHex(blob(v)) : v)).join(' '))
  return {
    header,
    best: rows(port, 'SELECT * FROM best ORDER BY height').map((row) =>
      [row[0], connected(row[1]) ?? 'not connected', ...row.slice(2)].join(' '),
    ),
    body: parts('body'),
    prevouts: parts('prevouts'),
    offsets: rows(port, 'SELECT block_id, bytes, checks FROM offsets')
      .map(([id, ...blobs]) =>
        [connected(id) ?? 'not connected', ...blobs.map((each) => bytesToHex(blob(each)))].join(' '),
      )
      .sort(),
    tx: plain('SELECT * FROM tx ORDER BY 1, 2'),
    history: plain('SELECT * FROM history ORDER BY 1, 2'),
    spend: plain('SELECT * FROM spend ORDER BY 1, 2'),
    busy: plain('SELECT * FROM busy ORDER BY 1'),
    busy_coin: plain('SELECT * FROM busy_coin').sort(),
    coin: plain('SELECT * FROM coin ORDER BY 1'),
    meta: plain("SELECT * FROM meta WHERE key NOT IN ('epoch', 'filters') ORDER BY 1"),
    strayPrevouts: rows(port, 'SELECT id FROM prevouts')
      .map(([id]) => Math.floor((id as number) / PARTS_PER_BLOCK))
      .filter((id) => !names.has(id))
      .map(String),
  }
}

function rows(port: SqlPort, query: string): unknown[][] {
  return port.sql.exec(query).raw().toArray()
}
