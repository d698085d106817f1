import { randomBytes } from 'node:crypto'
import { availableParallelism } from 'node:os'
import { parentPort, workerData } from 'node:worker_threads'
import { networks } from '../chain/network.ts'
import { type LedgerHost, type LedgerOutput, NODE_LIMITS } from '../host/ledger-host.ts'
import { Meter } from '../host/meter.ts'
import { type OpenLedger, openLedger } from '../host/open-ledger.ts'
import type { ScriptWant } from '../ledger/mempool-port.ts'
import type { PackageOptions } from '../ledger/mempool-questions.ts'
import type { ToHub } from '../peer/queues.ts'
import { CheckedCache } from '../script/checked-cache.ts'
import { StoreError } from '../store/error.ts'
import { WriterThread } from './batch-writer.ts'
import { Collector } from './collector.ts'
import { type DigestAnswer, Digester, type DigestRequest } from './digester.ts'
import { nodeHasher, scryptHash } from './hasher.ts'
import type { FromLedgerThread, LedgerCalls, LedgerThreadData, ToLedgerThread } from './ledger-protocol.ts'
import { ScriptThreads, scriptThreadsOn } from './script-checks.ts'
import { nodeSecp256k1 } from './secp256k1.ts'
import { openSqlite } from './sqlite.ts'
import { Alarm } from './timer.ts'
import { transfersOf } from './transfers.ts'

/** The ledger's thread: one database connection that writes, one host, and threads for digests, batches and scripts. */
const port = parentPort!
const { path, network: name, minChainWork, assumeValid, spv, filters, epoch } = workerData as LedgerThreadData

function post(message: FromLedgerThread, transfers: ArrayBuffer[] = []): void {
  port.postMessage(message, transfers)
}

function fail(error: unknown): void {
  const { message, stack } = error instanceof Error ? error : new Error(String(error))
  post({ kind: 'failed', message, stack, code: error instanceof StoreError ? error.code : undefined })
}

/** Runs `work`; what it throws ends the thread, for nothing after it could be trusted. */
function guarded(work: () => void): void {
  if (over) return
  try {
    work()
  } catch (error) {
    over = true
    alarm.clear()
    fail(error)
  }
}

/** Bytes of committed blocks, of which a batch of a first download has more, and what a block takes beside. */
const COLLECT_EVERY = 48_000_000
const BESIDE_BLOCK = 12000

/** So many blocks are not connected one by one. */
const MANY_BLOCKS = 64

let over = false
const collector = new Collector(COLLECT_EVERY, 'major')
const meter = new Meter(Date.now)
const alarm = new Alarm(() => guarded(() => perform(host.wake(Date.now()))))

function perform(outputs: readonly LedgerOutput[]): void {
  const values: ToHub[] = []
  const blocks: DigestRequest[] = []
  for (const output of outputs) {
    if (output.do === 'hub') values.push(output.value)
    else if (output.do === 'digest') blocks.push({ id: output.id, bytes: output.bytes })
    else post({ kind: 'log', line: output.line })
  }
  if (values.length > 0) post({ kind: 'queue', values }, transfersOf(values))
  if (blocks.length > 0) {
    digester.submit(blocks)
    const { headersHeight = 0, tipHeight = 0 } = host.levels
    if (headersHeight - tipHeight >= MANY_BLOCKS) writer.prepare()
  }
  alarm.set(host.deadline)
  collector.collectIfDue()
}

function digested(answer: DigestAnswer): LedgerOutput[] {
  const { id, bytes } = answer
  const result =
    'digest' in answer
      ? { kind: 'digest' as const, digest: answer.digest }
      : { kind: 'malformed' as const, code: answer.error }
  return host.digested(id, { bytes, result }, Date.now())
}

const network = { ...networks[name as keyof typeof networks], minChainWork, assumeValid }

let sql: ReturnType<typeof openSqlite>
let host: LedgerHost
let calls: Calls
let digester: Digester
const writer = new WriterThread({
  file: new URL('./writer-thread.js', import.meta.url),
  path,
  meter,
  onGiven: (bytes) => collector.passed(bytes),
})
const scripts = new ScriptThreads({
  file: new URL('./script-thread.js', import.meta.url),
  threads: scriptThreadsOn(availableParallelism()),
  secp256k1: nodeSecp256k1,
  hasher: nodeHasher,
  onLost: (reason) => {
    post({ kind: 'log', line: { level: 'warn', text: 'a thread that runs scripts is lost', facts: { reason } } })
  },
})

