import { parseTransaction } from '../../wire/transaction.ts'
import { readBytes } from '../body.ts'
import { NOT_KEPT } from '../cache-rule.ts'
import type { ApiDeps } from '../deps.ts'
import { fail } from '../errors.ts'
import { TXID } from '../params.ts'
import { type Call, get, type Param, post, type Route, tagged } from '../route.ts'
import { BINARY, string } from '../schema.ts'
import { cutFormat, FORMAT, inFormat, inForms, jsonLine } from './format.ts'
import { MAX_OUTPOINTS, parseOutpoints } from './outpoints.ts'
import { parseBlockHash } from './params.ts'
import { CORE_TX, txJson } from './tx-json.ts'
import { CORE_UTXOS, utxosBytes, utxosJson } from './utxos.ts'

/** Far more than the hex of a question about as many outputs as may be asked about. */
const BODY_LIMIT = 10_000
const BODY_WITHIN_MS = 30_000

const OUTPOINTS: Param = {
  about: `Outputs as TXID-INDEX, up to ${MAX_OUTPOINTS} with slashes between; checkmempool/ before them lets the mempool count.`,
  schema: string(),
  example: 'checkmempool/{txid}-0',
}

export function restTxRoutes({ queries, network }: ApiDeps): Route[] {
  const utxos = async (path: string, ending: string, request: Request) => {
    const { text, format } = cutFormat(path, ending)
    const body = await readBytes(request, BODY_LIMIT, BODY_WITHIN_MS)
    const { outpoints, mempool } = parseOutpoints(text, body, format)
    if (!format) return inFormat(format, { bytes: () => body, json: () => fail('rest-no-json') })
    const unspent = await queries.unspent(outpoints, mempool)
    return inFormat(format, {
      bytes: () => utxosBytes(unspent),
      json: () => jsonLine(utxosJson(unspent, network.address)),
    })
  }
  const declared = {
    about: 'Which of these outputs are unspent (BIP 64).',
    gives: inForms(CORE_UTXOS),
    fails: [
      'rest-no-outpoints',
      'rest-bad-outpoints',
      'rest-outpoints-twice',
      'rest-too-many-outpoints',
      'rest-no-format',
      'body-too-large',
      'body-too-slow',
    ],
    keep: NOT_KEPT,
  } as const
  const inPath = {
    ...declared,
    params: { outpoints: OUTPOINTS, format: FORMAT },
    answer: ({ params, request }: Call<'outpoints' | 'format'>) => utxos(params.outpoints, params.format, request),
  }
  const inBody = {
    ...declared,
    params: { format: FORMAT },
    answer: ({ params, request }: Call<'format'>) => utxos('', params.format, request),
  }
  const body = {
    about: 'A byte that is 1 where the mempool counts, a compactSize and the outpoints; in hex for an answer in hex.',
    type: 'application/octet-stream',
    schema: BINARY,
  } as const
  return tagged('Transactions', [
    get('/tx/:txid*.:format', {
      about: 'A transaction, mined or waiting.',
      params: { txid: TXID, format: FORMAT },
      gives: inForms(CORE_TX),
      fails: ['rest-bad-hash', 'rest-not-found', 'rest-no-format'],
      keep: NOT_KEPT,
      answer: async ({ params }) => {
        const { text, format } = cutFormat(params.txid, params.format)
        const tx = (await queries.tx(parseBlockHash(text))) ?? fail('rest-not-found', `${text} not found`)
        const { raw, txid, status } = tx
        return inFormat(format, {
          bytes: () => raw,
          json: () => {
            const named = { raw, txid, wtxid: parseTransaction(raw).wtxid }
            const { address } = network
            return jsonLine(txJson(named, { address, ...(status.confirmed && { block: status.hash }) }))
          },
        })
      },
    }),
    get('/getutxos/:outpoints*.:format', inPath),
    post('/getutxos/:outpoints*.:format', { ...inPath, body }),
    get('/getutxos.:format', inBody),
    post('/getutxos.:format', { ...inBody, body }),
  ])
}
