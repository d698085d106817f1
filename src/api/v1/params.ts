import { fail } from '../errors.ts'
import { readHash } from '../params.ts'

/** A txid in display hex, as 32 bytes in wire order. */
export function parseTxid(txidHex: string): Uint8Array {
  return readHash(txidHex) ?? fail('bad-txid')
}

export function parseBlockHash(hashHex: string): Uint8Array {
  return readHash(hashHex) ?? fail('bad-block-hash')
}

/** Digits that make a safe whole number; `undefined` for anything else. */
export function readWhole(digits: string): number | undefined {
  const value = Number(digits)
  return /^\d{1,16}$/.test(digits) && Number.isSafeInteger(value) ? value : undefined
}
