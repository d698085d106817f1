import { Writer } from '../../wire/codec.ts'
import { bytesToHex } from '../../wire/hash.ts'
import { hashListView } from '../block-view.ts'
import { NOT_KEPT } from '../cache-rule.ts'
import type { ApiDeps } from '../deps.ts'
import { fail } from '../errors.ts'
import { get, type Param, type Route, tagged } from '../route.ts'
import { HASH, HEX, list, object, word } from '../schema.ts'
import { FOR_A_DAY, forADay } from './blocks.ts'
import { cutFormat, FORMAT, inFormat, inForms, jsonLine } from './format.ts'
import { BLOCK, COUNT, parseBlockHash, parseCount } from './params.ts'

/** The only kind of filter that there is, and its number in BIP 158. */
const BASIC = 'basic'
const BASIC_TYPE = 0
const BEHIND = 'Filter not found. Block filters are still in the process of being indexed.'
const STALE = 'Filter not found. Block was not connected to active chain.'

const TYPE: Param = { about: 'Kind of filter.', schema: word(BASIC), example: BASIC }

export function restFilterRoutes({ queries }: ApiDeps): Route[] {
  return tagged('Filters', [
    get('/blockfilterheaders/:type/:hash*.:format', {
      about:
        'Filter headers (BIP 157) of the best chain from a block upwards. Formerly /blockfilterheaders/basic/COUNT/HASH.',
      params: { type: TYPE, hash: BLOCK, format: FORMAT },
      query: { count: COUNT },
      gives: inForms(list(HASH)),
      fails: [
        'rest-bad-path',
        'rest-bad-count',
        'rest-bad-hash',
        'rest-bad-filter-type',
        'rest-filters-off',
        'rest-no-filter',
        'rest-no-format',
        'body-damaged',
      ],
      keep: NOT_KEPT,
      answer: async ({ params, query }) => {
        const { text, format } = cutFormat(params.hash, params.format)
        const parts = text.split('/')
        if (parts.length > 2) {
          fail(
            'rest-bad-path',
            'Invalid URI format. Expected /rest/blockfilterheaders/<filtertype>/<blockhash>.<ext>?count=<count>',
          )
        }
        const wanted = parseCount(parts.length === 2 ? parts[0]! : query.get('count'))
        const hash = parseBlockHash(parts.at(-1)!)
        expectBasic(params.type)
        const answer = await queries.filterHeadersFrom(hash, wanted)
        if (answer.kind === 'off') fail('rest-filters-off')
        if (answer.kind === 'behind') fail('rest-no-filter', BEHIND)
        if (answer.kind === 'damaged') fail('body-damaged')
        return inFormat(format, {
          bytes: () => answer.bytes,
          json: () => jsonLine(JSON.stringify(hashListView(answer.bytes))),
        })
      },
    }),
    get('/blockfilter/:type/:hash*.:format', {
      about: 'The filter of a block (BIP 158).',
      params: { type: TYPE, hash: BLOCK, format: FORMAT },
      gives: inForms(object({ filter: HEX })),
      fails: [
        'rest-bad-path',
        'rest-bad-hash',
        'rest-bad-filter-type',
        'rest-filters-off',
        'rest-not-found',
        'rest-no-filter',
        'rest-no-format',
        'body-damaged',
      ],
      keep: FOR_A_DAY,
      answer: async ({ params }) => {
        const { text, format } = cutFormat(params.hash, params.format)
        if (text.includes('/')) {
          fail('rest-bad-path', 'Invalid URI format. Expected /rest/blockfilter/<filtertype>/<blockhash>')
        }
        const hash = parseBlockHash(text)
        expectBasic(params.type)
        const answer = await queries.blockFilter(hash)
        if (answer.kind === 'off') fail('rest-filters-off')
        if (answer.kind === 'missing') fail('rest-not-found', `${text} not found`)
        if (answer.kind === 'stale') fail('rest-no-filter', STALE)
        if (answer.kind === 'behind') fail('rest-no-filter', BEHIND)
        if (answer.kind === 'damaged') fail('body-damaged')
        const { bytes } = answer
        return forADay(
          inFormat(format, {
            bytes: () => filterMessage(hash, bytes),
            json: () => jsonLine(`{"filter":"${bytesToHex(bytes)}"}`),
          }),
        )
      },
    }),
  ])
}

/** As in `cfilter`: the kind, the block, and the filter with its length. */
function filterMessage(hash: Uint8Array, filter: Uint8Array): Uint8Array<ArrayBuffer> {
  const writer = new Writer(filter.length + 42)
  writer.u8(BASIC_TYPE)
  writer.bytes(hash)
  writer.compactSize(filter.length)
  writer.bytes(filter)
  return writer.finish()
}

function expectBasic(type: string): void {
  if (type !== BASIC) fail('rest-bad-filter-type', `Unknown filtertype ${type}`)
}
