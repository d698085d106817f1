import type { Found } from '../../ledger/core-queries.ts'
import { readSpentOutputs } from '../../ledger/spent-outputs.ts'
import { toDisplay } from '../../wire/hash.ts'
import type { Answer } from '../answer.ts'
import type { CacheRule } from '../cache-rule.ts'
import { NOT_KEPT } from '../cache-rule.ts'
import type { ApiDeps } from '../deps.ts'
import type { ApiErrorCode } from '../errors.ts'
import { fail } from '../errors.ts'
import { get, type Route, tagged } from '../route.ts'
import { count, HASH, list, object, string } from '../schema.ts'
import { blockPieces, blockTxidsJson, CORE_BLOCK, CORE_BLOCK_TXIDS, CORE_HEADER, headerJson } from './block-json.ts'
import { cutFormat, FORMAT, IN_BYTES_OR_HEX, inFormat, inForms, jsonLine, jsonPieces } from './format.ts'
import { coinText } from './number-text.ts'
import { BLOCK, COUNT, parseBlockHash, parseCount, readSize } from './params.ts'
import { SCRIPT_PUB_KEY, scriptJson } from './script-json.ts'
import type { Turns } from './turns.ts'
import { COINS } from './tx-json.ts'

/** As Core has it: not for longer, so that a cache does not hold on to an older version's form. */
export const FOR_A_DAY: CacheRule = { for: 'good', seconds: 86_400 }
/** In Core's order. */
const DAY_HEADERS = { 'Cache-Control': 'public, immutable, max-age=86400' }
const HEADER_SIZE = 80
const PIECE = 65_536
const INT32_MAX = 0x7fff_ffff

const BLOCK_FAILS: ApiErrorCode[] = [
  'rest-bad-hash',
  'rest-not-found',
  'rest-not-available',
  'rest-no-format',
  'body-damaged',
]

/** The same answer, which caches may keep for a day. */
export function forADay(answer: Answer): Answer {
  return { ...answer, keep: FOR_A_DAY, headers: DAY_HEADERS }
}

