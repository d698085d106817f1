/**
 * What it costs to move 4 MB blocks through the two queues and the SQL port, on Node (a worker thread) and in workerd
 * (Durable Objects), each against a plain copy or a bare insert in the same runtime. `node bench/spike.ts [blocks]`.
 */
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { Worker } from 'node:worker_threads'
import { build } from 'esbuild'
import { convertV4MiniflareOptions, Miniflare } from 'miniflare'
import { openSqlite } from '../src/node/sqlite.ts'
import type { ToHub, ToLedger } from '../src/peer/queues.ts'
import { PART_SIZE } from '../src/store/schema.ts'
import { blob } from '../src/store/sql.ts'
import { sha256d } from '../src/wire/hash.ts'
import { spikeBlock } from '../test/workers/spike-ledger.ts'

const BLOCKS = Number(process.argv[2] ?? 50)
const KEY_ROWS = 1_600_000
const MB = (BLOCKS * 4_000_000) / 1e6
const folder = mkdtempSync(join(tmpdir(), 'causeway-bench-'))
let files = 0
const nextFile = () => join(folder, `${files++}.sqlite`)
const block = spikeBlock(1)
const pragmas =
  'PRAGMA page_size = 8192; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA cache_size = -65536'

async function seconds(work: () => unknown): Promise<number> {
  const start = performance.now()
  await work()
  return (performance.now() - start) / 1000
}
/** The best of three: the machine may be busy with other things. */
async function best(work: () => unknown): Promise<number> {
  return Math.min(await seconds(work), await seconds(work), await seconds(work))
}
/** The best times of a floor and of what is held against it, in turns. */
async function against(floor: () => unknown, work: () => unknown): Promise<[number, number]> {
  const times: [number, number] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY]
  for (let turn = 0; turn < 3; turn++) {
    times[0] = Math.min(times[0], await seconds(floor))
    times[1] = Math.min(times[1], await seconds(work))
  }
  return times
}
function line(what: string, rate: number, unit: string, floor?: number): void {
  const ratio = floor ? `${(rate / floor).toFixed(2)} of the floor` : ''
  console.log(`  ${what.padEnd(58)}${rate.toFixed(0).padStart(9)} ${unit.padEnd(7)} ${ratio}`)
}

function bareParts(): void {
  const db = new DatabaseSync(nextFile())
  db.exec(`${pragmas}; CREATE TABLE body (id INTEGER PRIMARY KEY, bytes BLOB NOT NULL) STRICT`)
  const insert = db.prepare('INSERT INTO body VALUES (?, ?)')
  for (let i = 0, id = 0; i < BLOCKS; i++) {
    db.exec('BEGIN IMMEDIATE')
    for (let at = 0; at < block.length; at += PART_SIZE) insert.run(id++, block.subarray(at, at + PART_SIZE))
    db.exec('COMMIT')
  }
  db.close()
}

function portParts(): void {
  const port = openSqlite(nextFile())
  port.sql.exec('CREATE TABLE body (id INTEGER PRIMARY KEY, bytes BLOB NOT NULL) STRICT')
  for (let i = 0, id = 0; i < BLOCKS; i++) {
    port.transactionSync(() => {
      for (let at = 0; at < block.length; at += PART_SIZE) {
        port.sql.exec('INSERT INTO body VALUES (?, ?)', id++, block.subarray(at, at + PART_SIZE))
      }
    })
  }
  port.close()
}

const CREATE_KEYS = 'CREATE TABLE k (a INTEGER, b INTEGER, PRIMARY KEY (a, b)) STRICT, WITHOUT ROWID'
const INSERT_KEYS = `INSERT INTO k VALUES ${Array(16).fill('(?, ?)').join()}`
const keys = Float64Array.from({ length: KEY_ROWS }, () => Math.floor(Math.random() * 2 ** 48))
for (let at = 0; at < KEY_ROWS; at += 100_000) keys.subarray(at, at + 100_000).sort()

/** Sorted batches of 100,000 rows, 16 to a statement, in one transaction each. */
function keyRows(insert: (values: number[]) => void, transaction: (batch: () => void) => void): void {
  const values: number[] = new Array(32)
  for (let at = 0; at < KEY_ROWS; at += 100_000) {
    transaction(() => {
      for (let i = at; i < at + 100_000; ) {
        for (let j = 0; j < 32; j += 2, i++) {
          values[j] = keys[i]!
          values[j + 1] = i
        }
        insert(values)
      }
    })
  }
}

function bareKeys(): void {
  const db = new DatabaseSync(nextFile())
  db.exec(`${pragmas}; ${CREATE_KEYS}`)
  const statement = db.prepare(INSERT_KEYS)
  const transaction = (batch: () => void) => {
    db.exec('BEGIN IMMEDIATE')
    batch()
    db.exec('COMMIT')
  }
  keyRows((values) => statement.run(...values), transaction)
  db.close()
}

function portKeys(): void {
  const port = openSqlite(nextFile())
  port.sql.exec(CREATE_KEYS)
  keyRows(
    (values) => port.sql.exec(INSERT_KEYS, ...values),
    (batch) => port.transactionSync(batch),
  )
  port.close()
}

/** Blocks go to a thread and come back, moved or copied. */
async function threadEcho(move: boolean): Promise<number> {
  const source = `const { parentPort } = require('node:worker_threads')
    parentPort.on('message', (b) => parentPort.postMessage(b, ${move} ? [b.buffer] : []))`
  const thread = new Worker(source, { eval: true })
  let own = block.slice()
  const turn = async () => {
    thread.postMessage(own, move ? [own.buffer] : [])
    own = (await once(thread, 'message'))[0]
  }
  await turn()
  const taken = await seconds(async () => {
    for (let i = 0; i < BLOCKS; i++) await turn()
  })
  await thread.terminate()
  return taken
}

