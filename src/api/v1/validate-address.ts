import { type AddressError, type AddressParams, addressOf, parseAddress } from '../../script/address.ts'
import { P2A } from '../../script/build.ts'
import { isPayToScriptHash, witnessProgram } from '../../script/type.ts'
import { bytesToHex, equalBytes } from '../../wire/hash.ts'
import { always, count, either, FLAG, HEX, list, object, string } from '../schema.ts'

/** As Bitcoin Core's validateaddress has it. */
export type ValidatedJson =
  | {
      isvalid: true
      /** As it would be written, which may not be how it was. */
      address: string
      scriptPubKey: string
      /** Whether it pays to a script; left out for a witness version that nobody has given a meaning. */
      isscript?: boolean
      iswitness: boolean
      witness_version?: number
      witness_program?: string
    }
  | { isvalid: false; error: string; error_locations: number[] }

export const VALIDATED = either(
  object({
    isvalid: always(true),
    address: string(),
    scriptPubKey: HEX,
    'isscript?': FLAG,
    iswitness: FLAG,
    'witness_version?': count(),
    'witness_program?': HEX,
  }),
  object({ isvalid: always(false), error: string(), error_locations: list(count()) }),
)

/** Core's words for what is wrong. */
const TEXTS: Record<Exclude<AddressError, 'unknown-hrp'>, string> = {
  'bech32-too-long': 'Bech32 string too long',
  'bech32-mixed-case': 'Invalid character or mixed case',
  'bech32-no-separator': 'Missing separator',
  'bech32-bad-prefix': 'Invalid separator position',
  'bech32-bad-character': 'Invalid Base 32 character',
  'bech32-too-short': 'Invalid separator position',
  'bech32-bad-checksum': 'Invalid checksum',
  'bech32-bad-witness-version': 'Invalid Bech32 address witness version',
  'bech32-wrong-encoding': 'Version 0 witness address must use Bech32 checksum, later ones Bech32m',
  'bech32-bad-padding': 'Invalid padding in Bech32 data section',
  'bech32-bad-program-length': 'Invalid Bech32 address program size',
  'base58-too-long': 'Invalid or unsupported Segwit (Bech32) or Base58 encoding.',
  'base58-bad-character': 'Invalid or unsupported Segwit (Bech32) or Base58 encoding.',
  'base58-too-short': 'Invalid checksum or length of Base58 address (P2PKH or P2SH)',
  'base58-bad-checksum': 'Invalid checksum or length of Base58 address (P2PKH or P2SH)',
  'base58-bad-length': 'Invalid length for Base58 address (P2PKH or P2SH)',
  'base58-bad-version': 'Invalid or unsupported Base58-encoded address.',
}

/** No place of a mistake is told: what Core guesses from a checksum may mislead. */
export function validateAddress(text: string, params: AddressParams): ValidatedJson {
  const parsed = parseAddress(text, params)
  if (parsed.kind !== 'ok') {
    const reason = parsed.kind === 'invalid' ? parsed.reason : 'unknown-hrp'
    return {
      isvalid: false,
      error: reason === 'unknown-hrp' ? unknownPrefix(text, params) : TEXTS[reason],
      error_locations: [],
    }
  }
  const { script } = parsed
  const named = { isvalid: true, address: addressOf(script, params)!, scriptPubKey: bytesToHex(script) } as const
  const witness = witnessProgram(script)
  if (!witness) return { ...named, isscript: isPayToScriptHash(script), iswitness: false }
  if (equalBytes(script, P2A)) return { ...named, isscript: true, iswitness: true }
  const program = { iswitness: true, witness_version: witness.version, witness_program: bytesToHex(witness.program) }
  // Programs of 32 bytes are scripts in version 0 and outputs of taproot, which may be spent by one, in version 1.
  if (witness.version === 0 || (witness.version === 1 && witness.program.length === 32)) {
    return { ...named, isscript: witness.program.length === 32, ...program }
  }
  return { ...named, ...program }
}

function unknownPrefix(text: string, { hrp }: AddressParams): string {
  const got = text.slice(0, text.lastIndexOf('1')).toLowerCase()
  return `Invalid or unsupported prefix for Segwit (Bech32) address (expected ${hrp}, got ${got}).`
}
