import { parseNamed } from '../../src/api/tx-view.ts'
import type { MerkleProof, Outspend, TxInfo } from '../../src/ledger/queries.ts'
import { toDisplay } from '../../src/wire/hash.ts'
import { isCoinbase, type ParsedTransaction } from '../../src/wire/transaction.ts'
import { href, type View } from './view.ts'

/** A transaction as its page needs it, parsed once. */
export interface TxOnPage extends ParsedTransaction {
  info: TxInfo
  txidHex: string
  coinbase: boolean
  /** Sum of the outputs. */
  paid: number
  outspends: Outspend[]
  proof?: MerkleProof
  tip: number
}

export function txOnPage(found: { tx: TxInfo; outspends: Outspend[]; tip: number; proof?: MerkleProof }): TxOnPage {
  const parsed = parseNamed(found.tx.raw)
  return {
    ...parsed,
    info: found.tx,
    txidHex: toDisplay(found.tx.txid),
    coinbase: isCoinbase(parsed.tx),
    paid: parsed.tx.outputs.reduce((sum, { value }) => sum + Number(value), 0),
    outspends: found.outspends,
    tip: found.tip,
    ...(found.proof && { proof: found.proof }),
  }
}

/** This page from another first input and output. */
export function txPageHref(v: View, tx: TxOnPage, firstIn: number, firstOut: number): string {
  return href(v, `/tx/${tx.txidHex}`, {
    in: firstIn > 0 ? firstIn : undefined,
    out: firstOut > 0 ? firstOut : undefined,
  })
}