/** Main thread to ledger thread, into rows, read again and back. */
async function threadTrip(): Promise<number> {
  const thread = new Worker(new URL('../test/node/spike-thread.ts', import.meta.url), {
    workerData: { path: nextFile() },
  })
  const blocks = Array.from({ length: BLOCKS }, (_, i) => spikeBlock(i))
  const ask = async (command: string, payload: Uint8Array<ArrayBuffer>): Promise<ToHub[]> => {
    const values: ToLedger[] = [{ kind: 'message', link: 1, command, payload }]
    thread.postMessage(values, command === 'block' ? [payload.buffer] : [])
    return (await once(thread, 'message'))[0]
  }
  await ask('getdata', new Uint8Array(32))
  const taken = await seconds(async () => {
    for (const own of blocks) {
      const hash = sha256d(own.subarray(0, 80))
      await ask('block', own)
      await ask('getdata', hash)
    }
  })
  await thread.terminate()
  return taken
}

async function node(): Promise<void> {
  console.log(`Node ${process.versions.node}, ${BLOCKS} blocks of 4 MB, ${KEY_ROWS.toLocaleString('en')} key rows`)
  const copy = MB / (await best(() => Array.from({ length: BLOCKS }, () => block.slice()[7])))
  const hash = MB / (await best(() => Array.from({ length: BLOCKS }, () => sha256d(block)[7])))
  line('plain copy', copy, 'MB/s')
  line('SHA-256 in JavaScript', hash, 'MB/s')
  line('to a thread and back, moved', (await threadEcho(true)) * (1e6 / BLOCKS), 'µs each')
  line('to a thread and back, copied', MB / (await threadEcho(false)), 'MB/s', copy)
  const [bareTime, portTime] = await against(bareParts, portParts)
  const parts = MB / bareTime
  line('parts into SQLite, bare statement (floor)', parts, 'MB/s')
  line('parts into SQLite, through the port', MB / portTime, 'MB/s', parts)
  const [bareKeyTime, portKeyTime] = await against(bareKeys, portKeys)
  const rows = KEY_ROWS / bareKeyTime
  line('key rows, 16 a statement, bare statement (floor)', rows, 'rows/s')
  line('key rows, 16 a statement, through the port', KEY_ROWS / portKeyTime, 'rows/s', rows)
  const port = openSqlite(nextFile())
  port.sql.exec('CREATE TABLE body (id INTEGER PRIMARY KEY, bytes BLOB NOT NULL) STRICT')
  port.transactionSync(() => {
    for (let id = 0; id < 64 * BLOCKS; id++)
      port.sql.exec('INSERT INTO body VALUES (?, ?)', id, block.subarray(0, 62_500))
  })
  const read = await best(() => {
    for (let id = 0; id < 64 * BLOCKS; id++) {
      blob(port.sql.exec<{ bytes: unknown }>('SELECT bytes FROM body WHERE id = ?', id).one().bytes)
    }
  })
  port.close()
  line('parts out of SQLite, through the port', MB / read, 'MB/s')
  line(
    'the whole trip: thread, hashed, kept, read, hashed, back',
    MB / (await threadTrip()),
    'MB/s',
    1 / (1 / parts + 2 / hash),
  )
}

async function workerd(): Promise<void> {
  const { outputFiles } = await build({
    entryPoints: [new URL('../test/workers/spike-bench.ts', import.meta.url).pathname],
    bundle: true,
    format: 'esm',
    write: false,
    external: ['cloudflare:*'],
  })
  const flare = new Miniflare(
    convertV4MiniflareOptions({
      modules: true,
      script: outputFiles[0]!.text,
      compatibilityDate: '2026-10-01',
      cf: false,
      durableObjects: {
        SPIKE_HUB: { className: 'HubObject', useSQLite: true },
        SPIKE_LEDGER: { className: 'LedgerObject', useSQLite: true },
        STORE: { className: 'StoreObject', useSQLite: true },
      },
      durableObjectsPersist: join(folder, 'objects'),
    }),
  )
  const time = (work: string, blocks: number) =>
    seconds(async () => {
      const answer = await flare.dispatchFetch(`http://localhost/${work}?blocks=${blocks}`)
      if (answer.status !== 204) throw new Error(await answer.text())
    })
  try {
    await time('none', 1)
    console.log(`workerd, ${BLOCKS} blocks of 4 MB`)
    const rate = async (work: string) => MB / (await time(work, BLOCKS))
    const copy = await rate('memcpy')
    const hash = await rate('hash')
    line('plain copy', copy, 'MB/s')
    line('SHA-256 in JavaScript', hash, 'MB/s')
    const rpc = await rate('rpc')
    line('to an object by RPC', rpc, 'MB/s', copy)
    const write = await rate('write')
    line('by RPC and in parts into its SQLite', write, 'MB/s')
    line('parts out of its SQLite', await rate('read'), 'MB/s')
    line(
      'the whole trip: hub, ledger, hashed, kept, read, hashed, hub',
      await rate('trip'),
      'MB/s',
      1 / (1 / write + 2 / hash),
    )
  } finally {
    await flare.dispose()
  }
}

try {
  await node()
  await workerd()
} finally {
  rmSync(folder, { recursive: true })
}
