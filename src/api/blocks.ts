import type { BodyAnswer } from '../ledger/queries.ts'
import { bytesToHex, toDisplay } from '../wire/hash.ts'
import { json, jsonText, octets, text } from './answer.ts'
import { BLOCK, BLOCK_STATUS, blockJson, blockStatusView, blocksJson, hashListView } from './block-view.ts'
import { BY_DEPTH, FOR_GOOD, SHORTLY } from './cache-rule.ts'
import type { ApiDeps } from './deps.ts'
import { fail } from './errors.ts'
import { BLOCK_HASH, HEIGHT_PARAM, indexParam, parseHash, parseNumber, readNumber, readU32 } from './params.ts'
import { get, inBytes, inJson, inText, type Route, tagged } from './route.ts'
import { HASH, list, string } from './schema.ts'
import { TX, txView } from './tx-view.ts'

/** Blocks in one answer of `/blocks`. */
const BLOCKS_PAGE = 10
/** Transactions in one answer of `/block/:hash/txs`. */
export const TXS_PAGE = 25

export function blockRoutes({ queries, network, settings }: ApiDeps): Route[] {
  const blockOf = async (hashHex: string) => (await queries.block(parseHash(hashHex))) ?? fail('block-unknown')
  const txidsOf = async (hash: Uint8Array) => (await queries.blockTxids(hash)) ?? fail('block-unknown')
  return tagged('Blocks', [
    get('/blocks/tip/hash', {
      about: 'Hash of the tip.',
      gives: inText(HASH),
      fails: [],
      keep: SHORTLY,
      answer: async () => text(toDisplay((await queries.status()).tip.hash)),
    }),
    get('/blocks/tip/height', {
      about: 'Height of the tip.',
      gives: inText(string('^[0-9]+$')),
      fails: [],
      keep: SHORTLY,
      answer: async () => text(String((await queries.status()).tip.height)),
    }),
    get('/blocks/:start?', {
      about: `At most ${BLOCKS_PAGE} blocks, descending from a height or from the tip.`,
      params: { start: HEIGHT_PARAM },
      gives: inJson(list(BLOCK, BLOCKS_PAGE)),
      fails: ['block-unknown'],
      keep: SHORTLY,
      answer: async ({ params }) => {
        const blocks = await queries.blocks(readNumber(params.start), BLOCKS_PAGE)
        return jsonText(blocksJson(blocks ?? fail('block-unknown')))
      },
    }),
    get('/block-height/:height', {
      about: 'Hash of the block at a height.',
      params: { height: HEIGHT_PARAM },
      gives: inText(HASH),
      fails: ['bad-number', 'block-unknown'],
      keep: BY_DEPTH,
      answer: async ({ params }) => {
        const height = parseNumber(params.height)
        const hash = (await queries.blockHashAt(height)) ?? fail('block-unknown')
        return text(toDisplay(hash), { height })
      },
    }),
    get('/block/:hash', {
      about: 'A block of the best chain.',
      params: { hash: BLOCK_HASH },
      gives: inJson(BLOCK),
      fails: ['bad-hex', 'block-unknown'],
      keep: FOR_GOOD,
      answer: async ({ params }) => jsonText(blockJson(await blockOf(params.hash))),
    }),
    get('/block/:hash/header', {
      about: 'The 80 bytes of its header.',
      params: { hash: BLOCK_HASH },
      gives: inText(string('^[0-9a-f]{160}$')),
      fails: ['bad-hex', 'block-unknown'],
      keep: FOR_GOOD,
      answer: async ({ params }) => text(bytesToHex((await blockOf(params.hash)).header)),
    }),
    get('/block/:hash/raw', {
      about: 'The whole block as on the wire.',
      params: { hash: BLOCK_HASH },
      gives: inBytes(),
      fails: ['bad-hex', 'block-unknown', 'body-pruned', 'body-damaged'],
      keep: FOR_GOOD,
      answer: async ({ params }) => octets(bodyOf(await queries.rawBlock(parseHash(params.hash)))),
    }),
    get('/block/:hash/status', {
      about: 'Whether a block is of the best chain, and which one comes next.',
      params: { hash: BLOCK_HASH },
      gives: inJson(BLOCK_STATUS),
      fails: ['bad-hex'],
      keep: BY_DEPTH,
      answer: async ({ params }) => {
        const block = await queries.block(parseHash(params.hash))
        return json(blockStatusView(block), { height: block?.height })
      },
    }),
    get('/block/:hash/txids', {
      about: 'All txids of a block, in its order.',
      params: { hash: BLOCK_HASH },
      gives: inJson(list(HASH)),
      fails: ['bad-hex', 'block-unknown'],
      keep: FOR_GOOD,
      answer: async ({ params }) => json(hashListView(await txidsOf(parseHash(params.hash)))),
    }),
    get('/block/:hash/txid/:index', {
      about: 'The txid at a place in a block; the coinbase has 0.',
      params: { hash: BLOCK_HASH, index: indexParam('Place in the block.') },
      gives: inText(HASH),
      fails: ['bad-hex', 'bad-number', 'block-unknown', 'tx-index-out-of-range'],
      keep: FOR_GOOD,
      answer: async ({ params }) => {
        const hash = parseHash(params.hash)
        const index = parseNumber(params.index)
        const txids = await txidsOf(hash)
        if (index * 32 >= txids.length) fail('tx-index-out-of-range')
        return text(toDisplay(txids.subarray(index * 32, index * 32 + 32)))
      },
    }),
    get('/block/:hash/txs/:start?', {
      about: `At most ${TXS_PAGE} transactions of a block, in its order.`,
      params: {
        hash: BLOCK_HASH,
        start: indexParam(`Place of the first one, a multiple of ${TXS_PAGE}.`),
      },
      gives: inJson(list(TX, TXS_PAGE)),
      fails: ['bad-hex', 'block-unknown', 'start-not-multiple', 'start-out-of-range'],
      keep: BY_DEPTH,
      answer: async ({ params }) => {
        const start = readU32(params.start) ?? 0
        const found = (await queries.blockTxs(parseHash(params.hash), start, TXS_PAGE)) ?? fail('block-unknown')
        if (start % TXS_PAGE !== 0) fail('start-not-multiple')
        if (start >= found.total) fail('start-out-of-range')
        return json(
          found.txs.map((tx) => txView(tx, network, settings)),
          { height: found.height },
        )
      },
    }),
  ])
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
