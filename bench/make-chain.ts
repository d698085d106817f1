// Writes a synthetic chain to a file: u32 length and raw block, over and over.
//   node bench/make-chain.ts FILE [blocks with transactions] [transactions a block] [empty blocks]
import { closeSync, openSync, writeSync } from 'node:fs'
import { regtest } from '../src/chain/networks/regtest.ts'
import { syntheticChain } from './synthetic-chain.ts'

const [path = 'chain.dat', ...numbers] = process.argv.slice(2)
const [full = 100, txs = 1000, empty = 120] = numbers.map(Number)
const file = openSync(path, 'w')
const length = new Uint8Array(4)
for (const block of syntheticChain(regtest, { empty, full, txs: [txs >> 1, txs + (txs >> 1)] })) {
  new DataView(length.buffer).setUint32(0, block.length, true)
  writeSync(file, length)
  writeSync(file, block)
}
closeSync(file)
