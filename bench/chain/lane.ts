import { nodeHasher } from '../../src/node/hasher.ts'
import { opReturn } from '../../src/script/build.ts'
import { SignatureHashes } from '../../src/script/sighash.ts'
import { encode } from '../../src/wire/codec.ts'
import { concatBytes } from '../../src/wire/hash.ts'
import { hasWitness, type Transaction, transaction, transactionNoWitness } from '../../src/wire/transaction.ts'
import { KeyRing } from './keys.ts'
import { kindAt, type Lock, scriptOf, unlock } from './outputs.ts'
import { between, type Random, seededRandom } from './random.ts'

/** An output of a coinbase that pays to `Lane.script`. */
export interface Payout {
  txid: Uint8Array
  vout: number
  value: number
}

/** What a lane adds to one block, in order. */
export interface LanePart {
  /** Raw transactions, one after the other. */
  bytes: Uint8Array<ArrayBuffer>
  /** 32 bytes each. */
  txids: Uint8Array<ArrayBuffer>
  wtxids: Uint8Array<ArrayBuffer>
  count: number
  /** Satoshi. */
  fees: number
}

interface Coin {
  txid: Uint8Array
  vout: number
  value: number
  height: number
  lock: Lock
  script: Uint8Array
}

const KEYS = 16_384
/** Fewer coins than this are first made more. */
const FEW_COINS = 3000
/** Coins made lately, of which a transaction takes one so often: chains within a block. */
const LATELY = 40
const FROM_LATELY = 0.15
/** Less is left unspent for good. */
const WORTH_SPENDING = 2000
/** Of all transactions, those that pay to the busy script. */
const TO_BUSY = 0.085
/** Relative lock, in blocks, of some inputs. */
const RELATIVE_LOCK = 5

/** Guards the outputs of the busy script, which lanes share; its key is not theirs, so that they stay unspent. */
export const BUSY_RING = new KeyRing('busy', 1)
export const BUSY_SCRIPT = scriptOf({ kind: 'p2wpkh', keys: [0, 0, 0] }, BUSY_RING)

/**
 * A wallet that makes valid, signed transactions of its own coins for one block after the other. Lanes know nothing of
 * each other, so that each can work in a thread of its own; the same number and the same requests give the same bytes.
 */
export class Lane {
  /** Where its part of the coinbases is to be paid. */
  readonly script: Uint8Array
  readonly #ring: KeyRing
  readonly #random: Random
  readonly #coins: Coin[] = []
  readonly #payout: Lock = { kind: 'p2wpkh', keys: [0, 0, 0] }

