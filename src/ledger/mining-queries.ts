import type { Network } from '../chain/network.ts'
import type { SqlPort } from '../store/sql.ts'
import type { Hasher } from '../wire/hash.ts'
import { blockHash } from '../wire/header.ts'
import { blockAtTime } from './block-at-time.ts'
import { ConnectedHeaders } from './connected-headers.ts'
import { type DayRate, dayRates, presentRate } from './hash-rates.ts'
import { type BranchTip, branchTips, type SideHeader, sideHeaders } from './header-tips.ts'
import type { BlockWithStats } from './queries.ts'
import { type DifficultyPeriod, presentPeriod, type Retarget, retargetsSince } from './retargets.ts'

/** Blocks that one sum of rewards or one history of fees may go over: two retarget periods. */
export const MAX_SUMMED_BLOCKS = 4032

/** What the front may ask about the work in the chain, its times and its rewards. Times are Unix seconds. */
export interface MiningQuestions {
  /** The highest block dated at or before `time`; `undefined` when the chain begins later. */
  blockAtTime(time: number): Promise<BlockTime | undefined>
  /** `undefined` where nothing is connected. */
  difficultyPeriod(): Promise<DifficultyPeriod | undefined>
  /** Dated at or after `since`, oldest first. */
  retargets(since: number): Promise<Retarget[]>
  hashRates(since: number): Promise<HashRates>
  /** Sums over the latest `blocks`, at most `MAX_SUMMED_BLOCKS`, all there are on a shorter chain. */
  rewardStats(blocks: number): Promise<RewardStats | undefined>
  /** What the latest `blocks` took, at most `MAX_SUMMED_BLOCKS`, newest first. */
  feeHistory(blocks: number): Promise<BlockFees[]>
  /** As `blockStats`, with the headers that compete with each block. */
  blocksWithForks(from: Uint8Array | number | undefined, limit: number): Promise<ForkedBlock[] | undefined>
  /** The ends of all branches that are worth knowing of, the highest first. */
  branchTips(): Promise<BranchTip[]>
}

export interface BlockTime {
  hash: Uint8Array
  height: number
  time: number
}

export interface HashRates {
  /** By day, oldest first. */
  days: DayRate[]
  /** Of the same time as the days. */
  retargets: Retarget[]
  /** Over the last 1008 blocks, hashes a second. */
  present: number
  /** The tip's. */
  bits: number
}

export interface RewardStats {
  /** Heights. */
  first: number
  last: number
  /** What the coinbases paid out, fees included. Satoshi. */
  rewardSat: number
  feeSat: number
  txCount: number
}

export interface BlockFees {
  weight: number
  txCount: number
  /** Satoshi per virtual byte: lowest, at 10, 25, 50, 75 and 90 % of the weight, highest; without the coinbase. */
  rates: number[]
}

export interface ForkedBlock extends BlockWithStats {
  forks: SideHeader[]
}

/** The answers, from the connected chain: synchronous functions of a database, each of one snapshot. */
export class MiningQueries {
  readonly #sql: SqlPort
  readonly #network: Network
  readonly #hasher: Hasher
  readonly #headers: ConnectedHeaders

  constructor(sql: SqlPort, network: Network, hasher: Hasher) {
    this.#sql = sql
    this.#network = network
    this.#hasher = hasher
    this.#headers = new ConnectedHeaders(sql)
  }

  blockAtTime(time: number): BlockTime | undefined {
    return this.#snapshot(() => {
      const header = blockAtTime(this.#headers, time)
      return header && { hash: blockHash(header.raw, this.#hasher), height: header.height, time: header.time }
    })
  }

  difficultyPeriod(): DifficultyPeriod | undefined {
    return this.#snapshot(() => presentPeriod(this.#headers, this.#network))
  }

  retargets(since: number): Retarget[] {
    return this.#snapshot(() => retargetsSince(this.#headers, this.#network, since))
  }

  hashRates(since: number): HashRates {
    return this.#snapshot(() => {
      const tip = this.#headers.tipHeight()
      return {
        days: dayRates(this.#headers, since),
        retargets: retargetsSince(this.#headers, this.#network, since),
        present: presentRate(this.#headers),
        bits: (tip === undefined ? undefined : this.#headers.at(tip)?.bits) ?? this.#network.powLimitBits,
      }
    })
  }

  rewardStats(blocks: number): RewardStats | undefined {
    const row = this.#sql.sql
      .exec(
        `SELECT min(height), max(height), sum(output_value - input_value + fees), sum(fees), sum(tx_count)
         FROM (SELECT * FROM best ORDER BY height DESC LIMIT ?)`,
        Math.min(blocks, MAX_SUMMED_BLOCKS),
      )
      .raw()
      .toArray()[0]
    if (!row || row[0] === null) return undefined
    const [first, last, rewardSat, feeSat, txCount] = row as [number, number, number, number, number]
    return { first, last, rewardSat, feeSat, txCount }
  }

  feeHistory(blocks: number): BlockFees[] {
    const rows = this.#sql.sql
      .exec(
        `SELECT weight, tx_count, rate_min, rate_10, rate_25, rate_50, rate_75, rate_90, rate_max
         FROM best ORDER BY height DESC LIMIT ?`,
        Math.min(blocks, MAX_SUMMED_BLOCKS),
      )
      .raw()
    return (rows.toArray() as number[][]).map(([weight, txCount, ...rates]) => ({
      weight: weight!,
      txCount: txCount!,
      // Kept in thousandths.
      rates: rates.map((rate) => rate / 1000),
    }))
  }

  /** Of consecutive blocks, the highest first. */
  withForks(blocks: readonly BlockWithStats[]): ForkedBlock[] {
    const last = blocks.at(-1)
    if (!last) return []
    const forks = sideHeaders(this.#sql, this.#hasher, last.block.height, blocks[0]!.block.height)
    return blocks.map((block) => ({ ...block, forks: forks.filter(({ height }) => height === block.block.height) }))
  }

  branchTips(): BranchTip[] {
    return this.#snapshot(() => branchTips(this.#sql, this.#hasher))
  }

  #snapshot<T>(ask: () => T): T {
    return this.#sql.transactionSync(ask)
  }
}
