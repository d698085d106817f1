import { type MessagePort, receiveMessageOnPort, workerData } from 'node:worker_threads'
import { ScriptRunner } from '../ledger/script-checks.ts'
import { nodeHasher } from './hasher.ts'
import { ScriptBoard } from './script-board.ts'
import type { ScriptThreadData } from './script-checks.ts'
import { nodeSecp256k1 } from './secp256k1.ts'

/** Runs scripts beside the ledger's thread for as long as the program lasts. It has no events: it waits for the next block. */
const { words, port } = workerData as ScriptThreadData & { port: MessagePort }

const board = new ScriptBoard(words)
const runner = new ScriptRunner(nodeSecp256k1, nodeHasher)
let buffer: SharedArrayBuffer | undefined
let number = 0

/** Buffers are in the port before their number is on the board; one that is replaced is let go here. */
function bufferAt(wanted: number): SharedArrayBuffer {
  while (number < wanted) {
    buffer = receiveMessageOnPort(port)!.message as SharedArrayBuffer
    number++
  }
  return buffer!
}

for (let round = 0; ; ) {
  board.join(runner, bufferAt)
  round = board.waitForRound(round)
}
