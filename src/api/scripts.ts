import { networks } from '../chain/network.ts'
import type { ScriptStats } from '../ledger/queries.ts'
import { parseAddress } from '../script/address.ts'
import { sha256 } from '../wire/hash.ts'
import { json } from './answer.ts'
import { SHORTLY } from './cache-rule.ts'
import type { ApiDeps } from './deps.ts'
import { type ApiErrorCode, fail } from './errors.ts'
import { parseScripthash, readHash, TXID } from './params.ts'
import { get, inJson, type Param, type Route, tagged } from './route.ts'
import { type Component, list, string } from './schema.ts'
import { ADDRESS, addressView, SCRIPTHASH, scripthashView, UTXO, utxoView } from './script-view.ts'
import { TX, txView } from './tx-view.ts'

/** Confirmed transactions in one answer; clients page by it. */
export const CHAIN_PAGE = 25
const MEMPOOL_PAGE = 50
/** Unspent outputs above which `/utxo` is refused. */
const UTXOS_LIMIT = 500

export function scriptRoutes({ queries, network, settings }: ApiDeps): Route[] {
  const byAddress = (subject: string) => {
    const parsed = parseAddress(subject, network.address, Object.values(networks))
    if (parsed.kind === 'other-network') return fail('other-network')
    if (parsed.kind === 'invalid') return fail('bad-address', parsed.text)
    return sha256(parsed.script)
  }

  const historyOf = async (scripthash: Uint8Array, mempool: number, chain: number, after?: Uint8Array) => {
    const found = await queries.scriptTxs(scripthash, { mempool, chain, ...(after && { after }) })
    return json([...found.mempool, ...found.chain].map((tx) => txView(tx, network, settings)))
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
        about: `Its transactions: up to ${MEMPOOL_PAGE} that wait, then up to ${CHAIN_PAGE} that are mined, newest first.`,
        params,
        gives: inJson(list(TX, MEMPOOL_PAGE + CHAIN_PAGE)),
        fails,
        keep: SHORTLY,
        answer: async ({ params }) => historyOf(read(params.subject), MEMPOOL_PAGE, CHAIN_PAGE),
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
    ...both({
      kind: 'address',
      subject: { about: 'An address.', schema: string(), example: '{address}' },
      read: byAddress,
      view: addressView,
      schema: ADDRESS,
      fails: ['bad-address', 'other-network', 'history-too-long'],
    }),
    ...both({
      kind: 'scripthash',
      subject: {
        about: 'SHA-256 of a scriptPubKey in hex, not reversed.',
        schema: string('^[0-9a-fA-F]{64}$'),
        example: '{scripthash}',
      },
      read: parseScripthash,
      view: scripthashView,
      schema: SCRIPTHASH,
      fails: ['bad-scripthash', 'history-too-long'],
    }),
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
