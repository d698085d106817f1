import { concatBytes } from '../wire/hash.ts'
import { decodeBase58Check, encodeBase58Check } from './base58.ts'
import { decodeSegwit, encodeSegwit, isWitnessProgram, type SegwitError } from './bech32.ts'
import { p2pkh, p2sh, witnessScriptPubKey } from './build.ts'
import { isPayToPubkeyHash, isPayToScriptHash, witnessProgram } from './type.ts'

/** What makes a network's addresses and keys its own. */
export interface AddressParams {
  /** Human readable prefix of segwit addresses, in lower case. */
  hrp: string
  /** Version byte of P2PKH addresses. */
  p2pkh: number
  /** Version bytes of P2SH addresses: the first is written, all are read. */
  p2sh: readonly number[]
  /** Version byte of private keys. */
  wif: number
}

/** Longest string that is tried as base 58. */
const MAX_BASE58_LENGTH = 50

export type AddressError =
  | `bech32-${SegwitError}`
  | 'unknown-hrp'
  | 'base58-too-long'
  | 'base58-bad-character'
  | 'base58-too-short'
  | 'base58-bad-checksum'
  | 'base58-bad-length'
  | 'base58-bad-version'

export type ParsedAddress =
  | { kind: 'ok'; script: Uint8Array }
  /** An address, but of another network: the first of those given that has its prefix. */
  | { kind: 'other-network'; network: string }
  /** `text` is what the reference Esplora server answers. */
  | { kind: 'invalid'; reason: AddressError; text: string }

/**
 * The address of a scriptPubKey: P2PKH, P2SH and every witness program, those of unknown versions and P2A included.
 * P2PK, bare multisig, OP_RETURN and anything else has none.
 */
export function addressOf(script: Uint8Array, params: AddressParams): string | undefined {
  if (isPayToPubkeyHash(script)) {
    return encodeBase58Check(concatBytes(Uint8Array.of(params.p2pkh), script.subarray(3, 23)))
  }
  if (isPayToScriptHash(script)) {
    return encodeBase58Check(concatBytes(Uint8Array.of(params.p2sh[0]!), script.subarray(2, 22)))
  }
  const witness = witnessProgram(script)
  if (!witness || !isWitnessProgram(witness.version, witness.program.length)) return undefined
  return encodeSegwit(params.hrp, witness.version, witness.program)
}

/**
 * The scriptPubKey that an address stands for. `others` are the networks to tell apart from a mistake; networks that
 * share prefixes with `params` are the same to an address.
 */
export function parseAddress(
  text: string,
  params: AddressParams,
  others: readonly { name: string; address: AddressParams }[] = [],
): ParsedAddress {
  const segwit = decodeSegwit(text)
  if (segwit.kind === 'ok') {
    if (segwit.hrp === params.hrp) return { kind: 'ok', script: witnessScriptPubKey(segwit.version, segwit.program) }
    const other = others.find(({ address }) => address.hrp === segwit.hrp)
    if (other) return { kind: 'other-network', network: other.name }
    return invalid('unknown-hrp', 'tried to parse an unknown hrp')
  }
  // What begins with a known prefix was meant as segwit, and its fault is the one to tell; the text follows the length.
  const meantAsSegwit = [params, ...others.map(({ address }) => address)].some(({ hrp }) =>
    text.toLowerCase().startsWith(`${hrp}1`),
  )
  const segwitReason: AddressError | undefined = meantAsSegwit ? `bech32-${segwit.reason}` : undefined
  if (text.length > MAX_BASE58_LENGTH) {
    return invalid(segwitReason ?? 'base58-too-long', 'legacy address base58 string')
  }
  const decoded = decodeBase58Check(text)
  if (decoded.kind === 'invalid') return invalid(segwitReason ?? `base58-${decoded.reason}`, 'base58 error')
  const { payload } = decoded
  if (payload.length !== 21) return invalid('base58-bad-length', 'legacy address base58 data')
  const script = legacyScript(payload, params)
  if (script) return { kind: 'ok', script }
  const other = others.find(({ address }) => legacyScript(payload, address))
  if (other) return { kind: 'other-network', network: other.name }
  return invalid('base58-bad-version', 'legacy address base58 prefix')
}

function legacyScript(payload: Uint8Array, params: AddressParams): Uint8Array | undefined {
  const version = payload[0]!
  if (version === params.p2pkh) return p2pkh(payload.subarray(1))
  if (params.p2sh.includes(version)) return p2sh(payload.subarray(1))
  return undefined
}

function invalid(reason: AddressError, text: string): ParsedAddress {
  return { kind: 'invalid', reason, text }
}
