import { regtest } from '../chain/networks/regtest.ts'
import type { Millis } from '../host/ports.ts'
import { toDisplay } from '../wire/hash.ts'
import { txid } from '../wire/transaction.ts'
import type { MinedBlock } from './block-template.ts'
import { Board } from './board.ts'
import { ChainFollower } from './chain-follower.ts'
import { AGREED_WITHIN, type Check, RELAYED_WITHIN } from './checks.ts'
import { Miner } from './miner.ts'
import type { DemoNetwork, FullDemoNode } from './network.ts'
import { type MadePayment, Payments } from './payments.ts'
import { Proof } from './proof.ts'
import type { Screen } from './screen.ts'
import { type Examples, Settler } from './settle.ts'
import { Site } from './site.ts'
import { Wallet } from './wallet.ts'
import type { WalletBlock } from './wallet-coins.ts'
import { keyedKinds } from './wallet-outputs.ts'
import { Watch } from './watch.ts'

/** With so many blocks the first coinbases can be spent: one of each kind and one more. */
const FIRST_BLOCKS = 110
/** The first blocks are dated so far apart, into the past. */
const FIRST_SPACING_S = 600
const START_WITHIN: Millis = 60_000
/** Every so many rounds a branch with more work takes the place of the tip. */
const FORK_EVERY = 10
const FIRST_FORK = 4
/** Blocks at the end of a check that may take up what still waits. */
const LAST_BLOCKS = 4
/** Payments follow each other after so long at most. */
const PAYMENT_GAP: Millis = 500
/** Without payments, before the next block. */
const QUIET: Millis = 300

export interface RoundsOptions {
  network: DemoNetwork
  /** Of the wallet. */
  seed: Uint8Array
  everyMs: Millis
  /** Prove for so long and end. */
  checkMs: Millis | undefined
  screen: Screen
  now(): Millis
}

export type RoundsEnd = { kind: 'stopped' } | { kind: 'checked'; checks: Check[] }

/** What happens in the demo, block after block, and what is made of it. */
export class Rounds {
  readonly #options: RoundsOptions
  readonly #watch: Watch
  readonly #proof: Proof
  readonly #wallet: Wallet
  readonly #payments: Payments
  readonly #miner = new Miner({ network: regtest, tag: 'Causeway demo' })
  readonly #follower: ChainFollower
  readonly #settler: Settler
  readonly #board: Board
  #coinbases = 0
  #blockTurn = 0
  #paymentTurn = 0
  #doing = 'starting'
  #linksExpected = false
  #linksLost = false
  #examples: Examples | undefined
  #over = false

