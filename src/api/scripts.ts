import { networks } from '../chain/network.ts'
import { parseAddress } from '../script/address.ts'
import { sha256 } from '../wire/hash.ts'
import { json, SHORT } from './answer.ts'
import type { ApiDeps } from './deps.ts'
import { fail } from './errors.ts'
import { parseScripthash, readHash } from './params.ts'
import type { Params, Route } from './route.ts'
import { addressView, scripthashView, utxoView } from './script-view.ts'
import { txView } from './tx-view.ts'

/** Confirmed transactions in one answer; clients page by it. */
export const CHAIN_PAGE = 25
const MEMPOOL_PAGE = 50
/** Unspent outputs above which `/utxo` is refused. */
const UTXOS_LIMIT = 500

export function scriptRoutes({ queries, network }: ApiDeps): Route[] {
  const byAddress = ({ subject }: Params) => {
    const parsed = parseAddress(subject, network.address, Object.values(networks))
    if (parsed.kind === 'other-network') return fail('other-network')
    if (parsed.kind === 'invalid') return fail('bad-address', parsed.text)
    return sha256(parsed.script)
  }
  const byScripthash = ({ subject }: Params) => parseScripthash(subject)

  const historyOf = async (scripthash: Uint8Array, mempool: number, chain: number, after?: Uint8Array) => {
    const found = await queries.scriptTxs(scripthash, { mempool, chain, ...(after && { after }) })
    return json(
      [...found.mempool, ...found.chain].map((tx) => txView(tx, network)),
      SHORT,
    )
  }

  const both = (kind: 'address' | 'scripthash', read: (params: Params) => Uint8Array): Route[] => [
    [
      'GET',
      `/${kind}/:subject`,
      async ({ params }) => {
        const stats = await queries.scriptStats(read(params))
        const view = kind === 'address' ? addressView : scripthashView
        return json(view(params.subject, stats), SHORT)
      },
    ],
    ['GET', `/${kind}/:subject/txs`, async ({ params }) => historyOf(read(params), MEMPOOL_PAGE, CHAIN_PAGE)],
    [
      'GET',
      `/${kind}/:subject/txs/chain/:last?`,
      async ({ params }) => historyOf(read(params), 0, CHAIN_PAGE, readHash(params.last)),
    ],
    ['GET', `/${kind}/:subject/txs/mempool`, async ({ params }) => historyOf(read(params), MEMPOOL_PAGE, 0)],
    [
      'GET',
      `/${kind}/:subject/utxo`,
      async ({ params }) => {
        const utxos = await queries.scriptUtxos(read(params), UTXOS_LIMIT)
        if (utxos === 'too-many') fail('too-many-utxos')
        return json(utxos.map(utxoView), SHORT)
      },
    ],
  ]
  return [...both('address', byAddress), ...both('scripthash', byScripthash)]
}
