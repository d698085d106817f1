import { parentPort, workerData } from 'node:worker_threads'
import { openSqlite } from '../../src/node/sqlite.ts'
import { transfersOf } from '../../src/node/transfers.ts'
import type { ToLedger } from '../../src/peer/queues.ts'
import { SpikeLedger } from '../workers/spike-ledger.ts'

const ledger = new SpikeLedger(openSqlite(workerData.path))
parentPort!.on('message', (values: ToLedger[]) => {
  const answers = ledger.take(values)
  parentPort!.postMessage(answers, transfersOf(answers))
})
