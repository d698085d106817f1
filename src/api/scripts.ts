import type { ScriptStats } from '../ledger/queries.ts'
import { json } from './answer.ts'
import { SHORTLY } from './cache-rule.ts'
import type { ApiDeps } from './deps.ts'
import { type ApiErrorCode, fail } from './errors.ts'
import { AFTER_TXID, HISTORY_PAGE, MAX_TXS, readPage } from './history-page.ts'
import { readHash, TXID } from './params.ts'
import { get, inJson, type Param, type Route, tagged } from './route.ts'
import { type Component, list } from './schema.ts'
import { addressReader, scripthashReader } from './script-names.ts'
import { ADDRESS, addressView, SCRIPTHASH, scripthashView, UTXO, utxoView } from './script-view.ts'
import { TX, txView } from './tx-view.ts'

/** Confirmed transactions in one answer; clients page by it. */
export const CHAIN_PAGE = 25
const MEMPOOL_PAGE = 50
/** Unspent outputs above which `/utxo` is refused. */
const UTXOS_LIMIT = 500

export function scriptRoutes({ queries, network, settings }: ApiDeps): Route[] {
  const views = (txs: Parameters<typeof txView>[0][]) => json(txs.map((tx) => txView(tx, network, settings)))
  const historyOf = async (scripthash: Uint8Array, mempool: number, chain: number, after?: Uint8Array) => {
    const found = await queries.scriptTxs(scripthash, { mempool, chain, ...(after && { after }) })
    return views([...found.mempool, ...found.chain])
  }
  const both = ({ kind, subject, read, view, schema, fails }: Subject) => {
    const params = { subject }
    return [
      get(`/${kind}/:subject`, {
        about: `What ${kind === 'address' ? 'an address' : 'a script'} has got and spent, in the chain and in the mempool.`,
        params,
        gives: inJson(schema),
        fails,
        keep: SHORTLY,
        answer: async ({ params }) => json(view(params.subject, await queries.scriptStats(read(params.subject)))),
      }),
      get(`/${kind}/:subject/txs`, {
        about: `Its transactions: up to ${MEMPOOL_PAGE} that wait, then up to ${CHAIN_PAGE} that are mined, newest first. With either parameter, ${HISTORY_PAGE} in all.`,
        params,
        query: { after_txid: AFTER_TXID, max_txs: MAX_TXS },
        gives: inJson(list(TX, MEMPOOL_PAGE + CHAIN_PAGE)),
        fails: [...fails, 'after-unknown'],
        keep: SHORTLY,
        answer: async ({ params, query }) => {
          const scripthash = read(params.subject)
          const page = readPage(query)
          if (!page) return historyOf(scripthash, MEMPOOL_PAGE, CHAIN_PAGE)
          return views((await queries.historyTxs([scripthash], page)) ?? fail('after-unknown'))
        },
      }),
      get(`/${kind}/:subject/txs/chain/:last?`, {
        about: `Up to ${CHAIN_PAGE} of its mined transactions, newest first.`,
        params: { ...params, last: { ...TXID, about: 'The txid after which to go on.' } },
        gives: inJson(list(TX, CHAIN_PAGE)),
        fails,
        keep: SHORTLY,
        answer: async ({ params }) => historyOf(read(params.subject), 0, CHAIN_PAGE, readHash(params.last)),
      }),
      get(`/${kind}/:subject/txs/mempool`, {
        about: `Up to ${MEMPOOL_PAGE} of its transactions that wait, newest first.`,
        params,
        gives: inJson(list(TX, MEMPOOL_PAGE)),
        fails,
        keep: SHORTLY,
        answer: async ({ params }) => historyOf(read(params.subject), MEMPOOL_PAGE, 0),
      }),
      get(`/${kind}/:subject/utxo`, {
        about: 'Its unspent outputs, with those that wait and without those that something waiting spends.',
        params,
        gives: inJson(list(UTXO, UTXOS_LIMIT)),
        fails: [...fails, 'too-many-utxos'],
        keep: SHORTLY,
        answer: async ({ params }) => {
          const utxos = await queries.scriptUtxos(read(params.subject), UTXOS_LIMIT)
          if (utxos === 'too-many') fail('too-many-utxos')
          return json(utxos.map(utxoView))
        },
      }),
    ]
  }
  return tagged('Addresses and scripts', [
    ...both({ kind: 'address', ...addressReader(network), view: addressView, schema: ADDRESS }),
    ...both({ kind: 'scripthash', ...scripthashReader(), view: scripthashView, schema: SCRIPTHASH }),
  ])
}

/** One of the two ways to name a script. */
interface Subject {
  kind: 'address' | 'scripthash'
  subject: Param
  read: (subject: string) => Uint8Array
  view: (subject: string, stats: ScriptStats) => unknown
  schema: Component
  fails: readonly ApiErrorCode[]
}