try {
  sql = openSqlite(path)
  const ledger = openLedger({
    sql,
    network,
    spv,
    epoch,
    hasher: nodeHasher,
    scryptHash,
    secp256k1: nodeSecp256k1,
    checked: new CheckedCache(
      new ArrayBuffer(CheckedCache.bytesFor(NODE_LIMITS.mempoolBytes)),
      randomBytes(32),
      nodeHasher,
    ),
    scriptChecks: scripts,
    limits: NODE_LIMITS,
    filters,
    now: Date.now,
    meter,
    writer,
    release: (bytes) => {
      collector.passed(bytes.length + BESIDE_BLOCK)
      // Gone at once, whatever may still refer to it.
      bytes.buffer.transfer(0)
    },
  })
  host = ledger.host
  digester = new Digester(
    new URL('./digest-thread.js', import.meta.url),
    (answers) => guarded(() => perform(answers.flatMap(digested))),
    (error) =>
      guarded(() => {
        throw error
      }),
  )
  calls = callsOf(ledger)
  post({ kind: 'ready' })
  perform(host.start(Date.now()))
} catch (error) {
  over = true
  fail(error)
}

port.on('message', (message: ToLedgerThread) => {
  if (message.kind === 'stop') return void stop()
  guarded(() => {
    // Many small blocks come in one message: what they bring about goes out together as well.
    if (message.kind === 'queue') perform(message.values.flatMap((value) => host.receive(value, Date.now())))
    else answer(message)
  })
})

type Calls = Record<string, (...args: never[]) => Promise<unknown>>

/** What other threads may ask for by name; nothing else can be reached. */
function callsOf(ledger: OpenLedger): Calls {
  const submitBlock: LedgerCalls['submitBlock'] = (bytes) =>
    new Promise((resolve) => perform(host.submitBlock(bytes, resolve, Date.now())))
  const measure: LedgerCalls['measure'] = async () => ledger.measure()
  const reportDamage: LedgerCalls['reportDamage'] = (blockId) => {
    perform(host.damaged(blockId, Date.now()))
    return Promise.resolve()
  }
  const mempool = ledger.mempool(perform)
  if (!mempool) return { submitBlock, measure }
  return {
    submitBlock,
    measure,
    reportDamage,
    overview: (recent: number) => mempool.overview(recent),
    summary: () => mempool.summary(),
    txids: () => mempool.txids(),
    tx: (txid: Uint8Array, outputs: number) => mempool.tx(txid, outputs),
    script: (scripthash: Uint8Array, want: ScriptWant) => mempool.script(scripthash, want),
    history: (scripthashes: Uint8Array[], limit: number, after?: Uint8Array) =>
      mempool.history(scripthashes, limit, after),
    mempoolLevels: () => mempool.mempoolLevels(),
    projectedBlocks: (max: number, options?: { txids?: boolean }) => mempool.projectedBlocks(max, options),
    cpfp: (txid: Uint8Array) => mempool.cpfp(txid),
    firstSeen: (txids: Uint8Array[]) => mempool.firstSeen(txids),
    scriptTxs: (scripthashes: Uint8Array[], limit: number) => mempool.scriptTxs(scripthashes, limit),
    unconfirmed: (txids: Uint8Array[], whole: boolean) => mempool.unconfirmed(txids, whole),
    mempoolCoins: (outpoints: Uint8Array) => mempool.mempoolCoins(outpoints),
    mempoolContents: () => mempool.mempoolContents(),
    replacements: (txid: Uint8Array) => mempool.replacements(txid),
    replacementTrees: (limit: number, fullRbfOnly: boolean) => mempool.replacementTrees(limit, fullRbfOnly),
    submitPackage: (raws: Uint8Array[], options?: PackageOptions) => mempool.submitPackage(raws, options),
    testAccept: (raws: Uint8Array[], options?: PackageOptions) => mempool.testAccept(raws, options),
    broadcast: (bytes: Uint8Array) => mempool.broadcast(bytes),
    changesSince: (cursor: string | undefined, maxEntries?: number) => mempool.changesSince(cursor, maxEntries),
  }
}

function answer({ id, method, args }: Extract<ToLedgerThread, { kind: 'call' }>): void {
  meter.counts.requests++
  calls[method]!(...(args as never[])).then(
    (value) => post({ kind: 'answer', id, value }),
    (error: Error) => post({ kind: 'refusal', id, message: error.message }),
  )
}

async function stop(): Promise<void> {
  guarded(() => host.stop())
  // Whoever closes a database last tidies it up.
  await writer.stop()
  guarded(() => sql.close())
  over = true
  alarm.clear()
  await digester?.stop()
  await scripts.stop()
  post({ kind: 'stopped' })
}
