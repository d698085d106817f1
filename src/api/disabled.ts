import { NOT_KEPT } from './cache-rule.ts'
import { fail } from './errors.ts'
import { get, inJson, type Route, tagged } from './route.ts'
import { list, string } from './schema.ts'

/**
 * What the reference server offers only where it is started for it, and this relay never: its index knows scripts by
 * their hash, so there is no looking for the beginnings of addresses; and it makes no templates for miners.
 */
export function disabledRoutes(): Route[] {
  return tagged('Not offered', [
    get('/address-prefix/:prefix', {
      about: 'Addresses that begin so; not offered.',
      params: { prefix: { about: 'How they begin.', schema: string() } },
      gives: inJson(list(string(), 10)),
      fails: ['address-search-off'],
      keep: NOT_KEPT,
      answer: async () => fail('address-search-off'),
    }),
    get('/block-template', {
      about: 'What a miner would work on; not offered.',
      gives: inJson({ type: 'object' }),
      fails: ['mining-off'],
      keep: NOT_KEPT,
      answer: async () => fail('mining-off'),
    }),
  ])
}