  constructor(options: RoundsOptions) {
    const { network, seed, screen, now } = options
    this.#options = options
    this.#proof = new Proof({ edge: network.edge !== undefined })
    this.#wallet = new Wallet({ seed, params: regtest.address })
    this.#payments = new Payments(this.#wallet)
    this.#settler = new Settler(network, this.#proof)
    this.#board = new Board(network, screen)
    this.#follower = new ChainFollower({
      connectBlock: (block) => this.#connected(block),
      disconnectBlock: (hash) => this.#disconnected(hash),
    })
    this.#watch = new Watch({
      nodes: network.nodes,
      now,
      onTransaction: (txidHex, node) => this.#proof.inMempool(txidHex, node, now()),
      onLook: () => this.#looked(),
    })
  }

  /** Goes on until stopped, or for the time of a check. Rejects where the network does not do what it must to go on. */
  async run(): Promise<RoundsEnd> {
    const { now, checkMs } = this.#options
    await this.#watch.start()
    await this.#firstBlocks()
    const end = checkMs === undefined ? Number.POSITIVE_INFINITY : now() + checkMs
    for (let round = 0; !this.#over && now() < end; round++) await this.#round(round, end)
    this.#doing = 'the last blocks'
    for (let i = 0; i < LAST_BLOCKS && this.#proof.unsettled.length > 0 && !this.#over; i++) await this.#block(false)
    return this.#over ? { kind: 'stopped' } : { kind: 'checked', checks: this.#proof.checks(true) }
  }

  stop(): void {
    this.#over = true
    this.#watch.stop()
  }

  /** Blocks without payments, as fast as they come, so that the wallet has money to spend. */
  async #firstBlocks(): Promise<void> {
    const { network, now, screen, everyMs } = this.#options
    const [node] = network.nodes
    this.#doing = 'the nodes find each other'
    await this.#agreedInTime('the nodes do not find each other', () => this.#agree() && this.#linksAreUp())
    const from = node.tip().height
    await this.#follower.follow(node.queries)
    const started = Math.floor(now() / 1000)
    for (let height = from + 1; height <= FIRST_BLOCKS && !this.#over; height++) {
      this.#doing = `block ${height} of ${FIRST_BLOCKS}, so that there are coins to spend`
      const time = started - (FIRST_BLOCKS - height) * FIRST_SPACING_S
      await this.#miner.mine(node, { now: time, payTo: this.#nextScript(), empty: true })
    }
    await this.#agreedInTime('the nodes do not agree on the first blocks', () => this.#agree())
    await this.#follower.follow(node.queries)
    this.#linksExpected = true
    if (this.#over) return
    const chain = from === 0 ? `${FIRST_BLOCKS} blocks were mined` : `the chain is taken up at height ${from}`
    screen.say(`${chain}; now a block every ${everyMs / 1000} s, and payments of every kind`, '')
  }

  /** A block, and then payments until it is time for the next. */
  async #round(round: number, end: Millis): Promise<void> {
    const { now, everyMs, checkMs } = this.#options
    const next = Math.min(now() + everyMs, end)
    this.#doing = checkMs === undefined ? 'Ctrl-C ends it' : `${Math.ceil((end - now()) / 1000)} s to go`
    await this.#block(round % FORK_EVERY === FIRST_FORK)
    for (const payment of this.#payments.round()) {
      await this.#hand(payment)
      await this.#watch.pause(Math.min(PAYMENT_GAP, everyMs / 10))
      if (this.#over || now() > next - QUIET) break
    }
    await this.#watch.pause(next - now())
    // What is mined before it has got around cannot be seen to get around.
    await this.#watch.until(() => this.#proof.onTheWay === 0, RELAYED_WITHIN)
  }

  /** The next block, at the other node than the last one, or a branch in place of the tip; and what follows from it. */
  async #block(fork: boolean): Promise<void> {
    const { network, now } = this.#options
    const [a, b] = network.nodes
    const [here, there] = fork || this.#blockTurn++ % 2 === 1 ? [b, a] : [a, b]
    const began = now()
    const made = await (fork ? this.#fork(here) : this.#mine(here))
    const hashHex = toDisplay(made.hash)
    const agreed = await this.#watch.until(() => this.#agree(hashHex), AGREED_WITHIN)
    if (this.#over) return
    if (agreed) this.#proof.agreed(now() - began)
    else this.#proof.parted(this.#tips())
    if (agreed && fork) this.#proof.reorganised()
    await this.#follower.follow(there.queries)
    await this.#settler.nameHeight(made.end.height, hashHex)
    const examples = await this.#settler.settle()
    if (examples && !this.#examples) this.#show(examples)
  }

  #mine(node: FullDemoNode): Promise<MinedBlock> {
    const now = Math.floor(this.#options.now() / 1000)
    return this.#miner.mine(node, { now, payTo: this.#nextScript() })
  }

  async #fork(node: FullDemoNode): Promise<MinedBlock> {
    const now = Math.floor(this.#options.now() / 1000)
    const [first, second] = await this.#miner.fork(node, now, () => this.#nextScript())
    const { height } = first!.end
    this.#options.screen.say(`${node.name} mines another block ${height} and one on it: the tip is reverted everywhere`)
    return second!
  }

  #connected(block: WalletBlock): void {
    this.#wallet.connectBlock(block)
    const ids = block.transactions.map((tx) => toDisplay(txid(tx)))
    this.#proof.connected(toDisplay(block.hash), ids)
  }

  #disconnected(hash: Uint8Array): void {
    this.#wallet.disconnectBlock(hash)
    this.#proof.reverted(toDisplay(hash))
  }

  /** A fresh script for a coinbase; the kinds take turns. */
  #nextScript(): Uint8Array {
    return this.#wallet.receive(keyedKinds[this.#coinbases++ % keyedKinds.length]!).script
  }

  /** Gives a payment to one of the nodes; they take turns, but what spends from the last one goes where that went. */
  async #hand({ sent, what, pays, spends, chained }: MadePayment): Promise<void> {
    const { network, now } = this.#options
    if (!chained) this.#paymentTurn++
    const node = network.nodes[this.#paymentTurn % 2]!
    const txidHex = toDisplay(sent.txid)
    this.#proof.made({ txidHex, at: node.name, now: now(), pays, spends })
    const refusal = await new Site(node.http).broadcast(sent.bytes, txidHex)
    if (refusal === undefined || this.#over) return
    this.#proof.refused(txidHex, `${what} at ${node.name}: ${refusal}`)
    this.#wallet.abandon(sent.txid)
  }

  async #agreedInTime(otherwise: string, met: () => boolean): Promise<void> {
    const inTime = await this.#watch.until(met, START_WITHIN)
    if (!inTime && !this.#over) throw new Error(`${otherwise}: ${this.#tips()}`)
  }

  /** All nodes stand on one block, on this one where it is given. */
  #agree(hashHex?: string): boolean {
    const [first, ...others] = this.#options.network.all.map((node) => node.tip().hashHex)
    return (hashHex ?? first) === first && others.every((other) => other === first)
  }

  #tips(): string {
    const tips = this.#options.network.all.map((node) => {
      const { height, hashHex } = node.tip()
      return `${node.name} at ${height} ${hashHex.slice(-8)} with ${node.links()} links`
    })
    return tips.join(', ')
  }

  #linksAreUp(): boolean {
    return this.#options.network.all.every((node) => node.links() === node.wantedLinks)
  }

  /** At every look. */
  #looked(): void {
    const now = this.#options.now()
    this.#proof.wake(now)
    this.#lookAtLinks()
    this.#board.look(now, this.#doing, () => this.#proof.checks())
  }

  #lookAtLinks(): void {
    if (!this.#linksExpected) return
    const { all, linkCount } = this.#options.network
    this.#proof.linksUp(linkCount)
    const lost = all.filter((node) => node.links() < node.wantedLinks)
    if (lost.length > 0 && !this.#linksLost) this.#proof.linkLost(lost.map(({ name }) => name).join(', '))
    this.#linksLost = lost.length > 0
  }

  #show(examples: Examples): void {
    this.#examples = examples
    const { block, transaction, address } = examples
    const lines = [`  block        ${block}`, `  transaction  ${transaction}`]
    if (address) lines.push(`  address      ${address}`)
    this.#options.screen.say(...lines, '')
  }
}
