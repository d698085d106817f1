import { type Chunk, type Cluster, feeRate } from './clusters.ts'
import type { QueuePosition } from './live-questions.ts'
import type { ProjectedBlock, QueuePlace } from './mempool-questions.ts'

/** What a block holds besides its coinbase, by Bitcoin Core's `blockreservedweight`. */
const BLOCK_WEIGHT = 4_000_000 - 8_000

/** Chunks of all clusters by falling rate; of equals those of the older cluster first. */
export function chunksByRate(clusters: Iterable<Cluster>): RatedChunk[] {
  const chunks: RatedChunk[] = []
  for (const cluster of clusters) {
    for (const chunk of cluster.chunks) chunks.push({ chunk, rate: feeRate(chunk), vsize: vsizeOf(chunk) })
  }
  return chunks.sort((a, b) => b.rate - a.rate)
}

export interface RatedChunk {
  chunk: Chunk
  /** sat/vB. */
  rate: number
  vsize: number
}

/** A block of the queue: chunks `from` to `to`. */
interface Cut {
  from: number
  to: number
  /** Virtual bytes of the blocks before it. */
  ahead: number
}

/**
 * The mempool as miners see it, at one moment: everything that waits, best first, cut into blocks. A chunk that does not
 * fit begins the next block, so that no block pays more than the one before it.
 */
export class FeeQueue {
  readonly #chunks: readonly RatedChunk[]
  readonly #cuts: Cut[] = []
  readonly #vsize: number = 0
  /** Virtual bytes before each chunk. */
  readonly #ahead: Float64Array
  /** Blocks without txids, by how many were asked for. */
  readonly #made = new Map<number, ProjectedBlock[]>()

  constructor(clusters: Iterable<Cluster>) {
    const chunks = chunksByRate(clusters)
    this.#chunks = chunks
    this.#ahead = new Float64Array(chunks.length)
    let weight = Number.POSITIVE_INFINITY
    for (const [i, { chunk, vsize }] of chunks.entries()) {
      const more = chunk.txs.reduce((sum, tx) => sum + tx.weight, 0)
      if (weight + more > BLOCK_WEIGHT) {
        this.#cuts.push({ from: i, to: i, ahead: this.#vsize })
        weight = 0
      }
      weight += more
      this.#cuts.at(-1)!.to = i + 1
      this.#ahead[i] = this.#vsize
      this.#vsize += vsize
    }
  }

  /** At most `max` blocks, the last of which holds all the rest. Not to be changed. */
  blocks(max: number, txids: boolean): ProjectedBlock[] {
    const made = txids ? undefined : this.#made.get(max)
    if (made) return made
    const blocks = this.#cuts.slice(0, max).map(({ from, to }, i) => {
      const end = i === max - 1 ? this.#chunks.length : to
      return projected(this.#chunks.slice(from, end), txids)
    })
    if (!txids) this.#made.set(max, blocks)
    return blocks
  }

  /** Where a chunk of this rate (sat/vB) stands. */
  place(rate: number): QueuePlace {
    const { ahead, block } = this.#find(rate)
    return { vsizeAhead: ahead, vsizeTotal: this.#vsize, block }
  }

  /** The same for something of `vsize` in a chunk of this rate, among `max` blocks of which the last holds all the rest. */
  position(rate: number, vsize: number, max: number): QueuePosition {
    const { ahead, block } = this.#find(rate)
    const shown = Math.min(block, max - 1)
    return { block: shown, vsize: ahead - (this.#cuts[shown]?.ahead ?? 0) + vsize / 2 }
  }

  #find(rate: number): { ahead: number; block: number } {
    let low = 0
    let high = this.#chunks.length
    while (low < high) {
      const middle = (low + high) >> 1
      if (this.#chunks[middle]!.rate > rate) low = middle + 1
      else high = middle
    }
    const ahead = this.#ahead[low] ?? this.#vsize
    let block = 0
    while (block + 1 < this.#cuts.length && this.#cuts[block + 1]!.ahead <= ahead) block++
    return { ahead, block }
  }
}

/** `chunks` by falling rate, at least one. */
function projected(chunks: readonly RatedChunk[], withTxids: boolean): ProjectedBlock {
  const block = { size: 0, vsize: 0, weight: 0, count: 0, feeSat: 0 }
  for (const { chunk, vsize } of chunks) {
    block.vsize += vsize
    block.count += chunk.txs.length
    block.feeSat += chunk.feeSat
    for (const { raw, weight } of chunk.txs) {
      block.size += raw.length
      block.weight += weight
    }
  }
  // Counted from the highest rate.
  const places = PERCENTILES.map((percent) => block.count - 1 - Math.floor(((block.count - 1) * percent) / 100))
  const rates = ratesAt(chunks, places.toReversed(), ({ chunk }) => chunk.txs.length).toReversed()
  const middle = Math.max(0, Math.ceil(block.vsize / 2) - 1)
  return {
    ...block,
    medianRate: ratesAt(chunks, [middle], ({ vsize }) => vsize)[0]!,
    rateRange: rates as ProjectedBlock['rateRange'],
    ...(withTxids && { txids: txidsOf(chunks, block.count) }),
  }
}

/** Lowest to highest. */
const PERCENTILES = [0, 10, 25, 50, 75, 90, 100]

/** The rates of the chunks that hold the units at these places, which rise, where each chunk is so many units. */
function ratesAt(
  chunks: readonly RatedChunk[],
  places: readonly number[],
  units: (chunk: RatedChunk) => number,
): number[] {
  const rates: number[] = []
  let before = 0
  for (const chunk of chunks) {
    before += units(chunk)
    while (rates.length < places.length && before > places[rates.length]!) rates.push(chunk.rate)
    if (rates.length === places.length) break
  }
  return rates
}

function txidsOf(chunks: readonly RatedChunk[], count: number): Uint8Array {
  const txids = new Uint8Array(count * 32)
  let at = 0
  for (const { chunk } of chunks) {
    for (const { txid } of chunk.txs) {
      txids.set(txid, at)
      at += 32
    }
  }
  return txids
}

function vsizeOf({ txs }: Chunk): number {
  return txs.reduce((sum, tx) => sum + tx.vsize, 0)
}
