import { type AddressParams, addressOf } from '../../script/address.ts'
import { toCoreAsm } from '../../script/core-asm.ts'
import { coreScriptType } from '../../script/core-type.ts'
import { descriptorOf } from '../../script/descriptor.ts'
import { bytesToHex } from '../../wire/hash.ts'
import { component, HEX, object, string, word } from '../schema.ts'

export const SCRIPT_PUB_KEY = component(
  'ScriptPubKey',
  object({
    asm: string(undefined, 'The script in words.'),
    desc: string('#[a-z0-9]{8}$', 'What of an output descriptor can be read off it.'),
    hex: HEX,
    'address?': string(),
    type: word(
      'nonstandard',
      'pubkey',
      'pubkeyhash',
      'scripthash',
      'multisig',
      'nulldata',
      'anchor',
      'witness_v0_keyhash',
      'witness_v0_scripthash',
      'witness_v1_taproot',
      'witness_unknown',
    ),
  }),
)

/** A scriptPubKey as JSON. Nothing in it has to be escaped. */
export function scriptJson(script: Uint8Array, params: AddressParams): string {
  const type = coreScriptType(script)
  const address = addressOf(script, params)
  const desc = descriptorOf(script, type, address)
  const named = address === undefined ? '' : `"address":"${address}",`
  return `{"asm":"${toCoreAsm(script)}","desc":"${desc}","hex":"${bytesToHex(script)}",${named}"type":"${type}"}`
}
