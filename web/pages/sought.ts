import { readHash } from '../../src/api/params.ts'
import { type Network, networks } from '../../src/chain/network.ts'
import { addressOf, parseAddress } from '../../src/script/address.ts'

/** How a text that names something was read. */
export type Sought =
  | { kind: 'empty' }
  | { kind: 'height'; height: number }
  /** A block's or a transaction's. Lower case. */
  | { kind: 'hash'; hashHex: string }
  | { kind: 'outpoint'; txidHex: string; vout: number }
  | { kind: 'address'; address: string; script: Uint8Array }
  | Misread

/** Why it names nothing. `at` counts characters from 0. */
export type Misread =
  | { kind: 'malformed' }
  /** Hexadecimal, but not of 64 digits. */
  | { kind: 'bad-length'; digits: number }
  | { kind: 'checksum'; at: number | undefined }
  | { kind: 'bad-letter'; at: number }
  | { kind: 'other-network'; other: string }

/** Longest text that is looked at. */
export const MAX_SOUGHT = 200
/** A shorter run of hexadecimal digits is not a try at a hash. */
const LEAST_HEX = 16
const BECH32 = 'qpzry9x8gf2tvdw0s3jn54khce6mua7l'
const BASE58 = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz'

/** What people paste: a height with its commas, a hash, `txid:vout`, an address with or without `bitcoin:`. */
export function readSought(pasted: string, network: Network): Sought {
  const text = stripped(pasted)
  if (text === '') return { kind: 'empty' }
  if (text.length > MAX_SOUGHT) return { kind: 'malformed' }
  const digits = text.replace(/^(\d{1,3})((?:[,.\s]\d{3})+)$/, (_, first, more) => first + more.replace(/\D/g, ''))
  if (/^\d{1,10}$/.test(digits)) return { kind: 'height', height: Number(digits) }
  if (readHash(text)) return { kind: 'hash', hashHex: text.toLowerCase() }
  const outpoint = /^([0-9a-f]{64}):(\d{1,9})$/i.exec(text)
  if (outpoint) return { kind: 'outpoint', txidHex: outpoint[1]!.toLowerCase(), vout: Number(outpoint[2]) }
  if (text.length >= LEAST_HEX && /^[0-9a-f]+$/i.test(text)) return { kind: 'bad-length', digits: text.length }
  return readAddress(text, network)
}

/** Without what pasting brings along: space, a URI's scheme and its parameters. */
function stripped(pasted: string): string {
  const text = pasted.trim()
  return /^bitcoin:/i.test(text) ? text.slice('bitcoin:'.length).replace(/^\/\//, '').split('?')[0]! : text
}

/** An address of this network, as it is usually written, or what is wrong with it. */
export function readAddress(text: string, network: Network): Extract<Sought, { kind: 'address' }> | Misread {
  if (text.length > MAX_SOUGHT) return { kind: 'malformed' }
  const parsed = parseAddress(text, network.address, Object.values(networks))
  if (parsed.kind === 'ok') {
    return { kind: 'address', address: addressOf(parsed.script, network.address)!, script: parsed.script }
  }
  if (parsed.kind === 'other-network') return { kind: 'other-network', other: parsed.network }
  switch (parsed.reason) {
    case 'bech32-bad-checksum':
    case 'bech32-wrong-encoding':
      return { kind: 'checksum', at: wrongLetter(text, network) }
    case 'bech32-bad-character':
      return { kind: 'bad-letter', at: firstOutside(text.toLowerCase(), BECH32, text.lastIndexOf('1') + 1) }
    case 'base58-bad-checksum':
      return looksLegacy(text) ? { kind: 'checksum', at: undefined } : { kind: 'malformed' }
    case 'base58-bad-character':
      return looksLegacy(text) ? { kind: 'bad-letter', at: firstOutside(text, BASE58, 0) } : { kind: 'malformed' }
    default:
      return { kind: 'malformed' }
  }
}

/** Whether a text has the look of a base 58 address: its length, and only letters and digits. */
function looksLegacy(text: string): boolean {
  return /^[0-9A-Za-z]{26,36}$/.test(text)
}

function firstOutside(text: string, alphabet: string, from: number): number {
  for (let at = from; at < text.length; at++) if (!alphabet.includes(text[at]!)) return at
  return from
}

/**
 * Where a segwit address was mistyped, when one other letter in one place would make its checksum fit: a bech32
 * checksum tells such a place from all others. Which letter is never told: money sent to a guess is lost.
 */
function wrongLetter(text: string, network: Network): number | undefined {
  const lower = text.toLowerCase()
  for (let at = lower.lastIndexOf('1') + 1; at < lower.length; at++) {
    for (const letter of BECH32) {
      const tried = lower.slice(0, at) + letter + lower.slice(at + 1)
      const parsed = parseAddress(tried, network.address, Object.values(networks))
      if (parsed.kind !== 'invalid') return at
    }
  }
  return undefined
}
