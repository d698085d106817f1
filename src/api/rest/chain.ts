import { NOT_KEPT } from '../cache-rule.ts'
import type { ApiDeps } from '../deps.ts'
import { fail } from '../errors.ts'
import { get, inJson, type Param, type Route, tagged } from '../route.ts'
import { either, word } from '../schema.ts'
import { CORE_CHAIN, chainInfoJson } from './chain-json.ts'
import { cutFormat, JSON_FORMAT, jsonLine, jsonPieces, onlyJson } from './format.ts'
import {
  CORE_MEMPOOL,
  CORE_MEMPOOL_ENTRIES,
  CORE_MEMPOOL_SEQUENCE,
  CORE_MEMPOOL_TXIDS,
  mempoolEntriesPieces,
  mempoolInfoJson,
  mempoolTxidsPieces,
} from './mempool-json.ts'
import type { Turns } from './turns.ts'

const FLAG_PARAM = (about: string): Param => ({ about, schema: word('true', 'false') })

export function restChainRoutes({ queries, network }: ApiDeps): Route[] {
  return tagged('Chain', [
    get('/chaininfo.:format', {
      about: 'Where the chain stands.',
      params: { format: JSON_FORMAT },
      gives: inJson(CORE_CHAIN),
      fails: ['rest-no-format'],
      keep: NOT_KEPT,
      answer: async ({ params }) => {
        onlyJson(cutFormat('', params.format).format)
        return jsonLine(chainInfoJson(await queries.chainInfo(), network))
      },
    }),
  ])
}

export function restMempoolRoutes({ queries }: ApiDeps, turns: Turns): Route[] {
  return tagged('Mempool', [
    get('/mempool/:part*.:format', {
      about: 'How full the mempool is and what it asks for (info), or all of its transactions (contents).',
      params: {
        part: { about: 'What to tell.', schema: word('info', 'contents'), example: 'info' },
        format: JSON_FORMAT,
      },
      query: {
        verbose: FLAG_PARAM('Of contents: whether to say more of each than its txid; true unless given.'),
        mempool_sequence: FLAG_PARAM(
          'Of contents: whether to tell a number that changes with it; needs verbose=false.',
        ),
      },
      gives: inJson(either(CORE_MEMPOOL, CORE_MEMPOOL_ENTRIES, CORE_MEMPOOL_TXIDS, CORE_MEMPOOL_SEQUENCE)),
      fails: ['rest-bad-path', 'rest-no-format', 'rest-bad-flag', 'rest-verbose-sequence', 'rest-busy'],
      keep: NOT_KEPT,
      answer: async ({ params, query }) => {
        const { text, format } = cutFormat(params.part, params.format)
        if (text !== 'info' && text !== 'contents') {
          fail('rest-bad-path', 'Invalid URI format. Expected /rest/mempool/<info|contents>.json')
        }
        onlyJson(format)
        if (text === 'info') return jsonLine(mempoolInfoJson(await queries.mempoolLevels()))
        const verbose = flag(query, 'verbose', true)
        const sequence = flag(query, 'mempool_sequence', false)
        if (verbose && sequence) fail('rest-verbose-sequence')
        const pieces = await turns.take(async () => {
          const contents = await queries.mempoolContents()
          return verbose ? mempoolEntriesPieces(contents) : mempoolTxidsPieces(contents, sequence)
        })
        return jsonPieces(pieces)
      },
    }),
  ])
}

function flag(query: URLSearchParams, name: string, unlessGiven: boolean): boolean {
  const text = query.get(name) ?? String(unlessGiven)
  if (text !== 'true' && text !== 'false') {
    fail('rest-bad-flag', `The "${name}" query parameter must be either "true" or "false".`)
  }
  return text === 'true'
}
