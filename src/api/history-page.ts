import { readHash, readNumber, TXID } from './params.ts'
import type { Param } from './route.ts'
import { string } from './schema.ts'

/** Transactions on a page that runs from the mempool into the chain. */
export const HISTORY_PAGE = 50

export const AFTER_TXID: Param = { about: 'The txid after which to go on, waiting or mined.', schema: TXID.schema }
export const MAX_TXS: Param = {
  about: `How many transactions at most, no more than ${HISTORY_PAGE}.`,
  schema: string('^[0-9]+$'),
  example: '10',
}

/** What a query says of the page; `undefined` where it says nothing. What cannot be read counts as not said. */
export function readPage(query: URLSearchParams): { limit: number; after?: Uint8Array } | undefined {
  const after = readHash(query.get('after_txid') ?? '')
  const most = readNumber(query.get('max_txs') ?? '')
  if (!after && most === undefined) return undefined
  return { limit: Math.min(most ?? HISTORY_PAGE, HISTORY_PAGE), ...(after && { after }) }
}
