import { hexToBytes, toDisplay } from '../wire/hash.ts'
import { text } from './answer.ts'
import { readBody } from './body.ts'
import type { ApiDeps } from './deps.ts'
import { fail } from './errors.ts'
import type { Route } from './route.ts'

/** Bytes of a request's body. */
const BODY_LIMIT = 1_000_000
const BODY_WITHIN_MS = 30_000

export function broadcastRoutes({ queries }: ApiDeps): Route[] {
  const broadcast = async (txHex: string) => {
    // Nothing else than hex digits can be a transaction; this is what Core says to it.
    if (txHex === '' || txHex.length % 2 !== 0 || !/^[0-9a-fA-F]+$/.test(txHex)) return refuse(-22, UNDECODABLE)
    const result = await queries.broadcast(hexToBytes(txHex))
    if (result.kind === 'refused') return refuse(result.code, result.message)
    return text(toDisplay(result.txid), 0)
  }
  return [
    ['POST', '/tx', async ({ request }) => broadcast((await readBody(request, BODY_LIMIT, BODY_WITHIN_MS)).trim())],
    ['GET', '/broadcast', async ({ query }) => broadcast(query.get('tx') ?? fail('missing-tx'))],
  ]
}

const UNDECODABLE = 'TX decode failed. Make sure the tx has at least one input.'

/** Clients look for the number in the text. */
function refuse(code: number, message: string): never {
  return fail('broadcast-refused', `sendrawtransaction RPC error ${code}: ${message}`)
}
