import { hashKey } from '../wire/hash.ts'
import type { Sent, Wallet, WalletCoin } from './wallet.ts'
import { type KeyedKind, keyedKinds, type WalletKind } from './wallet-outputs.ts'

/** Everything that is paid; all but the data is spent again. */
export const payableKinds: readonly (WalletKind | 'op_return')[] = [...keyedKinds, 'p2a', 'op_return']
export const spendableKinds: readonly WalletKind[] = [...keyedKinds, 'p2a']

/** Payments besides the large one and the sweep. */
const SINGLE_PAYMENTS = 3
/** Every so many rounds one transaction pays every kind. */
const FAN_OUT_EVERY = 3
/** With more spendable coins than this, small ones are joined. */
const MANY_COINS = 60
const SWEEP_INPUTS = 14
/** Coins of less than this are only good for sweeping. */
const WORTH_SAT = 50_000
/** Fee rates in turn, satoshi per vB. */
const FEE_RATES = [2, 5, 3, 12, 1.5, 8]

export interface MadePayment {
  sent: Extract<Sent, { kind: 'sent' }>
  /** In a few words. */
  what: string
  pays: readonly (WalletKind | 'op_return')[]
  spends: readonly WalletKind[]
  /** Spends an output of the payment made before this one, which no block holds yet. */
  chained: boolean
}

/**
 * What the wallet does with its money: a few payments after each block, which in four rounds have spent every kind of
 * output and paid every kind. It spends confirmed coins, so that any node can take any payment, but for one payment a
 * round that spends from the one before it.
 */
export class Payments {
  readonly #wallet: Wallet
  #turn = 0
  #round = 0

  constructor(wallet: Wallet) {
    this.#wallet = wallet
  }

  /** The payments of one round, made one at a time as they are asked for. */
  *round(): Iterable<MadePayment> {
    const round = this.#round++
    if (round % FAN_OUT_EVERY === 0) yield* some(this.#fanOut(round))
    let last: MadePayment | undefined
    for (let i = 0; i < SINGLE_PAYMENTS; i++) {
      const payment = this.#single()
      if (!payment) continue
      last = payment
      yield payment
    }
    if (last) yield* some(this.#chained(last))
    yield* some(this.#sweep(round))
  }

  /** One transaction that pays every kind, an anchor and data, out of the largest coin. */
  #fanOut(round: number): MadePayment | undefined {
    const coin = this.#spendable().reduce<WalletCoin | undefined>(larger, undefined)
    const valueSat = coin && Math.floor(coin.valueSat / 24)
    if (!valueSat || valueSat < WORTH_SAT) return undefined
    const data = Uint8Array.from(`Causeway demo, round ${round}`, (letter) => letter.charCodeAt(0))
    const sent = this.#wallet.fanOut({ coins: [coin], valueSat, data, feeRate: this.#feeRate() })
    return made(sent, { what: 'to every kind of output', pays: payableKinds, spends: [coin.kind] })
  }

  /** Half of a coin of one kind to the next kind; the kinds take turns. */
  #single(): MadePayment | undefined {
    const turn = this.#turn++
    const from = spendableKinds[turn % spendableKinds.length]!
    const to = keyedKinds[(turn + 1) % keyedKinds.length]!
    const coin = this.#spendable().find(({ kind, valueSat }) => kind === from && valueSat >= WORTH_SAT)
    return coin && this.#pay(coin, to, false)
  }

  /** Spends what the payment before it has left, while that waits for a block. */
  #chained({ sent: { txid } }: MadePayment): MadePayment | undefined {
    const key = hashKey(txid)
    const coin = this.#wallet.coins().find((coin) => hashKey(coin.txid) === key && coin.valueSat >= WORTH_SAT)
    return coin && this.#pay(coin, keyedKinds[this.#turn % keyedKinds.length]!, true)
  }

  #pay(coin: WalletCoin, to: KeyedKind, chained: boolean): MadePayment | undefined {
    // An anchor has no change of its kind to give.
    const change = coin.kind === 'p2a' ? to : coin.kind
    const outputs = [{ script: this.#wallet.receive(to).script, valueSat: Math.floor(coin.valueSat / 2) }]
    const sent = this.#wallet.send({ outputs, coins: [coin], change, feeRate: this.#feeRate() })
    const what = `${coin.kind} to ${to}${chained ? ', from an unconfirmed one' : ''}`
    return made(sent, { what, pays: [to, change], spends: [coin.kind], chained })
  }

  /** Joins the smallest coins, of whatever kinds, when there are many. */
  #sweep(round: number): MadePayment | undefined {
    const coins = this.#spendable().sort((a, b) => a.valueSat - b.valueSat)
    if (coins.length <= MANY_COINS) return undefined
    const swept = coins.slice(0, SWEEP_INPUTS)
    const to = keyedKinds[round % keyedKinds.length]!
    const sent = this.#wallet.send({ outputs: [], coins: swept, change: to, feeRate: this.#feeRate() })
    const spends = [...new Set(swept.map(({ kind }) => kind))]
    return made(sent, { what: `${swept.length} small coins joined`, pays: [to], spends })
  }

  /** Confirmed and mature, oldest first. */
  #spendable(): WalletCoin[] {
    return this.#wallet.coins().filter(({ mature, height }) => mature && height !== undefined)
  }

  #feeRate(): number {
    return FEE_RATES[this.#turn % FEE_RATES.length]!
  }
}

function made(
  sent: Sent,
  { chained = false, ...facts }: Omit<MadePayment, 'sent' | 'chained'> & { chained?: boolean },
) {
  return sent.kind === 'sent' ? { ...facts, chained, sent } : undefined
}

function larger(a: WalletCoin | undefined, b: WalletCoin): WalletCoin {
  return a && a.valueSat >= b.valueSat ? a : b
}

function some<T>(value: T | undefined): T[] {
  return value === undefined ? [] : [value]
}
