import { createHash } from 'node:crypto'
import { closeSync, createReadStream, existsSync, mkdirSync, openSync, readSync, renameSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { regtest } from '../../src/chain/networks/regtest.ts'
import { nodeHasher } from '../../src/node/hasher.ts'
import { toDisplay } from '../../src/wire/hash.ts'
import { assemble, type ChainShape } from './assemble.ts'
import { startLanes } from './lane-threads.ts'

/** A chain that the benches know by name. */
export interface NamedChain {
  name: string
  shape: ChainShape
  /** Of the file, in hex: the same bytes every time, on every machine. */
  sha256: string | undefined
}

/**
 * 420 blocks, of which 300 hold 500 to 2,000 signed transactions, and so many empty ones on top that scripts need not run
 * where the last is taken as valid: that takes two weeks of them.
 */
export const BIG: NamedChain = {
  name: 'big',
  shape: { empty: 120, full: 300, after: 2100, txs: [500, 2000], lanes: 4, payouts: 5 },
  sha256: undefined,
}

/** 50,000 blocks, every other one with a transaction besides its coinbase. */
export const NEARLY_EMPTY: NamedChain = {
  name: 'nearly-empty',
  shape: { empty: 110, full: 49_890, txs: [0, 1], lanes: 1, payouts: 1 },
  sha256: '94a0a9a12b41e61961ab22a38d1d43dce069c65294f44e39755916f53777df78',
}

/** To be raised with every change that makes other bytes: chains made before are not used again. */
const VERSION = 2

/** Where chains are kept between runs; git does not look there. */
const FOLDER = join(import.meta.dirname, '../../node_modules/.cache/causeway-bench')

/**
 * The file that holds the chain, made where it is missing: u32 length and raw block, over and over, from height 1. Its
 * hash is compared with what it has to be, if that is known.
 */
export async function chainFile({ name, shape, sha256 }: NamedChain): Promise<{ path: string; sha256: string }> {
  const path = join(FOLDER, `${name}.v${VERSION}.chain`)
  if (existsSync(path)) {
    const found = await hashOf(path)
    if (sha256 === undefined || found === sha256) return { path, sha256: found }
  }
  mkdirSync(FOLDER, { recursive: true })
  const made = await make(`${path}.part`, shape)
  if (sha256 !== undefined && made !== sha256) {
    throw new Error(`the chain "${name}" came out as ${made} and not as ${sha256}`)
  }
  renameSync(`${path}.part`, path)
  return { path, sha256: made }
}

/** A chain of any shape; it is kept under that. */
export async function chainOfShape(shape: ChainShape): Promise<{ path: string; sha256: string }> {
  const { empty, full, after = 0, txs, lanes, payouts } = shape
  return chainFile({ name: [empty, full, after, ...txs, lanes, payouts].join('-'), shape, sha256: undefined })
}

/** Of the last block of a chain file, in display hex. */
export function topHashHex(path: string): string {
  let top = new Uint8Array(80)
  for (const block of blocksOf(path)) top = block.slice(0, 80)
  return toDisplay(nodeHasher.sha256d(top))
}

/** The raw blocks of a chain file, lowest first. */
export function* blocksOf(path: string): Generator<Uint8Array<ArrayBuffer>> {
  const file = openSync(path, 'r')
  try {
    const length = new Uint8Array(4)
    while (readSync(file, length) === 4) {
      const block = new Uint8Array(new DataView(length.buffer).getUint32(0, true))
      readSync(file, block)
      yield block
    }
  } finally {
    closeSync(file)
  }
}

/** Gives the hash of what it wrote. */
async function make(path: string, shape: ChainShape): Promise<string> {
  const threads = await startLanes(shape.lanes)
  const file = openSync(path, 'w')
  const hash = createHash('sha256')
  const write = (bytes: Uint8Array) => {
    writeSync(file, bytes)
    hash.update(bytes)
  }
  try {
    for await (const block of assemble(regtest, shape, threads.lanes)) {
      const length = new Uint8Array(4)
      new DataView(length.buffer).setUint32(0, block.length, true)
      write(length)
      write(block)
    }
  } finally {
    closeSync(file)
    await threads.stop()
  }
  return hash.digest('hex')
}

async function hashOf(path: string): Promise<string> {
  const hash = createHash('sha256')
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) hash.update(chunk)
  return hash.digest('hex')
}
