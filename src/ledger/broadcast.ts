import type { Millis } from '../peer/ports.ts'
import { scriptType } from '../script/type.ts'
import { WireError } from '../wire/error.ts'
import type { Transaction } from '../wire/transaction.ts'
import type { AcceptResult, IncomingTx, Mempool } from './mempool.ts'
import { refusalText } from './mempool-policy.ts'
import type { BroadcastResult } from './queries.ts'

/** 0.1 coins per kvB: who pays more than this has made a mistake. sat/kvB. */
export const MAX_FEE_RATE = 10_000_000

/**
 * What happens to a transaction that a client hands in: as Bitcoin Core's `sendrawtransaction` answers with its default
 * protections against fees far too high and coins that are destroyed. `result` is there when it came to the mempool, for
 * whoever announces it; a transaction that was in the mempool before is accepted again.
 */
export function broadcast(
  mempool: Mempool,
  bytes: Uint8Array,
  now: Millis,
): { answer: BroadcastResult; result?: AcceptResult } {
  const incoming = decodeTx(mempool, bytes)
  if (!incoming) return refused(-22, 'TX decode failed. Make sure the tx has at least one input.')
  const { txid } = incoming
  if (burns(incoming.tx, 0)) {
    return refused(-25, 'Unspendable output exceeds maximum configured by user (maxburnamount)')
  }
  if (mempool.isMined(incoming)) return refused(-27, 'Transaction outputs already in utxo set')
  const held = mempool.get(txid)
  if (held) return { answer: { kind: 'accepted', txid }, result: { kind: 'known' } }
  const result = mempool.accept(incoming, now, { maxFeeRate: MAX_FEE_RATE })
  if (result.kind !== 'refused') return { answer: { kind: 'accepted', txid }, result }
  if (result.reason === 'max-fee-exceeded') {
    return refused(-25, 'Fee exceeds maximum configured by user (e.g. -maxtxfee, maxfeerate)')
  }
  return refused(result.missing ? -25 : -26, refusalText(result))
}

/** Whether an output that nobody can spend is worth more than this, in satoshi. */
export function burns(tx: Transaction, most: number): boolean {
  return tx.outputs.some(({ value, scriptPubKey }) => value > most && scriptType(scriptPubKey) === 'op_return')
}

export function decodeTx(mempool: Mempool, bytes: Uint8Array): IncomingTx | undefined {
  try {
    return mempool.parse(bytes)
  } catch (error) {
    if (!(error instanceof WireError)) throw error
    return undefined
  }
}

function refused(code: -22 | -25 | -26 | -27, message: string): { answer: BroadcastResult } {
  return { answer: { kind: 'refused', code, message } }
}
