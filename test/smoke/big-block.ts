import { encode } from '../../src/wire/codec.ts'
import { transaction } from '../../src/wire/transaction.ts'
import type { Coin } from '../sim/chain-maker.ts'

/** An output of a witness version that nobody has given a meaning: any witness spends it, whatever its size. */
export const FUTURE_WITNESS = Uint8Array.of(0x52, 0x20, ...new Uint8Array(32).fill(7))

/** A raw transaction that spends a coin of `FUTURE_WITNESS` with one witness item of so many bytes, to such a coin. No fee. */
export function bigSpend({ txid, vout, valueSat }: Coin, bytes: number): Uint8Array {
  return encode(transaction, {
    version: 2,
    inputs: [
      {
        prevout: { hash: txid, index: vout },
        scriptSig: new Uint8Array(0),
        sequence: 0xffff_ffff,
        // Not all alike, so that a piece in the wrong place would be seen.
        witness: [Uint8Array.from({ length: bytes }, (_, i) => (i * 31 + (i >>> 11)) & 0xff)],
      },
    ],
    outputs: [{ value: BigInt(valueSat), scriptPubKey: FUTURE_WITNESS }],
    lockTime: 0,
  })
}
