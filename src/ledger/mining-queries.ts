import type { Network } from '../chain/network.ts'
import type { SqlPort } from '../store/sql.ts'
import type { Hasher } from '../wire/hash.ts'
import { blockHash } from '../wire/header.ts'
import { blockAtTime } from './block-at-time.ts'
import { ConnectedHeaders } from './connected-headers.ts'
import { type DayRate, dayRates, presentRate } from './hash-rates.ts'
import { type BranchTip, branchTips } from './header-tips.ts'
import { type DifficultyPeriod, presentPeriod, type Retarget, retargetsSince } from './retargets.ts'

/** What the front may ask about the work in the chain, its times and its rewards. Times are Unix seconds. */
export interface MiningQuestions {
  /** The highest block dated at or before `time`; `undefined` when the chain begins later. */
  blockAtTime(time: number): Promise<BlockTime | undefined>
  /** `undefined` where nothing is connected. */
  difficultyPeriod(): Promise<DifficultyPeriod | undefined>
  /** Dated at or after `since`, oldest first. */
  retargets(since: number): Promise<Retarget[]>
  hashRates(since: number): Promise<HashRates>
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

  branchTips(): BranchTip[] {
    return this.#snapshot(() => branchTips(this.#sql, this.#hasher))
  }

  #snapshot<T>(ask: () => T): T {
    return this.#sql.transactionSync(ask)
  }
}
