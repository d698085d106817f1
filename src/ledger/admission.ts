import type { Millis } from '../peer/ports.ts'
import { decode } from '../wire/codec.ts'
import { type Hasher, hashKey, prefix48 } from '../wire/hash.ts'
import { type ParsedTransaction, type Transaction, type TxOut, transaction } from '../wire/transaction.ts'
import { entryCharge, type MempoolEntry, outpointKey } from './mempool-entry.ts'
import {
  type ChainCoin,
  checkFinal,
  checkSigops,
  checkSpends,
  type MempoolChain,
  type Refusal,
  refuse,
} from './mempool-policy.ts'
import type { NewEntry, TxPool } from './mempool-pool.ts'

/** Bounds what anybody can have looked up with a transaction that is worth nothing. */
const OUTPUTS_LOOKED_FOR = 100

/** A transaction and its bytes, which are alone in their buffer. */
export interface IncomingTx extends ParsedTransaction {
  raw: Uint8Array<ArrayBuffer>
}

/** What chain and mempool, as they stand, say about a transaction. */
export class Admission {
  readonly #pool: TxPool
  readonly #chain: MempoolChain
  readonly #hasher: Hasher
  #order = 0

  constructor(pool: TxPool, chain: MempoolChain, hasher: Hasher) {
    this.#pool = pool
    this.#chain = chain
    this.#hasher = hasher
  }

  /** Everything that depends on other transactions: conflicts, what is spent, amounts. */
  check(incoming: IncomingTx, now: Millis): Refusal | NewEntry {
    const { tx, txid, wtxid, weight, raw } = incoming
    const key = hashKey(txid)
    if (this.#pool.byKey(key)) return refuse('txn-same-nonwitness-data-in-mempool')
    const spends = tx.inputs.map(({ prevout }) => outpointKey(hashKey(prevout.hash), prevout.index))
    if (spends.some((outpoint) => this.#pool.spender(outpoint))) return refuse('txn-mempool-conflict')
    const coins: ChainCoin[] = []
    const missing = new Map<string, Uint8Array>()
    this.#coins(tx).forEach((coin, i) => {
      const { hash } = tx.inputs[i]!.prevout
      if (coin) coins.push(coin)
      else missing.set(hashKey(hash), hash.slice())
    })
    if (missing.size > 0) {
      if (this.isMined(incoming)) return refuse('txn-already-known')
      return { ...refuse('bad-txns-inputs-missingorspent'), missing: [...missing.values()] }
    }
    const spent = checkSpends(tx, coins, this.#chain)
    if (spent.kind === 'refused') return spent
    const cost = checkSigops(incoming, coins)
    if (cost.kind === 'refused') return cost
    const prevouts = coins.map(({ value, script }) => ({ value, script: script.slice() }))
    const scripts = new Set<number>()
    for (const { script } of prevouts) scripts.add(prefix48(this.#hasher.sha256(script)))
    for (const { scriptPubKey } of tx.outputs) scripts.add(prefix48(this.#hasher.sha256(scriptPubKey)))
    return {
      txid,
      wtxid,
      key,
      raw,
      weight,
      sigops: cost.sigops,
      policyWeight: cost.policyWeight,
      vsize: Math.ceil(cost.policyWeight / 4),
      feeSat: spent.feeSat,
      time: Math.floor(now / 1000),
      height: this.#chain.tip.height,
      order: this.#order++,
      spends,
      prevouts,
      value: spent.value,
      outputCount: tx.outputs.length,
      scripts: [...scripts],
      charge: entryCharge(raw.length, prevouts, scripts.size),
    }
  }

  /** Whether an entry, whatever it was when it came, may be in the next block. */
  isPossible(entry: MempoolEntry): boolean {
    const tx = decode(transaction, entry.raw)
    const coins = this.#coins(tx)
    return (
      coins.every((coin) => coin !== undefined) &&
      !checkFinal(tx, this.#chain) &&
      checkSpends(tx, coins, this.#chain).kind === 'ok'
    )
  }

  /** Whether the connected chain has unspent outputs of this transaction, as far as the first ones tell. */
  isMined({ txid, tx }: ParsedTransaction): boolean {
    return tx.outputs.slice(0, OUTPUTS_LOOKED_FOR).some((_, index) => this.#chain.coin(txid, index) !== undefined)
  }

  /** What each input spends, of the mempool or of the chain; outputs of the mempool count as of the next block. */
  #coins(tx: Transaction): (ChainCoin | undefined)[] {
    const height = this.#chain.tip.height + 1
    const parents = new Map<string, readonly TxOut[] | undefined>()
    return tx.inputs.map(({ prevout: { hash, index } }) => {
      const key = hashKey(hash)
      // Many inputs may spend from one large parent, which is to be taken apart once.
      if (!parents.has(key)) {
        const parent = this.#pool.byKey(key)
        parents.set(key, parent && decode(transaction, parent.raw).outputs)
      }
      const outputs = parents.get(key)
      if (!outputs) return this.#chain.coin(hash, index)
      const output = outputs[index]
      return output && { value: Number(output.value), script: output.scriptPubKey, height, coinbase: false }
    })
  }
}
