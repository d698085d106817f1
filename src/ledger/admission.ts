import type { Millis } from '../peer/ports.ts'
import { decode } from '../wire/codec.ts'
import { type Hasher, hashKey, prefix48 } from '../wire/hash.ts'
import { type ParsedTransaction, type Transaction, type TxOut, transaction } from '../wire/transaction.ts'
import { dustOutputs } from './dust.ts'
import { entryCharge, type MempoolEntry, outpointKey } from './mempool-entry.ts'
import {
  type ChainCoin,
  checkFinal,
  checkInputKinds,
  checkSigops,
  checkSpends,
  type MempoolChain,
  type Refusal,
  refuse,
} from './mempool-policy.ts'
import type { NewEntry, TxPool } from './mempool-pool.ts'

/** From here on a sequence number does not say that the transaction may be replaced (BIP125). */
const MAX_BIP125_SEQUENCE = 0xffff_fffe

/** Bounds what anybody can have looked up with a transaction that is worth nothing. */
const OUTPUTS_LOOKED_FOR = 100

/** A transaction and its bytes, which are alone in their buffer. */
export interface IncomingTx extends ParsedTransaction {
  raw: Uint8Array<ArrayBuffer>
}

/** A transaction that chain and mempool let in as far as what it spends goes, and how it hangs together with the others. */
export interface Candidate {
  incoming: IncomingTx
  entry: NewEntry
  /** Of the mempool, once each. */
  parents: MempoolEntry[]
  /** Those in the mempool that spend what it spends. */
  conflicts: Set<MempoolEntry>
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

  /**
   * Everything that depends on other transactions but not on what they pay: what is spent, amounts, and kinds of
   * scripts, which do not run yet. `before` are others of its package, whose outputs it may spend too. `seen`: when it came.
   */
  check(incoming: IncomingTx, seen: Millis, before: readonly IncomingTx[] = []): Refusal | Candidate {
    const { tx, txid, wtxid, weight, raw } = incoming
    const key = hashKey(txid)
    if (this.#pool.byKey(key)) return refuse('txn-same-nonwitness-data-in-mempool')
    const spends = tx.inputs.map(({ prevout }) => outpointKey(hashKey(prevout.hash), prevout.index))
    const coins: ChainCoin[] = []
    const missing = new Map<string, Uint8Array>()
    this.#coins(tx, before).forEach((coin, i) => {
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
    const unusual = checkInputKinds(tx, coins)
    if (unusual) return unusual
    const cost = checkSigops(incoming, coins)
    if (cost.kind === 'refused') return cost
    const prevouts = coins.map(({ value, script }) => ({ value, script: script.slice() }))
    const scripts = new Set<number>()
    for (const { script } of prevouts) scripts.add(prefix48(this.#hasher.sha256(script)))
    for (const { scriptPubKey } of tx.outputs) scripts.add(prefix48(this.#hasher.sha256(scriptPubKey)))
    const entry: NewEntry = {
      txid,
      wtxid,
      key,
      raw,
      version: tx.version,
      signalsRbf: tx.inputs.some(({ sequence }) => sequence < MAX_BIP125_SEQUENCE),
      weight,
      sigops: cost.sigops,
      policyWeight: cost.policyWeight,
      vsize: Math.ceil(cost.policyWeight / 4),
      feeSat: spent.feeSat,
      seen,
      time: Math.floor(seen / 1000),
      height: this.#chain.tip.height,
      peers: 0,
      order: this.#order++,
      spends,
      prevouts,
      value: spent.value,
      outputCount: tx.outputs.length,
      dust: dustOutputs(tx),
      scripts: [...scripts],
      exempt: false,
      charge: entryCharge(raw.length, prevouts, scripts.size),
    }
    return { incoming, entry, parents: this.#parents(spends), conflicts: this.#conflicts(spends) }
  }

  /** Whether an entry, whatever it was when it came, may be in the next block. */
  isPossible(entry: MempoolEntry): boolean {
    const tx = decode(transaction, entry.raw)
    const coins = this.#coins(tx, [])
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

  #parents(spends: readonly string[]): MempoolEntry[] {
    const parents = new Set(spends.map((outpoint) => this.#pool.byKey(outpoint.slice(0, 32))))
    return [...parents].filter((parent) => parent !== undefined)
  }

  #conflicts(spends: readonly string[]): Set<MempoolEntry> {
    const conflicts = new Set<MempoolEntry>()
    for (const outpoint of spends) {
      const spender = this.#pool.spender(outpoint)
      if (spender) conflicts.add(spender)
    }
    return conflicts
  }

  /** What each input spends, of mempool, package or chain; unconfirmed outputs count as of the next block. */
  #coins(tx: Transaction, before: readonly IncomingTx[]): (ChainCoin | undefined)[] {
    const height = this.#chain.tip.height + 1
    const parents = new Map<string, readonly TxOut[] | undefined>()
    for (const { txid, tx } of before) parents.set(hashKey(txid), tx.outputs)
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
