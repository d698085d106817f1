import type { Network } from '../../chain/network.ts'
import type { Millis } from '../../host/ports.ts'
import type { LiveOverview } from '../../ledger/live-questions.ts'
import type { MempoolLevels } from '../../ledger/mempool-questions.ts'
import type { LedgerStatus, RecentTx } from '../../ledger/queries.ts'
import { hashKey, toDisplay } from '../../wire/hash.ts'
import type { ApiSettings } from '../deps.ts'
import { backendInfoView } from '../v1/backend-info.ts'
import { extendedBlockView } from '../v1/block-view.ts'
import { difficultyView } from '../v1/difficulty.ts'
import { mempoolBlockView } from '../v1/fees.ts'
import { recommendedFees } from '../v1/recommended-fees.ts'
import type { Topic } from './command.ts'
import { OVERVIEW_TXS } from './need.ts'

/** What the relay says of itself. */
export interface About {
  network: Network
  /** What it calls itself, for people. */
  name: string
  version: string
  settings: ApiSettings
}

/** How things are, as JSON by field; what is not known is left out, and prices never are. */
export interface Overview {
  /** Everything. */
  init: ReadonlyMap<string, string>
  /** What each topic begins with. */
  topics: Readonly<Record<Topic, ReadonlyMap<string, string>>>
  /** The latest blocks, by hash. */
  blocks: ReadonlyMap<string, string>
}

/** Transactions in `transactions`. */
const LATEST_TXS = 6
/** Seconds over which the flow of transactions is measured. */
const FLOW_SECONDS = 150
const BTC = 100_000_000

export function overviewOf(live: LiveOverview, about: About, now: Millis): Overview {
  const { network } = about
  const seconds = Math.floor(now / 1000)
  const { status, levels, queue, recent, period } = live
  const oldestFirst = live.blocks.toReversed()
  const blocks = new Map(
    oldestFirst.map((block) => [hashKey(block.block.hash), JSON.stringify(extendedBlockView(block, network))]),
  )
  const ofBlocks: [string, string][] = [['blocks', `[${[...blocks.values()].join(',')}]`]]
  const ofQueue: [string, string][] = [['mempool-blocks', JSON.stringify(queue.map(mempoolBlockView))]]
  const ofStats: [string, unknown][] = [
    ['mempoolInfo', mempoolInfoView(levels, status)],
    ['vBytesPerSecond', bytesPerSecond(recent, seconds)],
    ['transactions', recent.slice(0, LATEST_TXS).map(latestTxView)],
  ]
  // A mempool that has not caught up with the chain would recommend too little.
  if (status.synced) ofStats.push(['fees', recommendedFees(queue, levels.minFeeRate / 1000)])
  if (period) ofStats.push(['da', difficultyView(period, network.pow, seconds)])
  const stats = ofStats.map(([field, value]): [string, string] => [field, JSON.stringify(value)])
  const ofRelay: [string, string][] = [
    ['backendInfo', JSON.stringify(backendInfoView(about))],
    ['loadingIndicators', JSON.stringify(loadingView(status))],
  ]
  return {
    init: new Map([...stats, ...ofBlocks, ...ofQueue, ...ofRelay]),
    topics: { blocks: new Map(ofBlocks), 'mempool-blocks': new Map(ofQueue), stats: new Map(stats) },
    blocks,
  }
}

/** As Core's getmempoolinfo has it; rates in BTC/kvB. */
function mempoolInfoView(levels: MempoolLevels, { synced }: LedgerStatus) {
  return {
    loaded: synced,
    size: levels.count,
    bytes: levels.vsize,
    usage: levels.usage,
    total_fee: levels.feeSat / BTC,
    maxmempool: levels.maxUsage,
    mempoolminfee: levels.minFeeRate / BTC,
    minrelaytxfee: levels.minRelayFeeRate / BTC,
    incrementalrelayfee: levels.incrementalFeeRate / BTC,
  }
}

/** Of what came lately; where that is more than is remembered, over as long as that goes back. */
function bytesPerSecond(recent: readonly RecentTx[], seconds: number): number {
  const since = seconds - FLOW_SECONDS
  const late = recent.filter(({ time }) => time > since)
  const span = late.length < OVERVIEW_TXS ? FLOW_SECONDS : Math.max(1, seconds - late.at(-1)!.time)
  return Math.round(late.reduce((sum, { vsize }) => sum + vsize, 0) / span)
}

/** `value` is what the transaction pays, without its fee. */
function latestTxView({ txid, feeSat, vsize, value, time }: RecentTx) {
  return { txid: toDisplay(txid), fee: feeSat, vsize, value: value - feeSat, rate: feeSat / vsize, time }
}

/** Percent of what is being loaded; nothing is when all is there. */
function loadingView({ synced, tip, headers }: LedgerStatus) {
  if (synced || headers === 0) return {}
  return { blocks: Math.floor((100 * tip.height) / headers) }
}
