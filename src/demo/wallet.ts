import { type AddressParams, addressOf } from '../script/address.ts'
import { opReturn, P2A } from '../script/build.ts'
import { SIGHASH } from '../script/sighash.ts'
import { scriptType, witnessProgram } from '../script/type.ts'
import { encode } from '../wire/codec.ts'
import { hashKey } from '../wire/hash.ts'
import { type Transaction, transaction, txid } from '../wire/transaction.ts'
import { type Coin, CoinBook, type WalletBlock } from './wallet-coins.ts'
import { type KeyedKind, keyedKinds, type OwnScript, ownScript, type WalletKind } from './wallet-outputs.ts'
import { chargedSize, largestSize, type Payment, signed } from './wallet-sign.ts'

const LOOKAHEAD = 20
/** Nodes take 25 unconfirmed transactions in a row; a few are left for whoever is paid. */
const LARGEST_CLUSTER = 20
const MAX_INPUTS = 200

export interface WalletOptions {
  /** 32 bytes; who has them has the money. */
  seed: Uint8Array
  params: AddressParams
  /**
   * What nodes charge for the smallest output that they still relay, in satoshi per 1,000 vB: 3,000 in Bitcoin Core, the
   * default; 30,000 in Litecoin Core.
   */
  dustRelayFee?: number
  /**
   * Scripts of each kind that are watched beyond the last one used, 20 unless named: a wallet made again from its seed
   * finds its past by itself as long as fewer than these were handed out in a row and never paid.
   */
  lookahead?: number
}

export interface SendOptions {
  outputs: readonly Payment[]
  /** Satoshi per vB. */
  feeRate: number
  /** Spend all of these and no others; otherwise the oldest that suffice. */
  coins?: readonly WalletCoin[]
  /** The kind of the change, P2WPKH unless named. */
  change?: KeyedKind
  /** Which parts the signatures cover: DEFAULT (everything) unless named. */
  hashType?: number
}

export interface FanOutOptions extends Omit<SendOptions, 'outputs'> {
  /** Of each output but the data. */
  valueSat: number
  /** What the OP_RETURN output carries. */
  data: Uint8Array
}

export type Sent =
  | {
      kind: 'sent'
      tx: Transaction
      bytes: Uint8Array<ArrayBuffer>
      txid: Uint8Array
      feeSat: number
      /** The size that nodes charge for; more than the virtual size where signature operations weigh more. */
      sizeVb: number
    }
  | { kind: 'insufficient'; neededSat: number; availableSat: number }
  | { kind: 'dust'; index: number; leastSat: number }

/** A coin as others see it. */
export interface WalletCoin {
  txid: Uint8Array
  vout: number
  valueSat: number
  kind: WalletKind
  script: Uint8Array
  /** Undefined while no block holds it. */
  height: number | undefined
  /** Coinbase outputs only after 100 blocks; anything else at once. */
  mature: boolean
}

export interface Received {
  kind: KeyedKind
  script: Uint8Array
  /** P2PK and bare multisig have none. */
  address: string | undefined
}

/**
 * A wallet for a network of one's own: it hands out outputs of every standard kind, keeps track of what is paid to them
 * through the transactions and blocks it is shown, and builds and signs what spends them.
 */
export class Wallet {
  readonly #seed: Uint8Array
  readonly #params: AddressParams
  readonly #dustRelayFee: number
  readonly #lookahead: number
  readonly #scripts = new Map<string, OwnScript>()
  readonly #derived = new Map<KeyedKind, OwnScript[]>(keyedKinds.map((kind) => [kind, []]))
  /** Scripts handed out or seen paid, per kind. */
  readonly #used = new Map<KeyedKind, number>()
  readonly #book: CoinBook

