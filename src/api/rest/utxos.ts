import type { Unspent } from '../../ledger/core-queries.ts'
import type { AddressParams } from '../../script/address.ts'
import { Writer } from '../../wire/codec.ts'
import { toDisplay } from '../../wire/hash.ts'
import { component, HASH, HEIGHT, list, object, string } from '../schema.ts'
import { coinText } from './number-text.ts'
import { MAX_OUTPOINTS } from './outpoints.ts'
import { SCRIPT_PUB_KEY, scriptJson } from './script-json.ts'
import { COINS } from './tx-json.ts'

export const CORE_UTXOS = component(
  'CoreUtxos',
  object({
    chainHeight: HEIGHT,
    chaintipHash: HASH,
    bitmap: string('^[01]*$', '1 for each output asked about that is unspent.'),
    utxos: list(object({ height: HEIGHT, value: COINS, scriptPubKey: SCRIPT_PUB_KEY }), MAX_OUTPOINTS),
  }),
)

/** By BIP 64: height and hash of the tip, a bitmap, and the outputs that are unspent. */
export function utxosBytes({ tip, coins }: Unspent): Uint8Array<ArrayBuffer> {
  const bitmap = new Uint8Array((coins.length + 7) >> 3)
  const found = coins.filter((coin) => coin !== undefined)
  for (const [i, coin] of coins.entries()) if (coin) bitmap[i >> 3]! |= 1 << (i & 7)
  const writer = new Writer()
  writer.u32(tip.height)
  writer.bytes(tip.hash)
  writer.compactSize(bitmap.length)
  writer.bytes(bitmap)
  writer.compactSize(found.length)
  for (const { height, value, script } of found) {
    writer.u32(0) // once the transaction's version
    writer.u32(height)
    writer.i64(BigInt(value))
    writer.compactSize(script.length)
    writer.bytes(script)
  }
  return writer.finish()
}

export function utxosJson({ tip, coins }: Unspent, address: AddressParams): string {
  const utxos = coins
    .filter((coin) => coin !== undefined)
    .map(
      ({ height, value, script }) =>
        `{"height":${height},"value":${coinText(value)},"scriptPubKey":${scriptJson(script, address)}}`,
    )
  const bitmap = coins.map((coin) => (coin ? '1' : '0')).join('')
  return (
    `{"chainHeight":${tip.height},"chaintipHash":"${toDisplay(tip.hash)}",` +
    `"bitmap":"${bitmap}","utxos":[${utxos.join(',')}]}`
  )
}
