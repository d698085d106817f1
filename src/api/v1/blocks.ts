import { json } from '../answer.ts'
import { BY_DEPTH, forSeconds } from '../cache-rule.ts'
import type { ApiDeps } from '../deps.ts'
import { fail } from '../errors.ts'
import { BLOCK_HASH, HEIGHT_PARAM } from '../params.ts'
import { get, inJson, type Route, tagged } from '../route.ts'
import { list } from '../schema.ts'
import { EXTENDED_BLOCK, extendedBlockView } from './block-view.ts'
import { parseBlockHash, readWhole } from './params.ts'

/** Blocks in one answer of `/blocks`. */
export const BLOCKS_PAGE = 15
/** Blocks in one answer of `/blocks-bulk`, as mempool.space has it for the public. */
const BULK_LIMIT = 10
/** What the next block may change. */
const KEEP = forSeconds(2)

export function extendedBlockRoutes({ queries, network }: ApiDeps): Route[] {
  const ascending = async (from: number, to: number) => {
    const blocks = (await queries.blocksWithForks(to, to - from + 1)) ?? []
    return blocks.reverse()
  }
  return tagged('Blocks', [
    get('/blocks/:height?', {
      about: `At most ${BLOCKS_PAGE} blocks, descending from a height or from the tip, with what their transactions come to.`,
      params: { height: HEIGHT_PARAM },
      gives: inJson(list(EXTENDED_BLOCK, BLOCKS_PAGE)),
      fails: ['bad-number'],
      keep: KEEP,
      answer: async ({ params }) => {
        const from = params.height === '' ? undefined : (readWhole(params.height) ?? fail('bad-number'))
        const blocks = await queries.blocksWithForks(from, BLOCKS_PAGE)
        // Above the tip there are none; what the page has of those below is given.
        const found = blocks ?? (await queries.blocksWithForks(undefined, BLOCKS_PAGE)) ?? []
        const lowest = from === undefined ? 0 : from - BLOCKS_PAGE + 1
        return json(
          found.filter(({ block }) => block.height >= lowest).map((block) => extendedBlockView(block, network)),
        )
      },
    }),
    get('/block/:hash', {
      about: 'A block of the best chain, with what its transactions come to.',
      params: { hash: BLOCK_HASH },
      gives: inJson(EXTENDED_BLOCK),
      fails: ['bad-block-hash', 'block-unknown'],
      keep: BY_DEPTH,
      answer: async ({ params }) => {
        const [found] = (await queries.blocksWithForks(parseBlockHash(params.hash), 1)) ?? fail('block-unknown')
        return json(extendedBlockView(found!, network), { height: found!.block.height })
      },
    }),
    get('/blocks-bulk/:from/:to?', {
      about: `At most ${BULK_LIMIT} blocks between two heights, ascending; up to the tip unless told where to end.`,
      params: { from: HEIGHT_PARAM, to: HEIGHT_PARAM },
      gives: inJson(list(EXTENDED_BLOCK, BULK_LIMIT)),
      fails: ['bad-block-range'],
      keep: KEEP,
      answer: async ({ params }) => {
        const tip = (await queries.status()).tip.height
        const from = readWhole(params.from) ?? fail('bad-block-range')
        const to = params.to === '' ? tip : (readWhole(params.to) ?? badRange("'to' must be a block height (integer)"))
        if (from > to) badRange("'to' must be a higher block height than 'from'")
        if (to - from + 1 > BULK_LIMIT) fail('bad-block-range', `You can only query ${BULK_LIMIT} blocks at once.`)
        const blocks = from > tip ? [] : await ascending(from, Math.min(to, tip))
        return json(blocks.map((block) => extendedBlockView(block, network)))
      },
    }),
  ])
}

function badRange(what: string): never {
  return fail('bad-block-range', `Parameter ${what}`)
}