  constructor(number: number) {
    this.#ring = new KeyRing(`lane ${number}`, KEYS)
    this.#random = seededRandom(number + 1)
    this.script = scriptOf(this.#payout, this.#ring)
  }

  /** `payouts` are mature at this height. Fewer than `count` transactions where the coins run out. */
  part(height: number, count: number, payouts: readonly Payout[]): LanePart {
    for (const { txid, vout, value } of payouts) {
      // Old enough for anything.
      this.#coins.push({ txid, vout, value, height: height - 100, lock: this.#payout, script: this.script })
    }
    const raws: Uint8Array[] = []
    const txids: Uint8Array[] = []
    const wtxids: Uint8Array[] = []
    let fees = 0
    for (let i = 0; i < count && this.#coins.length > 0; i++) {
      const { raw, txid, wtxid, fee } = this.#transaction(height)
      raws.push(raw)
      txids.push(txid)
      wtxids.push(wtxid)
      fees += fee
    }
    return {
      bytes: concatBytes(...raws),
      txids: concatBytes(...txids),
      wtxids: concatBytes(...wtxids),
      count: raws.length,
      fees,
    }
  }

  #transaction(height: number) {
    const random = this.#random
    const { inputCount, outputCount } = this.#shape()
    const coins = Array.from({ length: inputCount }, () => this.#takeCoin())
    const total = coins.reduce((sum, { value }) => sum + value, 0)
    const rate = 1 + Math.floor(random() * random() * 60)
    const fee = Math.min(Math.floor(total / 20), rate * (11 + 90 * inputCount + 34 * outputCount))
    const { outputs, made } = this.#outputs(total - fee, outputCount)
    const version = random() < 0.7 ? 2 : 1
    const tx: Transaction = {
      version,
      inputs: coins.map((coin) => ({
        prevout: { hash: coin.txid, index: coin.vout },
        scriptSig: new Uint8Array(0),
        sequence: this.#sequence(version, coin.height, height),
        witness: [],
      })),
      outputs,
      lockTime: random() < 0.3 ? height - 1 : 0,
    }
    this.#sign(tx, coins)
    const raw = encode(transaction, tx)
    const txid = nodeHasher.sha256d(hasWitness(tx) ? encode(transactionNoWitness, tx) : raw)
    const wtxid = hasWitness(tx) ? nodeHasher.sha256d(raw) : txid
    for (const { vout, value, lock, script } of made) {
      if (value >= WORTH_SPENDING) this.#coins.push({ txid, vout, value, height, lock, script })
    }
    return { raw, txid, wtxid, fee }
  }

  #shape(): { inputCount: number; outputCount: number } {
    const random = this.#random
    if (this.#coins.length < FEW_COINS) return { inputCount: 1, outputCount: between(random, 4, 8) }
    const at = random()
    if (at < 0.009) return { inputCount: between(random, 15, 45), outputCount: 1 }
    if (at < 0.021) return { inputCount: between(random, 1, 3), outputCount: between(random, 20, 100) }
    const inputs = random()
    const outputs = random()
    return {
      inputCount: inputs < 0.52 ? 1 : inputs < 0.78 ? 2 : inputs < 0.93 ? between(random, 3, 5) : between(random, 5, 9),
      outputCount:
        outputs < 0.16 ? 1 : outputs < 0.8 ? 2 : outputs < 0.96 ? between(random, 3, 5) : between(random, 6, 15),
    }
  }

  #takeCoin(): Coin {
    const coins = this.#coins
    const from = this.#random() < FROM_LATELY ? Math.max(0, coins.length - LATELY) : 0
    const at = from + Math.floor(this.#random() * (coins.length - from))
    const coin = coins[at]!
    coins[at] = coins.at(-1)!
    coins.pop()
    return coin
  }

  #outputs(total: number, wanted: number) {
    const random = this.#random
    const count = Math.max(1, Math.min(wanted, Math.floor(total / (2 * WORTH_SPENDING))))
    const outputs: Transaction['outputs'] = []
    const made: { vout: number; value: number; lock: Lock; script: Uint8Array }[] = []
    let rest = total
    for (let i = 0; i < count; i++) {
      const value = i === count - 1 ? rest : Math.floor((rest / (count - i)) * (0.3 + random()))
      rest -= value
      const lock: Lock = { kind: kindAt(random()), keys: [this.#someKey(), this.#someKey(), this.#someKey()] }
      const script = scriptOf(lock, this.#ring)
      made.push({ vout: outputs.length, value, lock, script })
      outputs.push({ value: BigInt(value), scriptPubKey: script })
    }
    if (random() < TO_BUSY && made[0]!.value >= 2 * WORTH_SPENDING) {
      // Cut off the first, which comes before it.
      const value = WORTH_SPENDING / 2
      made[0]!.value -= value
      outputs[0]!.value -= BigInt(value)
      outputs.push({ value: BigInt(value), scriptPubKey: BUSY_SCRIPT })
    }
    if (random() < 0.04) outputs.push({ value: 0n, scriptPubKey: opReturn(this.#bytes(between(random, 8, 80))) })
    return { outputs, made }
  }

  /** Some keys are used more often than others. */
  #someKey(): number {
    return Math.floor(this.#random() * (0.3 + 0.7 * this.#random()) * this.#ring.count)
  }

  #bytes(length: number): Uint8Array {
    return Uint8Array.from({ length }, () => Math.floor(this.#random() * 256))
  }

  #sequence(version: number, coinHeight: number, height: number): number {
    const at = this.#random()
    if (version === 2 && at < 0.03 && coinHeight + RELATIVE_LOCK <= height) return RELATIVE_LOCK
    return at < 0.7 ? 0xffff_fffd : 0xffff_fffe
  }

  #sign(tx: Transaction, coins: readonly Coin[]): void {
    const spent = coins.map(({ value, script }) => ({ value: BigInt(value), scriptPubKey: script }))
    const hashes = new SignatureHashes(tx, spent, nodeHasher)
    coins.forEach(({ lock, script }, index) => {
      const { scriptSig, witness } = unlock(lock, this.#ring, hashes, index, spent[index]!.value, script)
      tx.inputs[index]!.scriptSig = scriptSig
      tx.inputs[index]!.witness = witness
    })
  }
}
