import { type MessagePort, workerData } from 'node:worker_threads'
import { COUNTS, Meter } from '../host/meter.ts'
import { meteredSql } from '../host/metered-sql.ts'
import { type HandedBatch, writeHanded } from '../ledger/batch-writer.ts'
import { StoreError } from '../store/error.ts'
import type { SqlPort } from '../store/sql.ts'
import { buffersOf } from './batch-buffers.ts'
import { Collector } from './collector.ts'
import { nodeHasher } from './hasher.ts'
import { openSqlite, type SqliteFile } from './sqlite.ts'
import { CLOSE, type WriterThreadData, type Written } from './writer-protocol.ts'

/** Writes the batches that the ledger's thread hands over, with a database connection of its own. */
const { path, port, begun } = workerData as WriterThreadData & { port: MessagePort }

/** Bytes of batches, after which what they were made of is collected. */
const COLLECT_EVERY = 96_000_000

const collector = new Collector(COLLECT_EVERY, 'major')
const meter = new Meter(Date.now)
let database: SqliteFile | undefined
let sql: SqlPort | undefined

/** Nothing is written behind a gap. */
let failed: Written | undefined

function write(batch: HandedBatch): Written {
  if (failed) return failed
  try {
    database ??= openSqlite(path)
    sql ??= meteredSql(database, meter)
    const before = { ...meter.counts }
    const damaged = [...writeHanded(sql, nodeHasher, batch)]
    const counts = COUNTS.map((name) => [name, meter.counts[name] - before[name]] as const)
    return { kind: 'written', damaged, counts: counts.filter(([, count]) => count > 0) }
  } catch (error) {
    const { message, stack } = error instanceof Error ? error : new Error(String(error))
    failed = { kind: 'failed', message, stack, code: error instanceof StoreError ? error.code : undefined }
    return failed
  }
}

port.on('message', (batch: HandedBatch | typeof CLOSE) => {
  if (batch === CLOSE) {
    database?.close()
    port.close()
    return
  }
  const written = write(batch)
  // Gone at once, whatever may still refer to it.
  for (const buffer of buffersOf(batch)) {
    collector.passed(buffer.byteLength)
    buffer.transfer(0)
  }
  port.postMessage(written)
  Atomics.sub(begun, 0, 1)
  Atomics.notify(begun, 0)
  collector.collectIfDue()
})
