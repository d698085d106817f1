import type { BodyAnswer } from '../ledger/queries.ts'
import { bytesToHex, toDisplay } from '../wire/hash.ts'
import { json, jsonText, LONG, octets, SHORT, text, ttlByDepth } from './answer.ts'
import { blockJson, blockStatusView, blocksJson, hashListView } from './block-view.ts'
import type { ApiDeps } from './deps.ts'
import { fail } from './errors.ts'
import { parseHash, parseNumber, readNumber, readU32 } from './params.ts'
import type { Route } from './route.ts'
import { txView } from './tx-view.ts'

/** Blocks in one answer of `/blocks`. */
const BLOCKS_PAGE = 10
/** Transactions in one answer of `/block/:hash/txs`. */
export const TXS_PAGE = 25

export function blockRoutes({ queries, status, network }: ApiDeps): Route[] {
  const blockOf = async (hashHex: string) => (await queries.block(parseHash(hashHex))) ?? fail('block-unknown')
  const txidsOf = async (hash: Uint8Array) => (await queries.blockTxids(hash)) ?? fail('block-unknown')
  return [
    ['GET', '/blocks/tip/hash', async () => text(toDisplay((await queries.status()).tip.hash), SHORT)],
    ['GET', '/blocks/tip/height', async () => text(String((await queries.status()).tip.height), SHORT)],
    [
      'GET',
      '/blocks/:start?',
      async ({ params }) => {
        const blocks = await queries.blocks(readNumber(params.start), BLOCKS_PAGE)
        return jsonText(blocksJson(blocks ?? fail('block-unknown')), SHORT)
      },
    ],
    [
      'GET',
      '/block-height/:height',
      async ({ params }) => {
        const height = parseNumber(params.height)
        const hash = (await queries.blockHashAt(height)) ?? fail('block-unknown')
        return text(toDisplay(hash), ttlByDepth(await status.tipHeight(), height))
      },
    ],
    ['GET', '/block/:hash', async ({ params }) => jsonText(blockJson(await blockOf(params.hash)), LONG)],
    ['GET', '/block/:hash/header', async ({ params }) => text(bytesToHex((await blockOf(params.hash)).header), LONG)],
    [
      'GET',
      '/block/:hash/raw',
      async ({ params }) => octets(bodyOf(await queries.rawBlock(parseHash(params.hash))), LONG),
    ],
    [
      'GET',
      '/block/:hash/status',
      async ({ params }) => {
        const block = await queries.block(parseHash(params.hash))
        return json(blockStatusView(block), ttlByDepth(await status.tipHeight(), block?.height))
      },
    ],
    [
      'GET',
      '/block/:hash/txids',
      async ({ params }) => json(hashListView(await txidsOf(parseHash(params.hash))), LONG),
    ],
    [
      'GET',
      '/block/:hash/txid/:index',
      async ({ params }) => {
        const hash = parseHash(params.hash)
        const index = parseNumber(params.index)
        const txids = await txidsOf(hash)
        if (index * 32 >= txids.length) fail('tx-index-out-of-range')
        return text(toDisplay(txids.subarray(index * 32, index * 32 + 32)), LONG)
      },
    ],
    [
      'GET',
      '/block/:hash/txs/:start?',
      async ({ params }) => {
        const start = readU32(params.start) ?? 0
        const found = (await queries.blockTxs(parseHash(params.hash), start, TXS_PAGE)) ?? fail('block-unknown')
        if (start % TXS_PAGE !== 0) fail('start-not-multiple')
        if (start >= found.total) fail('start-out-of-range')
        const txs = found.txs.map((tx) => txView(tx, network))
        return json(txs, ttlByDepth(await status.tipHeight(), found.height))
      },
    ],
  ]
}

/** The bytes of a stored block. */
export function bodyOf(answer: BodyAnswer): Uint8Array<ArrayBuffer> {
  switch (answer.kind) {
    case 'found':
      return answer.bytes
    case 'missing':
      return fail('block-unknown')
    case 'pruned':
      return fail('body-pruned')
    case 'damaged':
      return fail('body-damaged')
  }
}
