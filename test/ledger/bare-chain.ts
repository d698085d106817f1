import { CONNECTED, HAVE_BODY, MAIN } from '../../src/chain/header-store.ts'
import { workOf } from '../../src/chain/target.ts'
import { nodeHasher } from '../../src/node/hasher.ts'
import { SqlHeaderStore } from '../../src/store/header-store.ts'
import { migrate } from '../../src/store/migrate.ts'
import type { SqlPort } from '../../src/store/sql.ts'
import { encode } from '../../src/wire/codec.ts'
import { sha256d } from '../../src/wire/hash.ts'
import { blockHeader } from '../../src/wire/header.ts'
import { memory } from './open-ledger.ts'

export interface BareHeader {
  height: number
  time: number
  bits: number
  work: bigint
  hash: Uint8Array
  raw: Uint8Array
}

/** Headers one on the other, from height 0, that no proof of work was done for. */
export function bareHeaders(plans: readonly { time: number; bits: number }[]): BareHeader[] {
  let prevBlock = new Uint8Array(32)
  let work = 0n
  return plans.map(({ time, bits }, height) => {
    const raw = encode(blockHeader, { version: 4, prevBlock, merkleRoot: new Uint8Array(32), time, bits, nonce: 0 })
    const hash = sha256d(raw)
    prevBlock = hash
    work += workOf(bits)
    return { height, time, bits, work, hash, raw }
  })
}

/** Real headers, 80 bytes each; the first has the height given. */
export function knownHeaders(raws: readonly Uint8Array[], height = 0): BareHeader[] {
  let work = 0n
  return raws.map((raw, i) => {
    const view = new DataView(raw.buffer, raw.byteOffset)
    const bits = view.getUint32(72, true)
    work += workOf(bits)
    return { height: height + i, time: view.getUint32(68, true), bits, work, hash: sha256d(raw), raw }
  })
}

/** A store that says of these headers that they are the connected chain, and holds nothing else. */
export function storeOf(headers: readonly BareHeader[], sql: SqlPort = memory()): SqlPort {
  migrate(sql)
  const status = MAIN | HAVE_BODY | CONNECTED
  const insert = headers.map((header, i) => ({ ...header, id: i + 1, status }))
  new SqlHeaderStore(sql, nodeHasher).apply({ insert, status: [] })
  const columns = sql.sql.exec('SELECT name FROM pragma_table_info(?)', 'best').raw().toArray()
  const others = columns
    .map(([name]) => String(name))
    .filter((name) => !['height', 'header_id', 'first_tx'].includes(name))
  sql.transactionSync(() => {
    headers.forEach(({ height }, i) => {
      sql.sql.exec(
        `INSERT INTO best (height, header_id, first_tx, ${others.join()}) VALUES (?, ?, ?, ${others.map(() => 0).join()})`,
        height,
        i + 1,
        i,
      )
    })
  })
  return sql
}
