import { MEMPOOL_HEIGHT } from '../../ledger/core-queries.ts'
import { json } from '../answer.ts'
import { readBody } from '../body.ts'
import { NOT_KEPT } from '../cache-rule.ts'
import type { ApiDeps } from '../deps.ts'
import { fail } from '../errors.ts'
import { readHash, TXID } from '../params.ts'
import { inJson, post, type Route, tagged } from '../route.ts'
import { FLAG, list, object, orNull, U32 } from '../schema.ts'
import { VOUT, voutView } from '../tx-view.ts'

/** Outputs that one request may ask for. */
export const PREVOUTS_LIMIT = 100
/** Bytes of a request: a hundred outpoints take some 9,000, however generously they are spaced. */
const BODY_LIMIT = 50_000
const BODY_WITHIN_MS = 30_000
const OUTPOINT_SIZE = 36

export function prevoutRoutes({ queries, network }: ApiDeps): Route[] {
  return tagged('Transactions', [
    post('/prevouts', {
      about:
        'Outputs that a transaction to be made would spend: unspent on the chain, or of the mempool. `null` for others.',
      body: {
        about: `At most ${PREVOUTS_LIMIT} outputs.`,
        type: 'application/json',
        schema: list(object({ txid: TXID.schema, vout: U32 }), PREVOUTS_LIMIT),
      },
      gives: inJson(list(orNull(object({ prevout: VOUT, unconfirmed: FLAG })), PREVOUTS_LIMIT)),
      fails: ['bad-outpoints', 'too-many-outpoints', 'body-too-large', 'body-too-slow'],
      keep: NOT_KEPT,
      answer: async ({ request }) => {
        const outpoints = outpointsOf(await readBody(request, BODY_LIMIT, BODY_WITHIN_MS))
        const [mined, now] = await Promise.all([queries.unspent(outpoints, false), queries.unspent(outpoints, true)])
        return json(
          mined.coins.map((coin, i) => {
            // What the mempool spends is still worth knowing to whoever would replace the spender.
            const found = coin ?? now.coins[i]
            return found ? { prevout: voutView(found, network), unconfirmed: found.height === MEMPOOL_HEIGHT } : null
          }),
        )
      },
    }),
  ])
}

/** 36 bytes each, as on the wire. */
function outpointsOf(body: string): Uint8Array {
  let named: unknown
  try {
    named = JSON.parse(body)
  } catch {
    fail('bad-outpoints')
  }
  if (!Array.isArray(named)) return fail('bad-outpoints')
  if (named.length > PREVOUTS_LIMIT) fail('too-many-outpoints')
  const outpoints = new Uint8Array(named.length * OUTPOINT_SIZE)
  const view = new DataView(outpoints.buffer)
  named.forEach((item: unknown, i) => {
    const { txid, vout } = (item ?? {}) as { txid?: unknown; vout?: unknown }
    const hash = typeof txid === 'string' ? readHash(txid) : undefined
    if (!hash || typeof vout !== 'number' || vout !== vout >>> 0) fail('bad-outpoints')
    outpoints.set(hash, i * OUTPOINT_SIZE)
    view.setUint32(i * OUTPOINT_SIZE + 32, vout, true)
  })
  return outpoints
}
