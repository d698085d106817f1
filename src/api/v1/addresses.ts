import { json } from '../answer.ts'
import { forSeconds } from '../cache-rule.ts'
import type { ApiDeps } from '../deps.ts'
import { fail } from '../errors.ts'
import { get, inJson, type Route, tagged } from '../route.ts'
import { string } from '../schema.ts'
import { VALIDATED, validateAddress } from './validate-address.ts'

/** What may be an address of any network. */
const ADDRESS_LIKE = /^[a-zA-Z0-9]{2,120}$/
/** What is answered depends on nothing but the question. */
const A_DAY = forSeconds(86_400)

export function addressRoutes({ network }: ApiDeps): Route[] {
  return tagged('Addresses', [
    get('/validate-address/:address', {
      about: "Whether an address is one of this network's, and what it pays to.",
      params: { address: { about: 'An address.', schema: string(ADDRESS_LIKE.source), example: '{address}' } },
      gives: inJson(VALIDATED),
      fails: ['address-malformed'],
      keep: A_DAY,
      answer: async ({ params }) => {
        if (!ADDRESS_LIKE.test(params.address)) fail('address-malformed')
        return json(validateAddress(params.address, network.address))
      },
    }),
  ])
}