export function restBlockRoutes({ queries, network }: ApiDeps, turns: Turns): Route[] {
  const { address } = network
  const raw = async (named: string) => foundOf(await queries.storedBlock(parseBlockHash(named)), named)
  const detail = async (named: string, spent: boolean) =>
    foundOf(await queries.blockDetail(parseBlockHash(named), spent), named)
  /** A block in any form; `json` makes the last. */
  const block = async (named: string, ending: string, json: (hashHex: string) => Promise<Answer>) => {
    const { text, format } = cutFormat(named, ending)
    if (format === 'json') return json(text)
    const { bytes } = await raw(text)
    return forADay(inFormat(format, { bytes: () => bytes, json: () => fail('rest-no-json') }))
  }
  return tagged('Blocks', [
    get('/block/notxdetails/:hash*.:format', {
      about: 'A block; as JSON with the txids of its transactions only.',
      params: { hash: BLOCK, format: FORMAT },
      gives: inForms(CORE_BLOCK_TXIDS),
      fails: BLOCK_FAILS,
      keep: NOT_KEPT,
      answer: ({ params }) =>
        block(params.hash, params.format, async (text) => jsonLine(blockTxidsJson(await detail(text, false)))),
    }),
    get('/block/:hash*.:format', {
      about: 'A block; as JSON with its transactions and what they spend. Blocks off the best chain are served too.',
      params: { hash: BLOCK, format: FORMAT },
      gives: inForms(CORE_BLOCK),
      fails: [...BLOCK_FAILS, 'rest-busy'],
      keep: NOT_KEPT,
      answer: ({ params }) =>
        block(params.hash, params.format, async (text) =>
          jsonPieces(await turns.take(async () => blockPieces(await detail(text, true), address))),
        ),
    }),
    get('/blockpart/:hash*.:format', {
      about: 'A part of a block.',
      params: { hash: BLOCK, format: { ...FORMAT, about: 'Bytes or hex.', example: 'hex' } },
      query: {
        offset: { about: 'Where the part begins.', schema: count(), required: true, example: '0' },
        size: {
          about: 'How many bytes it has; all of them lie in the block.',
          schema: count(),
          required: true,
          example: '80',
        },
      },
      gives: IN_BYTES_OR_HEX,
      fails: ['rest-bad-offset', 'rest-bad-size', ...BLOCK_FAILS, 'rest-bad-part', 'rest-no-json'],
      keep: FOR_A_DAY,
      answer: async ({ params, query }) => {
        const offset = readSize(query.get('offset')) ?? fail('rest-bad-offset')
        const size = readSize(query.get('size')) ?? fail('rest-bad-size')
        const { text, format } = cutFormat(params.hash, params.format)
        const part = await queries.blockPart(parseBlockHash(text), offset, size)
        if (part.kind === 'bad-range') {
          fail('rest-bad-part', `Bad block part offset/size ${query.get('offset')}/${query.get('size')} for ${text}`)
        }
        const { bytes } = foundOf(part, text)
        return forADay(inFormat(format, { bytes: () => bytes, json: () => fail('rest-no-json') }))
      },
    }),
    get('/headers/:hash*.:format', {
      about:
        'Headers of the best chain from a block upwards, none for a block that is not on it. Formerly /headers/COUNT/HASH.',
      params: { hash: BLOCK, format: FORMAT },
      query: { count: COUNT },
      gives: inForms(list(CORE_HEADER)),
      fails: ['rest-bad-path', 'rest-bad-count', 'rest-bad-hash', 'rest-no-format'],
      keep: NOT_KEPT,
      answer: async ({ params, query }) => {
        const { text, format } = cutFormat(params.hash, params.format)
        const parts = text.split('/')
        if (parts.length > 2) {
          fail('rest-bad-path', 'Invalid URI format. Expected /rest/headers/<hash>.<ext>?count=<count>')
        }
        const wanted = parseCount(parts.length === 2 ? parts[0]! : query.get('count'))
        const { tip, headers } = await queries.headersFrom(parseBlockHash(parts.at(-1)!), wanted)
        return inFormat(format, {
          bytes: () => {
            const bytes = new Uint8Array(headers.length * HEADER_SIZE)
            for (const [i, { header }] of headers.entries()) bytes.set(header, i * HEADER_SIZE)
            return bytes
          },
          json: () => jsonLine(`[${headers.map((header) => headerJson(header, tip)).join(',')}]`),
        })
      },
    }),
    get('/blockhashbyheight/:height*.:format', {
      about: 'The hash of the block at a height of the best chain.',
      params: { height: { about: 'Blocks below it.', schema: count(), example: '{height}' }, format: FORMAT },
      gives: { ...inForms(object({ blockhash: HASH })), 'text/plain': string('^[0-9a-f]{64}\\n$') },
      fails: ['rest-bad-height', 'rest-height-unknown', 'rest-no-format'],
      keep: NOT_KEPT,
      answer: async ({ params }) => {
        const { text, format } = cutFormat(params.height, params.format)
        // Core reads a signed number of 32 bits, and only says so of what it was.
        const height = /^\d{1,10}$/.test(text) ? Number(text) : -1
        if (height < 0 || height > INT32_MAX) fail('rest-bad-height', `Invalid height: ${printable(text)}`)
        const hash = (await queries.blockHashAt(height)) ?? fail('rest-height-unknown')
        return inFormat(format, {
          bytes: () => hash,
          hex: () => toDisplay(hash),
          json: () => jsonLine(`{"blockhash":"${toDisplay(hash)}"}`),
        })
      },
    }),
    get('/spenttxouts/:hash*.:format', {
      about: 'What the transactions of a block spend: a list for each, which the coinbase has empty.',
      params: { hash: BLOCK, format: FORMAT },
      gives: inForms(list(list(object({ value: COINS, scriptPubKey: SCRIPT_PUB_KEY })))),
      fails: [
        'rest-bad-path',
        'rest-bad-hash',
        'rest-not-found',
        'rest-no-undo',
        'rest-no-format',
        'body-damaged',
        'rest-busy',
      ],
      keep: FOR_A_DAY,
      answer: async ({ params }) => {
        const { text, format } = cutFormat(params.hash, params.format)
        if (text.includes('/')) fail('rest-bad-path', 'Invalid URI format. Expected /rest/spenttxouts/<hash>.<ext>')
        const read = async () => {
          const spent = await queries.spentOutputs(parseBlockHash(text))
          return spent.kind === 'stale'
            ? fail('rest-no-undo', `${text} undo not available`)
            : foundOf(spent, text).bytes
        }
        if (format === 'json') {
          return forADay(jsonPieces(await turns.take(async () => spentPieces(await read(), address))))
        }
        const bytes = await read()
        return forADay(inFormat(format, { bytes: () => bytes, json: () => fail('rest-no-json') }))
      },
    }),
  ])
}

/** The answer that is there; the hash in texts as it was written. */
function foundOf<T extends object>(answer: Found<T>, hashHex: string): T {
  switch (answer.kind) {
    case 'found':
      return answer
    case 'missing':
      return fail('rest-not-found', `${hashHex} not found`)
    case 'absent':
      return fail('rest-not-available', `${hashHex} not available (not fully downloaded)`)
    case 'pruned':
      return fail('rest-not-available', `${hashHex} not available (pruned data)`)
    case 'damaged':
      return fail('body-damaged')
  }
}

function* spentPieces(bytes: Uint8Array, address: ApiDeps['network']['address']): Iterable<string> {
  let text = '['
  let isFirst = true
  for (const spent of readSpentOutputs(bytes)) {
    const outputs = spent.map(
      ({ value, script }) => `{"value":${coinText(value)},"scriptPubKey":${scriptJson(script, address)}}`,
    )
    text += `${isFirst ? '' : ','}[${outputs.join(',')}]`
    isFirst = false
    if (text.length < PIECE) continue
    yield text
    text = ''
  }
  yield `${text}]\n`
}

/** What of a text Core repeats in an answer. */
function printable(text: string): string {
  return text.replace(/[^\w .,;_/:?@()-]/g, '')
}
