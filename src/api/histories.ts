import type { HistorySum } from '../ledger/merged-history.ts'
import { MAX_HISTORY_SCRIPTS } from '../ledger/merged-history.ts'
import { toDisplay } from '../wire/hash.ts'
import { json } from './answer.ts'
import { BODY_FAILS, readJsonBody } from './body.ts'
import { forSeconds, SHORTLY } from './cache-rule.ts'
import type { ApiDeps } from './deps.ts'
import { fail } from './errors.ts'
import { AFTER_TXID, HISTORY_PAGE, MAX_TXS, readPage } from './history-page.ts'
import { readHash, TXID } from './params.ts'
import { get, inJson, post, type Route, tagged } from './route.ts'
import { component, count, HASH, HEIGHT, integer, list, object, string, UNIX_TIME } from './schema.ts'
import { addressReader, type ScriptReader, scripthashReader } from './script-names.ts'
import { TX, txView } from './tx-view.ts'

/** Entries in one answer of a summary, and in one question: between questions others have their turn. */
const SUMMARY_PAGE = 5000
const SUMMARY_SLICE = 250

const SUM = component(
  'HistorySum',
  object({
    txid: HASH,
    value: integer('Satoshi that it brought, less those that it took.'),
    height: HEIGHT,
    time: UNIX_TIME,
    tx_position: count('Place in the block.'),
  }),
)

/** What mempool.space's server adds about histories: those of several scripts as one, and what each transaction came to. */
export function historyRoutes({ queries, network, settings }: ApiDeps): Route[] {
  const summary = async (scripthashes: readonly Uint8Array[], last: string) => {
    const sums: HistorySum[] = []
    for (let after = readHash(last); sums.length < SUMMARY_PAGE; after = sums.at(-1)!.txid as Uint8Array<ArrayBuffer>) {
      const slice = await queries.historySums(scripthashes, { limit: SUMMARY_SLICE, ...(after && { after }) })
      sums.push(...slice)
      if (slice.length < SUMMARY_SLICE) break
    }
    return json(sums.map(sumView))
  }
  const LAST = { ...TXID, about: 'The txid after which to go on.' }
  const both = (one: string, several: string, { subject, read, fails }: ScriptReader) => {
    const body = {
      about: `Up to ${MAX_HISTORY_SCRIPTS} of them, as a JSON array.`,
      type: 'application/json' as const,
      schema: list(string(), MAX_HISTORY_SCRIPTS),
    }
    const readAll = async (request: Request) => {
      const named = await readJsonBody(request)
      if (!Array.isArray(named) || named.some((name) => typeof name !== 'string')) return fail('bad-json')
      if (named.length > MAX_HISTORY_SCRIPTS) return fail('body-too-long')
      return (named as string[]).map(read)
    }
    const failsAll = [...fails, ...BODY_FAILS, 'bad-json', 'body-too-long'] as const
    return [
      get(`/${one}/:subject/txs/summary/:last?`, {
        about: `What each of its mined transactions came to, newest first, ${SUMMARY_PAGE} at a time.`,
        params: { subject, last: LAST },
        gives: inJson(list(SUM, SUMMARY_PAGE)),
        fails,
        keep: SHORTLY,
        answer: async ({ params }) => summary([read(params.subject)], params.last),
      }),
      post(`/${several}/txs/summary/:last?`, {
        about: `What each mined transaction came to for all of them together, newest first, ${SUMMARY_PAGE} at a time.`,
        params: { last: LAST },
        body,
        gives: inJson(list(SUM, SUMMARY_PAGE)),
        fails: failsAll,
        keep: forSeconds(0),
        answer: async ({ params, request }) => summary(await readAll(request), params.last),
      }),
      post(`/${several}/txs`, {
        about: `Transactions that touch any of them, newest first: those that wait, then those that are mined, ${HISTORY_PAGE} at a time.`,
        query: { after_txid: AFTER_TXID, max_txs: MAX_TXS },
        body,
        gives: inJson(list(TX, HISTORY_PAGE)),
        fails: [...failsAll, 'after-unknown'],
        keep: forSeconds(0),
        answer: async ({ query, request }) => {
          const page = readPage(query) ?? { limit: HISTORY_PAGE }
          const txs = await queries.historyTxs(await readAll(request), page)
          return json((txs ?? fail('after-unknown')).map((tx) => txView(tx, network, settings)))
        },
      }),
    ]
  }
  return tagged('Addresses and scripts', [
    ...both('address', 'addresses', addressReader(network)),
    ...both('scripthash', 'scripthashes', scripthashReader()),
  ])
}

function sumView({ txid, value, height, time, pos }: HistorySum) {
  return { txid: toDisplay(txid), value, height, time, tx_position: pos }
}
