import type { ReplacedTx, ReplacementTree } from '../../ledger/mempool-questions.ts'
import { toDisplay } from '../../wire/hash.ts'
import { json } from '../answer.ts'
import { forSeconds } from '../cache-rule.ts'
import type { ApiDeps } from '../deps.ts'
import { TXID } from '../params.ts'
import { get, inJson, type Route, tagged } from '../route.ts'
import { always, component, count, FLAG, HASH, list, number, object, orNull, SATOSHI, UNIX_TIME } from '../schema.ts'
import { parseTxid } from './params.ts'

/** Trees in one list. */
const TREES_LIMIT = 25
const KEEP = forSeconds(2)

/** A transaction and those that it took the place of. */
export const REPLACEMENT_TREE = component(
  'ReplacementTree',
  object({
    tx: object({
      txid: HASH,
      fee: SATOSHI,
      vsize: number('Virtual bytes.'),
      value: SATOSHI,
      rate: number('Satoshi per virtual byte.'),
      time: UNIX_TIME,
      rbf: { ...FLAG, description: 'Whether it says that it may be replaced (BIP 125).' },
      'mined?': always(true),
      'fullRbf?': always(true),
    }),
    time: UNIX_TIME,
    'interval?': count('Seconds until it was replaced.'),
    'mined?': always(true),
    fullRbf: { ...FLAG, description: 'Whether something here was replaced that did not say that it may be.' },
    replaces: list({ $ref: '#/components/schemas/ReplacementTree' }),
  }),
)

export function replacementRoutes({ queries }: ApiDeps): Route[] {
  const trees = async (fullRbfOnly: boolean) =>
    json((await queries.replacementTrees(TREES_LIMIT, fullRbfOnly)).map(replacementTreeView))
  return tagged('Transactions', [
    get('/tx/:txid/rbf', {
      about:
        'The replacements that a transaction has a part in, from the one that stands, and what it replaced itself.',
      params: { txid: TXID },
      gives: inJson(object({ replacements: orNull(REPLACEMENT_TREE), replaces: orNull(list(HASH)) })),
      fails: ['bad-txid'],
      keep: KEEP,
      answer: async ({ params }) => {
        const { tree, replaces } = await queries.replacements(parseTxid(params.txid))
        return json({
          replacements: tree ? replacementTreeView(tree) : null,
          replaces: replaces ? replaces.map(toDisplay) : null,
        })
      },
    }),
    get('/replacements', {
      about: `The latest replacements, at most ${TREES_LIMIT} trees, newest first.`,
      gives: inJson(list(REPLACEMENT_TREE, TREES_LIMIT)),
      fails: [],
      keep: KEEP,
      answer: () => trees(false),
    }),
    get('/fullrbf/replacements', {
      about: 'Of those, the ones of transactions that did not say that they may be replaced.',
      gives: inJson(list(REPLACEMENT_TREE, TREES_LIMIT)),
      fails: [],
      keep: KEEP,
      answer: () => trees(true),
    }),
  ])
}

export interface ReplacementTreeJson {
  tx: ReturnType<typeof replacedView>
  time: number
  interval?: number
  mined?: true
  fullRbf: boolean
  replaces: ReplacementTreeJson[]
}

/** Trees are at most 50 levels deep: the history of the mempool sees to it. */
export function replacementTreeView({
  tx,
  time,
  interval,
  mined,
  fullRbf,
  replaces,
}: ReplacementTree): ReplacementTreeJson {
  return {
    tx: replacedView(tx),
    time,
    ...(interval !== undefined && { interval }),
    ...(mined && { mined }),
    fullRbf,
    replaces: replaces.map(replacementTreeView),
  }
}

function replacedView({ txid, feeSat, vsize, value, time, rbf, fullRbf, mined }: ReplacedTx) {
  return {
    txid: toDisplay(txid),
    fee: feeSat,
    vsize,
    value,
    rate: feeSat / vsize,
    time,
    rbf,
    ...(mined && { mined }),
    ...(fullRbf && { fullRbf }),
  }
}
