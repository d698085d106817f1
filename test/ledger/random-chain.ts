import { concatBytes, hashKey } from '../../src/wire/hash.ts'
import { parseTransaction } from '../../src/wire/transaction.ts'
import { ChainMaker, type Coin, coinbaseCoin, type MadeBlock, OP_TRUE, P2WSH_TRUE, spend } from '../sim/chain-maker.ts'
import { SeededRandom } from '../sim/random.ts'

interface SpendableCoin extends Coin {
  height: number
  coinbase: boolean
}

const MATURITY = 100
const SCRIPTS = [
  OP_TRUE,
  P2WSH_TRUE,
  Uint8Array.of(0x51, 0x51),
  Uint8Array.of(0x51, 0x61),
  concatBytes(Uint8Array.of(0x4d, 0x90, 0x01), new Uint8Array(400).fill(7), OP_TRUE),
]

/**
 * A tree of valid regtest blocks that spend outputs of their own branch: of earlier blocks, of the same block, of many
 * kinds and sizes. The same seed gives the same tree.
 */
export class RandomChain {
  readonly maker: ChainMaker
  readonly random: SeededRandom
  readonly #scripts: readonly Uint8Array[]
  /** By block: the coins after it. */
  readonly #coins = new Map<string, SpendableCoin[]>()

  /** `scripts`: what outputs pay to. */
  constructor(seed: number, scripts: readonly Uint8Array[] = SCRIPTS) {
    this.#scripts = scripts
    this.maker = new ChainMaker({ seed })
    this.random = new SeededRandom(seed)
    this.#coins.set(hashKey(this.maker.genesis.hash), [])
  }

  /** A block on `parent` with up to `most` transactions besides the coinbase. */
  grow(parent: MadeBlock, most: number): MadeBlock {
    const { random, maker } = this
    const height = parent.height + 1
    const coins = [...this.#coins.get(hashKey(parent.hash))!]
    const transactions: Uint8Array[] = []
    let feeSat = 0
    for (let n = random.below(most + 1); n > 0; n--) {
      const ripe = coins.filter((coin) => !coin.coinbase || height - coin.height >= MATURITY)
      if (ripe.length === 0) break
      // The last ones were made in this block.
      const from = random.chance(0.4) ? Math.max(0, ripe.length - 3) : 0
      const picks = Array.from({ length: 1 + random.below(3) }, () => from + random.below(ripe.length - from))
      const inputs = [...new Set(picks)].map((i) => ripe[i]!)
      for (const input of inputs) coins.splice(coins.indexOf(input), 1)
      let rest = inputs.reduce((sum, coin) => sum + coin.valueSat, 0)
      const fee = random.below(Math.min(rest, 1000) + 1)
      rest -= fee
      feeSat += fee
      const outputs = Array.from({ length: 1 + random.below(4) }, () => {
        const valueSat = random.below(rest + 1)
        rest -= valueSat
        return { valueSat, script: random.pick(this.#scripts) }
      })
      outputs[0]!.valueSat += rest
      if (random.chance(0.2)) outputs.push({ valueSat: 0, script: Uint8Array.of(0x6a, 1, random.below(256)) })
      const bytes = spend(inputs, outputs)
      const { txid } = parseTransaction(bytes)
      transactions.push(bytes)
      outputs.forEach(({ valueSat, script }, vout) => {
        if (script[0] === 0x6a) return
        coins.push({ txid, vout, valueSat, witness: script === P2WSH_TRUE, height, coinbase: false })
      })
    }
    const script = random.pick(this.#scripts)
    const block = maker.block({ transactions, feeSat, script }, parent)
    const { txid, vout, valueSat } = coinbaseCoin(block, maker)
    coins.push({ txid, vout, valueSat: valueSat + feeSat, witness: script === P2WSH_TRUE, height, coinbase: true })
    this.#coins.set(hashKey(block.hash), coins)
    return block
  }

  /** `count` blocks, each on the one before. */
  growMany(parent: MadeBlock, count: number, most: number): MadeBlock[] {
    const blocks: MadeBlock[] = []
    for (let i = 0; i < count; i++) blocks.push(this.grow(blocks.at(-1) ?? parent, most))
    return blocks
  }

  /** Raw blocks from genesis to the block given. */
  path(to: MadeBlock): Uint8Array<ArrayBuffer>[] {
    return [this.maker.genesis, ...this.maker.chain(to)].map((block) => block.bytes)
  }
}
