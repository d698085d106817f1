import type { ToHub, ToLedger } from '../../src/peer/queues.ts'
import { migrate } from '../../src/store/migrate.ts'
import { PART_SIZE, PARTS_PER_BLOCK } from '../../src/store/schema.ts'
import { blob, type SqlPort } from '../../src/store/sql.ts'
import { concatBytes, equalBytes, prefix48, sha256, sha256d } from '../../src/wire/hash.ts'

/**
 * As much of a ledger as it takes to send the queues' values and real rows through a runtime: it keeps what comes as
 * `block`, and answers `getdata` (payload: one block hash) with it. One source for the worker thread and the object.
 */
export class SpikeLedger {
  readonly #port: SqlPort
  #greeting: ToHub[]

  constructor(port: SqlPort) {
    this.#port = port
    migrate(port)
    const { epoch } = port.sql
      .exec<{ epoch: string }>(
        `INSERT INTO meta VALUES ('epoch', '1')
         ON CONFLICT (key) DO UPDATE SET value = CAST(value + 1 AS TEXT) RETURNING value AS epoch`,
      )
      .one()
    this.#greeting = [{ kind: 'epoch', epoch: Number(epoch), height: this.#height() }]
  }

  take(values: ToLedger[]): ToHub[] {
    const outputs = this.#greeting
    this.#greeting = []
    for (const value of values) {
      if (value.kind === 'link-up') outputs.push(this.#welcome(value.link, value.info.services))
      if (value.kind !== 'message') continue
      const { link, payload } = value
      const bytes = payload.length
      outputs.push(...(value.command === 'block' ? this.#keep(link, payload) : this.#serve(link, payload)))
      outputs.push({ kind: 'taken', link, bytes })
    }
    return outputs
  }

  /** Says what arrived, to show that a bigint does. */
  #welcome(link: number, services: bigint): ToHub {
    return { kind: 'disconnect', link, reason: typeof services === 'bigint' ? `services ${services}` : 'no bigint' }
  }

  #keep(from: number, body: Uint8Array<ArrayBuffer>): ToHub[] {
    const { sql } = this.#port
    const header = body.slice(0, 80)
    const hash = sha256d(header)
    const height = this.#port.transactionSync(() => {
      const height = this.#height() + 1
      const id = height + 1
      const work = new Uint8Array(32)
      sql.exec('INSERT INTO header VALUES (?, ?, ?, ?, ?, 0)', id, prefix48(hash), height, header, work)
      for (let at = 0, part = 0; at < body.length; at += PART_SIZE, part++) {
        const bytes = body.subarray(at, at + PART_SIZE)
        sql.exec('INSERT INTO body VALUES (?, ?, ?)', id * PARTS_PER_BLOCK + part, bytes, prefix48(sha256(bytes)))
      }
      return height
    })
    return [
      { kind: 'announce-block', hash, header, prev: header.slice(4, 36), height, from },
      { kind: 'tip', height, hash, time: new DataView(header.buffer).getUint32(68, true), synced: false },
    ]
  }

  #serve(link: number, hash: Uint8Array): ToHub[] {
    const { sql } = this.#port
    for (const { id, raw } of sql
      .exec<{ id: number; raw: unknown }>('SELECT id, raw FROM header WHERE prefix48 = ?', prefix48(hash))
      .toArray()) {
      if (!equalBytes(sha256d(blob(raw)), hash)) continue
      const first = id * PARTS_PER_BLOCK
      const parts = sql
        .exec('SELECT bytes, check48 FROM body WHERE id >= ? AND id < ? ORDER BY id', first, first + PARTS_PER_BLOCK)
        .raw()
        .toArray()
        .map(([bytes, check]) => {
          if (prefix48(sha256(blob(bytes))) !== check) throw new Error('a damaged part')
          return blob(bytes)
        })
      return [{ kind: 'send', link, command: 'block', payload: concatBytes(...parts) }]
    }
    return [{ kind: 'send', link, command: 'notfound', payload: hash.slice() }]
  }

  #height(): number {
    return this.#port.sql.exec<{ height: number }>('SELECT ifnull(max(height), -1) AS height FROM header').one().height
  }
}

/** A payload of a full block's size; the same `seed` gives the same bytes. */
export function spikeBlock(seed: number, size = 4_000_000): Uint8Array<ArrayBuffer> {
  const words = new Uint32Array(size / 4)
  for (let i = 0, x = seed; i < words.length; i++) {
    x = (Math.imul(x, 1_664_525) + 1_013_904_223) | 0
    words[i] = x
  }
  return new Uint8Array(words.buffer)
}
