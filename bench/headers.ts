import { MemoryHeaderStore } from '../src/chain/header-store.ts'
import { HeaderTree } from '../src/chain/header-tree.ts'
import { regtest } from '../src/chain/networks/regtest.ts'
import { hashMeetsTarget } from '../src/chain/target.ts'
import { nodeHasher } from '../src/node/hasher.ts'
import { encode } from '../src/wire/codec.ts'
import { blockHeader, HEADER_SIZE } from '../src/wire/header.ts'
import { MAX_HEADERS } from '../src/wire/headers.ts'
import { median } from './median.ts'

/** What is asked of it. */
const LEAST_PER_SECOND = 500_000
const HEADERS = 100_000
/** The first of them are for the compiler. */
const ROUNDS = 9
const WARM_UP = 2
/** Later than any of the headers. */
const NOW = Date.UTC(2030, 0, 1)

export interface HeaderFigures {
  /** Headers taken into a tree over a store in memory, a second of one processor. */
  checked: number
  /** Double hashes of the same 80 bytes alone. */
  hashed: number
  ratio: number
}

/**
 * Headers of a regtest chain go through the header tree as they come off the wire, 2,000 at a time, with every check and
 * their hashing; in turns with the hashing alone, which is the limit. Time is of the processor: of what else runs on the
 * machine it sees little.
 */
export function benchHeaders(say: (text: string) => void): HeaderFigures {
  const messages = mined(HEADERS)
  const checked: number[] = []
  const hashed: number[] = []
  for (let round = 0; round < ROUNDS; round++) {
    const tree = new HeaderTree({ network: regtest, store: new MemoryHeaderStore(), hasher: nodeHasher })
    const check = cpuSeconds(() => {
      for (const headers of messages) tree.accept(headers, NOW)
    })
    if (tree.best.height !== HEADERS) throw new Error(`only ${tree.best.height} headers were taken`)
    const hash = cpuSeconds(() => {
      for (const headers of messages) hashAll(headers)
    })
    if (round < WARM_UP) continue
    checked.push(HEADERS / check)
    hashed.push(HEADERS / hash)
  }
  const figures = { checked: median(checked), hashed: median(hashed), ratio: median(checked) / median(hashed) }
  say(`${HEADERS} headers, medians of ${ROUNDS - WARM_UP} rounds on one core`)
  say(`  checked ${rate(figures.checked)} (at least ${rate(LEAST_PER_SECOND)})`)
  say(`  hashed alone ${rate(figures.hashed)}: the limit, of which that is ${figures.ratio.toFixed(2)}`)
  return figures
}

function rate(perSecond: number): string {
  return `${Math.round(perSecond).toLocaleString('en')}/s`
}

function cpuSeconds(work: () => void): number {
  const before = process.cpuUsage()
  work()
  const { user, system } = process.cpuUsage(before)
  return (user + system) / 1e6
}

function hashAll(headers: readonly Uint8Array[]): void {
  const raws = new Uint8Array(headers.length * HEADER_SIZE)
  const ranges = new Uint32Array(headers.length * 2)
  headers.forEach((header, i) => {
    raws.set(header, i * HEADER_SIZE)
    ranges[2 * i] = i * HEADER_SIZE
    ranges[2 * i + 1] = (i + 1) * HEADER_SIZE
  })
  nodeHasher.sha256dMany(raws, ranges, new Uint8Array(headers.length * 32))
}

function mined(count: number): Uint8Array[][] {
  const bits = regtest.powLimitBits
  const messages: Uint8Array[][] = []
  let prevBlock: Uint8Array = regtest.genesisHash
  for (let height = 1; height <= count; height++) {
    const time = 1_300_000_000 + 600 * height
    const merkleRoot = new Uint8Array(32).fill(height & 0xff)
    const raw = encode(blockHeader, { version: 0x2000_0000, prevBlock, merkleRoot, time, bits, nonce: 0 })
    const view = new DataView(raw.buffer)
    let hash = nodeHasher.sha256d(raw)
    for (let nonce = 1; !hashMeetsTarget(hash, bits); nonce++) {
      view.setUint32(76, nonce, true)
      hash = nodeHasher.sha256d(raw)
    }
    prevBlock = hash
    if ((height - 1) % MAX_HEADERS === 0) messages.push([])
    messages.at(-1)!.push(raw)
  }
  return messages
}
