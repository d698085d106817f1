import { type Network, networks } from '../chain/network.ts'
import { parseAddress } from '../script/address.ts'
import { sha256 } from '../wire/hash.ts'
import { type ApiErrorCode, fail } from './errors.ts'
import { parseScripthash } from './params.ts'
import type { Param } from './route.ts'
import { string } from './schema.ts'

/** How a path names a script: what the document says of it, and the scripthash that it means. */
export interface ScriptReader {
  subject: Param
  read: (subject: string) => Uint8Array
  fails: readonly ApiErrorCode[]
}

export function addressReader(network: Network): ScriptReader {
  return {
    subject: { about: 'An address.', schema: string(), example: '{address}' },
    read: (subject) => {
      const parsed = parseAddress(subject, network.address, Object.values(networks))
      if (parsed.kind === 'other-network') return fail('other-network')
      if (parsed.kind === 'invalid') return fail('bad-address', parsed.text)
      return sha256(parsed.script)
    },
    fails: ['bad-address', 'other-network', 'history-too-long'],
  }
}

export function scripthashReader(): ScriptReader {
  return {
    subject: {
      about: 'SHA-256 of a scriptPubKey in hex, not reversed.',
      schema: string('^[0-9a-fA-F]{64}$'),
      example: '{scripthash}',
    },
    read: parseScripthash,
    fails: ['bad-scripthash', 'history-too-long'],
  }
}
