import { hexToBytes, toDisplay } from '../wire/hash.ts'
import { text } from './answer.ts'
import { BODY_FAILS, readTextBody } from './body.ts'
import { forSeconds } from './cache-rule.ts'
import type { ApiDeps } from './deps.ts'
import { fail } from './errors.ts'
import { get, inText, post, type Route, tagged } from './route.ts'
import { HASH, string } from './schema.ts'

export function broadcastRoutes({ queries }: ApiDeps): Route[] {
  const broadcast = async (txHex: string) => {
    // Nothing else than hex digits can be a transaction; this is what Core says to it.
    if (txHex === '' || txHex.length % 2 !== 0 || !/^[0-9a-fA-F]+$/.test(txHex)) return refuse(-22, UNDECODABLE)
    const result = await queries.broadcast(hexToBytes(txHex))
    if (result.kind === 'refused') return refuse(result.code, result.message)
    return text(toDisplay(result.txid))
  }
  return tagged('Sending', [
    post('/tx', {
      about: 'Sends a transaction; its txid comes back.',
      body: { about: 'The transaction in hex.', type: 'text/plain', schema: TX_HEX },
      gives: inText(HASH),
      fails: ['broadcast-refused', ...BODY_FAILS],
      keep: forSeconds(0),
      answer: async ({ request }) => broadcast((await readTextBody(request)).trim()),
    }),
    get('/broadcast', {
      about: 'The same for clients that only GET.',
      query: { tx: { about: 'The transaction in hex.', schema: TX_HEX, required: true } },
      gives: inText(HASH),
      fails: ['missing-tx', 'broadcast-refused'],
      keep: forSeconds(0),
      answer: async ({ query }) => broadcast(query.get('tx') ?? fail('missing-tx')),
    }),
  ])
}

const TX_HEX = string('^([0-9a-fA-F]{2})+$')
const UNDECODABLE = 'TX decode failed. Make sure the tx has at least one input.'

/** Clients look for the number in the text. */
function refuse(code: number, message: string): never {
  return fail('broadcast-refused', `sendrawtransaction RPC error ${code}: ${message}`)
}
