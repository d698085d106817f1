import { encode } from '../src/wire/codec.ts'
import { concatBytes, sha256 } from '../src/wire/hash.ts'
import { parseTransaction, transaction } from '../src/wire/transaction.ts'
import { poll } from '../test/poll.ts'
import { ChainMaker, coinbaseCoin, spend } from '../test/sim/chain-maker.ts'
import { SeededRandom } from '../test/sim/random.ts'
import { comeInAsPeer, type WsPeer } from '../test/sim/ws-peer.ts'

const OP_DROP = 0x75
const OP_TRUE = 0x51
/** Outputs that one transaction makes of a coinbase. */
const PER_SPLIT = 900
const FEE_SAT = 2000
/** Bitcoin Core pings each of its peers so often. */
const PING_EVERY_S = 120
const WITHIN = { within: 30_000 }

/** An output that its script alone spends, as the only item of the witness (P2WSH). */
interface ScriptCoin {
  txid: Uint8Array
  vout: number
  valueSat: number
  script: Uint8Array<ArrayBuffer>
}

function addressOf(script: Uint8Array): Uint8Array<ArrayBuffer> {
  return concatBytes(Uint8Array.of(0, 32), sha256(script))
}

/**
 * Nodes that come in by a relay's WebSocket door and do to it what nodes do: announce transactions and give them, fetch
 * those of others, mine, fetch blocks, ping. The chain is a regtest's, all of it really mined and every coin there.
 */
export class Gossip {
  readonly #door: string
  readonly #random = new SeededRandom(7)
  readonly #maker = new ChainMaker({ seed: 7 })
  readonly #coins: ScriptCoin[] = []
  #scripts = 0
  readonly #nodes: WsPeer[] = []
  /** Announced, and in no block yet. */
  #loose: Uint8Array[] = []

  /** `transactions`: how many there may be at most. */
  constructor(door: string, transactions: number) {
    this.#door = door
    const splits = Math.ceil((2 * transactions) / PER_SPLIT)
    const funded = this.#maker.mine(splits)
    this.#maker.mine(100)
    const valueSat = Math.floor((this.#maker.subsidy(splits) - 1_000_000) / PER_SPLIT)
    const split = funded.map((block) => {
      const outputs = Array.from({ length: PER_SPLIT }, () => this.#newCoin(valueSat))
      const tx = spend(
        [coinbaseCoin(block, this.#maker)],
        outputs.map(({ script }) => ({ valueSat, script: addressOf(script) })),
      )
      const { txid } = parseTransaction(tx)
      for (const [vout, coin] of outputs.entries()) this.#coins.push({ ...coin, txid, vout })
      return tx
    })
    this.#maker.mine(1, { transactions: split })
  }

  get height(): number {
    return this.#maker.tip.height
  }

  /** Transactions announced that no block has. */
  get loose(): number {
    return this.#loose.length
  }

  /** Adds nodes that have the chain, until there are so many. */
  async grow(nodes: number): Promise<void> {
    const blocks = this.#maker.chain().map(({ bytes }) => bytes)
    while (this.#nodes.length < nodes) {
      const nonce = BigInt(this.#nodes.length + 1)
      this.#nodes.push(await comeInAsPeer(this.#door, { blocks, nonce }))
    }
    await poll('all nodes are up', () => this.#nodes.every(({ peer }) => peer.up), WITHIN)
  }

  /** Transactions as they come, so many a second on average, each from any node, and pings. Gives how many there were. */
  async gossip(seconds: number, txPerSecond: number): Promise<number> {
    const end = performance.now() + seconds * 1000
    let sent = 0
    let nextTx = performance.now()
    let nextPing = performance.now()
    for (let now = performance.now(); now < end; now = performance.now()) {
      for (; nextTx <= now; nextTx += this.#gapMs(txPerSecond)) {
        this.#offer()
        sent++
      }
      for (; nextPing <= now; nextPing += this.#gapMs(this.#nodes.length / PING_EVERY_S)) this.#ping()
      await new Promise((resolve) => setTimeout(resolve, Math.max(0, Math.min(nextTx, nextPing, end) - now)))
    }
    this.#expectAll()
    return sent
  }

  /** Has all that is loose mined, in so many blocks, one each `intervalMs`, and every node have it. */
  async mine(blocks: number, intervalMs: number): Promise<{ blocks: number; transactions: number }> {
    const loose = this.#loose
    this.#loose = []
    const size = Math.ceil(loose.length / blocks)
    for (let i = 0; i < blocks; i++) {
      const next = performance.now() + intervalMs
      const [block] = this.#maker.mine(1, { transactions: loose.slice(i * size, (i + 1) * size) })
      const miner = this.#anyNode()
      miner.send(miner.peer.mined(block!.bytes))
      const all = () => this.#nodes.every(({ peer }) => peer.shelf.find(block!.hash))
      await poll('every node has the block', all, WITHIN)
      await new Promise((resolve) => setTimeout(resolve, Math.max(0, next - performance.now())))
    }
    this.#expectAll()
    return { blocks, transactions: loose.length }
  }

  close(): void {
    for (const node of this.#nodes) node.close()
  }

  #offer(): void {
    const inputs = this.#coins.splice(-2)
    if (inputs.length < 2) throw new Error('no coins are left')
    const half = Math.floor((inputs[0]!.valueSat + inputs[1]!.valueSat - FEE_SAT) / 2)
    const tx = encode(transaction, {
      version: 2,
      inputs: inputs.map(({ txid, vout, script }) => ({
        prevout: { hash: txid, index: vout },
        scriptSig: new Uint8Array(0),
        sequence: 0xffff_fffd,
        witness: [script],
      })),
      outputs: [this.#newCoin(half), this.#newCoin(half)].map(({ script }) => ({
        value: BigInt(half),
        scriptPubKey: addressOf(script),
      })),
      lockTime: 0,
    })
    const node = this.#anyNode()
    node.send(node.peer.offer(tx))
    this.#loose.push(tx)
  }

  /** Anybody may spend it, and no other coin has its script: each is a row of its own in the index. */
  #newCoin(valueSat: number): Pick<ScriptCoin, 'valueSat' | 'script'> {
    const script = Uint8Array.of(4, 0, 0, 0, 0, OP_DROP, OP_TRUE)
    new DataView(script.buffer).setUint32(1, ++this.#scripts)
    return { valueSat, script }
  }

  #ping(): void {
    const node = this.#anyNode()
    node.send(node.peer.say({ command: 'ping', nonce: this.#random.u64() }))
  }

  #anyNode(): WsPeer {
    return this.#nodes[this.#random.below(this.#nodes.length)]!
  }

  /** Between two of what comes independently, `perSecond` on average. */
  #gapMs(perSecond: number): number {
    return (-Math.log(1 - this.#random.below(1_000_000) / 1_000_000) / perSecond) * 1000
  }

  #expectAll(): void {
    const gone = this.#nodes.filter(({ closeCode }) => closeCode !== undefined).length
    if (gone > 0) throw new Error(`the relay has closed ${gone} links`)
  }
}
