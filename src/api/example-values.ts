import type { Network } from '../chain/network.ts'
import type { LedgerQueries } from '../ledger/queries.ts'
import { addressOf } from '../script/address.ts'
import { bytesToHex, sha256, toDisplay } from '../wire/hash.ts'
import { parseNamed } from './tx-view.ts'

/** What examples in the document are filled in with: of the tip, so that any relay has it. */
export type ExampleValues = Partial<Record<'hash' | 'height' | 'txid' | 'address' | 'scripthash', string>>

export async function exampleValues(queries: LedgerQueries, network: Network): Promise<ExampleValues> {
  const { tip } = await queries.status()
  const page = await queries.blockPage(tip.hash, 0, 1)
  const coinbase = page?.txs[0]
  if (!coinbase) return {}
  const paid = parseNamed(coinbase.raw).tx.outputs[0]!.scriptPubKey
  const address = addressOf(paid, network.address)
  return {
    hash: toDisplay(tip.hash),
    height: String(tip.height),
    txid: toDisplay(coinbase.txid),
    scripthash: bytesToHex(sha256(paid)),
    ...(address !== undefined && { address }),
  }
}

/** An example with its pieces in braces filled in; `undefined` where one is not known. */
export function fillExample(example: string, values: ExampleValues): string | undefined {
  let whole = true
  const filled = example.replace(/\{(\w+)\}/g, (_, name: keyof ExampleValues) => {
    const value = values[name]
    if (value === undefined) whole = false
    return value ?? ''
  })
  return whole ? filled : undefined
}
