import { secp256k1 } from '@noble/curves/secp256k1.js'
import { hmac } from '@noble/hashes/hmac.js'
import { sha512 } from '@noble/hashes/sha2.js'
import { encodeBase58Check } from '../../src/script/base58.ts'
import { bytesToHex, concatBytes, hexToBytes } from '../../src/wire/hash.ts'

/** A private key with what its children are derived by (BIP32). */
export interface HdKey {
  key: Uint8Array
  chainCode: Uint8Array
}

/** Version of test networks' public keys: `tpub`. */
const TPUB = Uint8Array.of(0x04, 0x35, 0x87, 0xcf)
const ORDER = secp256k1.Point.Fn.ORDER

/** A child of an index below 2^31. */
export function child({ key, chainCode }: HdKey, index: number): HdKey {
  const data = new Uint8Array(37)
  data.set(secp256k1.getPublicKey(key, true))
  new DataView(data.buffer).setUint32(33, index)
  const digest = hmac(sha512, chainCode, data)
  const sum = (numberOf(digest.subarray(0, 32)) + numberOf(key)) % ORDER
  return { key: hexToBytes(sum.toString(16).padStart(64, '0')), chainCode: digest.slice(32) }
}

/** The public part of a key without a parent, as wallets write it. */
export function tpub({ key, chainCode }: HdKey): string {
  // Depth, parent and index are 0.
  return encodeBase58Check(concatBytes(TPUB, new Uint8Array(9), chainCode, secp256k1.getPublicKey(key, true)))
}

function numberOf(bytes: Uint8Array): bigint {
  return BigInt(`0x${bytesToHex(bytes)}`)
}
