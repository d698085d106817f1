const CHARSET = 'qpzry9x8gf2tvdw0s3jn54khce6mua7l'
/** Longest string that the checksum is made for (BIP173). */
const MAX_LENGTH = 90
const CHECKSUM_LENGTH = 6
const GENERATOR = [0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3]
/** What the checksum comes to, per encoding. */
const FINAL = { bech32: 1, bech32m: 0x2bc830a3 }

export type Bech32Encoding = 'bech32' | 'bech32m'

export type Bech32Error =
  | 'too-long'
  | 'mixed-case'
  | 'no-separator'
  | 'bad-prefix'
  | 'bad-character'
  | 'too-short'
  | 'bad-checksum'

export type SegwitError = Bech32Error | 'bad-witness-version' | 'wrong-encoding' | 'bad-padding' | 'bad-program-length'

export type Bech32Decoded =
  | { kind: 'ok'; hrp: string; words: number[]; encoding: Bech32Encoding }
  | { kind: 'invalid'; reason: Bech32Error }

/**
 * Writes 5-bit words behind a human readable prefix (BIP173, BIP350), in lower case. Throws when the prefix or the
 * length is not allowed.
 */
export function encodeBech32(hrp: string, words: readonly number[], encoding: Bech32Encoding): string {
  if (!isPrefix(hrp) || hrp !== hrp.toLowerCase()) throw new Error(`not a bech32 prefix: ${hrp}`)
  if (hrp.length + 1 + words.length + CHECKSUM_LENGTH > MAX_LENGTH) throw new Error('too long for bech32')
  if (words.some((word) => CHARSET[word] === undefined)) throw new Error('not a word of 5 bits')
  const state = polymod([...expand(hrp), ...words, 0, 0, 0, 0, 0, 0]) ^ FINAL[encoding]
  const checksum = Array.from({ length: CHECKSUM_LENGTH }, (_, i) => (state >>> (5 * (5 - i))) & 31)
  return `${hrp}1${[...words, ...checksum].map((word) => CHARSET[word]).join('')}`
}

/** Reads a bech32 or bech32m string; the prefix comes back in lower case. */
export function decodeBech32(text: string): Bech32Decoded {
  const invalid = (reason: Bech32Error): Bech32Decoded => ({ kind: 'invalid', reason })
  if (text.length > MAX_LENGTH) return invalid('too-long')
  if (text !== text.toLowerCase() && text !== text.toUpperCase()) return invalid('mixed-case')
  const separator = text.lastIndexOf('1')
  if (separator < 0) return invalid('no-separator')
  if (!isPrefix(text.slice(0, separator))) return invalid('bad-prefix')
  const hrp = text.slice(0, separator).toLowerCase()
  const data = text.slice(separator + 1)
  // Outside ASCII there are characters whose lower case is a letter of the alphabet.
  if (!/^[\x21-\x7e]*$/.test(data)) return invalid('bad-character')
  const words = Array.from(data.toLowerCase(), (character) => CHARSET.indexOf(character))
  if (words.includes(-1)) return invalid('bad-character')
  if (words.length < CHECKSUM_LENGTH) return invalid('too-short')
  const state = polymod([...expand(hrp), ...words])
  const encoding = state === FINAL.bech32 ? 'bech32' : state === FINAL.bech32m ? 'bech32m' : undefined
  if (!encoding) return invalid('bad-checksum')
  return { kind: 'ok', hrp, words: words.slice(0, -CHECKSUM_LENGTH), encoding }
}

/** The address of a witness program: bech32 for version 0, bech32m from version 1 on. Throws on a program that BIP141 does not know. */
export function encodeSegwit(hrp: string, version: number, program: Uint8Array): string {
  if (!isWitnessProgram(version, program.length))
    throw new Error(`no witness program: v${version}, ${program.length} bytes`)
  return encodeBech32(hrp, [version, ...toWords(program)], version === 0 ? 'bech32' : 'bech32m')
}

export type SegwitDecoded =
  | { kind: 'ok'; hrp: string; version: number; program: Uint8Array }
  | { kind: 'invalid'; reason: SegwitError }

/** Reads what `encodeSegwit` writes, in lower or in upper case. */
export function decodeSegwit(text: string): SegwitDecoded {
  const decoded = decodeBech32(text)
  if (decoded.kind === 'invalid') return decoded
  const [version, ...words] = decoded.words
  if (version === undefined || version > 16) return { kind: 'invalid', reason: 'bad-witness-version' }
  if (decoded.encoding !== (version === 0 ? 'bech32' : 'bech32m')) return { kind: 'invalid', reason: 'wrong-encoding' }
  const program = fromWords(words)
  if (!program) return { kind: 'invalid', reason: 'bad-padding' }
  if (!isWitnessProgram(version, program.length)) return { kind: 'invalid', reason: 'bad-program-length' }
  return { kind: 'ok', hrp: decoded.hrp, version, program }
}

/** Whether BIP141 allows a program of this length: 2 to 40 bytes, and 20 or 32 for version 0. */
export function isWitnessProgram(version: number, length: number): boolean {
  if (!Number.isInteger(version) || version < 0 || version > 16) return false
  return version === 0 ? length === 20 || length === 32 : length >= 2 && length <= 40
}

/** Bytes as 5-bit words, the last one filled up with zero bits. */
export function toWords(bytes: Uint8Array): number[] {
  const words: number[] = []
  let bits = 0
  let held = 0
  for (const byte of bytes) {
    held = ((held << 8) | byte) & 0xfff
    for (bits += 8; bits >= 5; bits -= 5) words.push((held >>> (bits - 5)) & 31)
  }
  if (bits > 0) words.push((held << (5 - bits)) & 31)
  return words
}

/** 5-bit words as bytes; undefined when more than 4 bits, or any bit that is set, would be dropped. */
export function fromWords(words: readonly number[]): Uint8Array | undefined {
  const bytes = new Uint8Array(Math.floor((words.length * 5) / 8))
  let length = 0
  let bits = 0
  let held = 0
  for (const word of words) {
    held = ((held << 5) | word) & 0xfff
    bits += 5
    if (bits >= 8) {
      bits -= 8
      bytes[length++] = held >>> bits
    }
  }
  if (bits > 4 || (held & ((1 << bits) - 1)) !== 0) return undefined
  return bytes
}

/** 1 to 83 printable ASCII characters. */
function isPrefix(hrp: string): boolean {
  return /^[\x21-\x7e]{1,83}$/.test(hrp)
}

function expand(hrp: string): number[] {
  const codes = Array.from(hrp, (character) => character.charCodeAt(0))
  return [...codes.map((code) => code >> 5), 0, ...codes.map((code) => code & 31)]
}

function polymod(values: readonly number[]): number {
  let state = 1
  for (const value of values) {
    const top = state >>> 25
    state = ((state & 0x1ffffff) << 5) ^ value
    for (let i = 0; i < 5; i++) if ((top >>> i) & 1) state ^= GENERATOR[i]!
  }
  return state
}
