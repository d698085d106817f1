import type { RelatedTx, TxRelatives } from '../../ledger/mempool-questions.ts'
import { toDisplay } from '../../wire/hash.ts'
import { json } from '../answer.ts'
import { forSeconds } from '../cache-rule.ts'
import type { ApiDeps } from '../deps.ts'
import { fail } from '../errors.ts'
import { readHash, TXID } from '../params.ts'
import { get, inJson, type Route, tagged } from '../route.ts'
import { always, count, either, HASH, list, number, object, SATOSHI, UNIX_TIME } from '../schema.ts'
import { parseTxid } from './params.ts'

/** Transactions whose times one request may ask for. */
const TIMES_LIMIT = 100
const KEEP = forSeconds(2)

const RELATED = { txid: HASH, fee: SATOSHI, weight: count() }
const RELATIVES = either(
  object({
    ancestors: list(object(RELATED)),
    bestDescendant: always(null),
    descendants: list(object(RELATED)),
    effectiveFeePerVsize: number('Satoshi per virtual byte at which a miner would take it, with what it depends on.'),
    sigops: count('Cost of signature operations.'),
    fee: SATOSHI,
    adjustedVsize: number('Virtual bytes, signature operations counted in.'),
    cluster: object({
      txs: list(object({ ...RELATED, parents: list(count('Place in this list.')) })),
      chunks: list(object({ txs: list(count('Place in the list above.')), feerate: number() })),
      chunkIndex: count('The chunk of the transaction asked for.'),
    }),
  }),
  object({ ancestors: list(object(RELATED), 0) }),
)

export function unconfirmedRoutes({ queries }: ApiDeps): Route[] {
  return tagged('Transactions', [
    get('/cpfp/:txid', {
      about: 'How a transaction of the mempool hangs together with others, and what a miner would take it for.',
      params: { txid: TXID },
      gives: inJson(RELATIVES),
      fails: ['bad-txid'],
      keep: KEEP,
      answer: async ({ params }) => {
        const relatives = await queries.cpfp(parseTxid(params.txid))
        return json(relatives ? relativesView(relatives) : { ancestors: [] })
      },
    }),
    get('/transaction-times', {
      about: 'When transactions of the mempool were first seen, in the order asked for; 0 for those not in it.',
      query: {
        'txId[]': {
          about: `A txid; up to ${TIMES_LIMIT} times.`,
          schema: TXID.schema,
          required: true,
          example: '{txid}',
        },
      },
      gives: inJson(list(UNIX_TIME, TIMES_LIMIT)),
      fails: ['bad-txids', 'too-many-txids'],
      keep: KEEP,
      answer: async ({ query }) => {
        // `txId[]=…` or `txId[0]=…`, as the original's parser of queries takes it.
        const named = [...query].filter(([name]) => /^txId\[\d*\]$/.test(name)).map(([, value]) => value)
        if (named.length === 0) fail('bad-txids')
        if (named.length > TIMES_LIMIT) fail('too-many-txids')
        return json(await queries.firstSeen(named.map((txidHex) => readHash(txidHex) ?? fail('bad-txids'))))
      },
    }),
  ])
}

function relativesView({ ancestors, descendants, rate, sigops, feeSat, vsize, cluster }: TxRelatives) {
  return {
    ancestors: ancestors.map(relatedView),
    bestDescendant: null,
    descendants: descendants.map(relatedView),
    effectiveFeePerVsize: rate,
    sigops,
    fee: feeSat,
    adjustedVsize: vsize,
    cluster: {
      txs: cluster.txs.map(({ parents, ...tx }) => ({ ...relatedView(tx), parents })),
      chunks: cluster.chunks.map(({ txs, rate }) => ({ txs, feerate: rate })),
      chunkIndex: cluster.chunk,
    },
  }
}

function relatedView({ txid, feeSat, weight }: RelatedTx) {
  return { txid: toDisplay(txid), fee: feeSat, weight }
}
