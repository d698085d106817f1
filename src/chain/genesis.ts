import { concatBytes, hexToBytes, sha256d } from '../wire/hash.ts'

/** What distinguishes one genesis block from another; everything else in it is the same on every network. */
export interface GenesisFacts {
  /** Unix seconds. */
  time: number
  bits: number
  nonce: number
  /** The coinbase's message, one byte a character. */
  message: string
  /** scriptPubKey of its one output of 50 coins, which nobody can spend: it never enters the coins. */
  outputScript: Uint8Array
}

/** The message and the output of Bitcoin's first block, which three test networks repeat. */
export const SATOSHI_MESSAGE = 'The Times 03/Jan/2009 Chancellor on brink of second bailout for banks'
export const SATOSHI_OUTPUT = payToKey(
  '04678afdb0fe5548271967f1a67130b7105cd6a828e03909a67962e0ea1f61deb649f6bc3f4cef38c4f35504e51ec112de5c384df7ba0b8d578a4c702b6bf11d5f',
)

const VERSION_1 = [1, 0, 0, 0]
const FIFTY_COINS = hexToBytes('00f2052a01000000')
const NO_HASH = new Uint8Array(32)

/** `<key> OP_CHECKSIG`. */
export function payToKey(keyHex: string): Uint8Array {
  const key = hexToBytes(keyHex)
  return Uint8Array.of(key.length, ...key, 0xac)
}

/** The raw block and its hash. */
export function assembleGenesis(facts: GenesisFacts): { raw: Uint8Array<ArrayBuffer>; hash: Uint8Array<ArrayBuffer> } {
  const message = Uint8Array.from(facts.message, (char) => char.charCodeAt(0))
  const pushOpcode = message.length > 75 ? [0x4c] : []
  const scriptSig = Uint8Array.of(4, ...u32(0x1d00ffff), 1, 4, ...pushOpcode, message.length, ...message)
  const coinbase = Uint8Array.of(
    ...VERSION_1,
    1,
    ...NO_HASH,
    ...u32(0xffffffff),
    scriptSig.length,
    ...scriptSig,
    ...u32(0xffffffff),
    1,
    ...FIFTY_COINS,
    facts.outputScript.length,
    ...facts.outputScript,
    ...u32(0),
  )
  const header = Uint8Array.of(
    ...VERSION_1,
    ...NO_HASH,
    ...sha256d(coinbase),
    ...u32(facts.time),
    ...u32(facts.bits),
    ...u32(facts.nonce),
  )
  return { raw: concatBytes(header, Uint8Array.of(1), coinbase), hash: sha256d(header) }
}

function u32(value: number): number[] {
  return [value & 0xff, (value >>> 8) & 0xff, (value >>> 16) & 0xff, value >>> 24]
}