  constructor({ seed, params, dustRelayFee = 3000, lookahead = LOOKAHEAD }: WalletOptions) {
    if (seed.length !== 32) throw new RangeError('a seed has 32 bytes')
    this.#seed = seed
    this.#params = params
    this.#dustRelayFee = dustRelayFee
    this.#lookahead = lookahead
    for (const kind of keyedKinds) this.#use(kind, 0)
    this.#book = new CoinBook((script) => {
      const own = this.#scripts.get(hashKey(script))
      if (own) this.#use(own.kind as KeyedKind, own.index + 1)
      return own
    })
  }

  /** Height of the last block connected, −1 before the first. */
  get height(): number {
    return this.#book.height
  }

  /** A script that was not handed out before. */
  receive(kind: KeyedKind): Received {
    const index = this.#used.get(kind)!
    this.#use(kind, index + 1)
    const { script } = this.#derived.get(kind)![index]!
    return { kind, script, address: addressOf(script, this.#params) }
  }

  /** An unconfirmed transaction; true when it concerns the wallet. Its own are known already. */
  addTransaction(tx: Transaction): boolean {
    return this.#book.add(tx)
  }

  /** The next block of the chain. */
  connectBlock(block: WalletBlock): void {
    this.#book.connect(block)
  }

  /** Undoes the last block. */
  disconnectBlock(hash: Uint8Array): void {
    this.#book.disconnect(hash)
  }

  /** Takes back a transaction that no node accepted. */
  abandon(txid: Uint8Array): void {
    this.#book.abandon(txid)
  }

  /** Transactions that still wait for a block, parents first: to be sent again after a reorg or a restart. */
  unconfirmed(): Transaction[] {
    return this.#book.unconfirmed()
  }

  /** Everything unspent, oldest first. */
  coins(): WalletCoin[] {
    return this.#book.unspent().map((coin) => ({
      txid: coin.outpoint.hash,
      vout: coin.outpoint.index,
      valueSat: coin.valueSat,
      kind: coin.own.kind,
      script: coin.own.script,
      height: this.#book.heightOf(coin),
      mature: this.#book.isMature(coin),
    }))
  }

  /** Satoshi: in blocks and spendable, in blocks and not yet, and not in blocks. */
  balance(): { confirmedSat: number; immatureSat: number; unconfirmedSat: number } {
    const sum = { confirmedSat: 0, immatureSat: 0, unconfirmedSat: 0 }
    for (const { valueSat, height, mature } of this.coins()) {
      if (height === undefined) sum.unconfirmedSat += valueSat
      else if (mature) sum.confirmedSat += valueSat
      else sum.immatureSat += valueSat
    }
    return sum
  }

  /** One transaction that pays `valueSat` to a fresh script of every kind, to an anchor, and carries data. */
  fanOut({ feeRate, valueSat, data, ...options }: FanOutOptions): Sent {
    const outputs: Payment[] = keyedKinds.map((kind) => ({ script: this.receive(kind).script, valueSat }))
    outputs.push({ script: P2A, valueSat }, { script: opReturn(data), valueSat: 0 })
    return this.send({ outputs, feeRate, ...options })
  }

  /** Builds, signs and takes note of a payment. The caller hands the bytes to a node, or abandons it. */
  send({ outputs, feeRate, coins, change = 'p2wpkh', hashType = SIGHASH.DEFAULT }: SendOptions): Sent {
    for (const [index, { script, valueSat }] of outputs.entries()) {
      if (!(Number.isSafeInteger(valueSat) && valueSat >= 0)) throw new RangeError(`no amount: ${valueSat}`)
      const leastSat = this.dustLimit(script)
      if (valueSat < leastSat) return { kind: 'dust', index, leastSat }
    }
    const chosen: Coin[] = coins ? coins.map((coin) => this.#book.find({ hash: coin.txid, index: coin.vout })) : []
    const rest = coins ? [] : this.#candidates()
    const changeScript = this.#derived.get(change)![this.#used.get(change)!]!.script
    const paidSat = sumOf(outputs)
    const feeSat = (payments: readonly Payment[]) => Math.ceil(largestSize(chosen, payments) * feeRate)

    for (;;) {
      const availableSat = sumOf(chosen)
      const withChange = [...outputs, { script: changeScript, valueSat: 0 }]
      const changeSat = availableSat - paidSat - feeSat(withChange)
      if (changeSat >= this.dustLimit(changeScript)) {
        withChange.at(-1)!.valueSat = changeSat
        return this.#sign(chosen, withChange, hashType)
      }
      // What is too little for an output of its own goes to the miner.
      const neededSat = paidSat + feeSat(outputs)
      if (outputs.length > 0 && availableSat >= neededSat) return this.#sign(chosen, outputs, hashType)
      const next = chosen.length < MAX_INPUTS ? rest.findIndex((coin) => this.#mayJoin(chosen, coin)) : -1
      if (next < 0) return { kind: 'insufficient', neededSat, availableSat }
      chosen.push(...rest.splice(next, 1))
    }
  }

  /** Satoshi below which nodes do not relay an output: it would cost more to spend than it is worth. */
  dustLimit(script: Uint8Array): number {
    if (scriptType(script) === 'op_return') return 0
    const outputSize = 8 + (script.length < 0xfd ? 1 : 3) + script.length
    const inputSize = witnessProgram(script) ? 67 : 148
    return Math.ceil(((outputSize + inputSize) * this.#dustRelayFee) / 1000)
  }

  /** Makes sure that `count` scripts of a kind count as used and the next ones are watched. */
  #use(kind: KeyedKind, count: number): void {
    if (count <= (this.#used.get(kind) ?? -1)) return
    this.#used.set(kind, count)
    const derived = this.#derived.get(kind)!
    while (derived.length < count + this.#lookahead) {
      const own = ownScript(this.#seed, kind, derived.length)
      derived.push(own)
      this.#scripts.set(hashKey(own.script), own)
    }
  }

  /** What may be spent without being named: no anchors (not every node relays that), nobody else's unconfirmed money. */
  #candidates(): Coin[] {
    return this.#book
      .unspent()
      .filter((coin) => coin.own.kind !== 'p2a' && this.#book.isMature(coin))
      .filter((coin) => this.#book.heightOf(coin) !== undefined || this.#book.isOurs(coin))
  }

  #mayJoin(chosen: readonly Coin[], coin: Coin): boolean {
    return this.#book.heightOf(coin) !== undefined || this.#book.clusterSize([...chosen, coin]) < LARGEST_CLUSTER
  }

  #sign(coins: readonly Coin[], outputs: readonly Payment[], hashType: number): Sent {
    const tx = signed(coins, outputs, hashType)
    const bytes = encode(transaction, tx)
    this.#book.add(tx)
    const feeSat = sumOf(coins) - sumOf(outputs)
    return { kind: 'sent', tx, bytes, txid: txid(tx), feeSat, sizeVb: chargedSize(tx, coins) }
  }
}

function sumOf(values: readonly { valueSat: number }[]): number {
  return values.reduce((sum, { valueSat }) => sum + valueSat, 0)
}
