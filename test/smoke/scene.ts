import { toDisplay } from '../../src/wire/hash.ts'
import { poll, pollFor } from '../poll.ts'
import { ChainMaker, COINBASE_SCRIPT, coinbaseCoin, type MadeBlock, P2WSH_TRUE, spend } from '../sim/chain-maker.ts'
import { comeInAsPeer, type WsPeer, type WsPeerOptions } from '../sim/ws-peer.ts'
import { bigSpend, FUTURE_WITNESS } from './big-block.ts'
import type { Shell } from './shell.ts'

/** One block or transaction moves. */
export const LIVE = { within: 10_000 }
/** Blocks of 4 MB that the chain may get. */
const BIG_BLOCKS = 4
export const BIG_BYTES = 3_990_000

export const hexOf = (block: MadeBlock) => toDisplay(block.hash)

/** A relay, to be put in, a miner, and the peers that have come in by the relay's door. */
export class Scene {
  relay!: Shell
  readonly maker = new ChainMaker({ seed: 71 })
  /** Two that follow the relay through everything. */
  giver!: WsPeer
  taker!: WsPeer
  readonly #peers: WsPeer[] = []
  #bigMade = 0

  async end(): Promise<void> {
    for (const peer of this.#peers) peer.close()
    await this.relay?.remove()
  }

  // ---- by HTTP

  ask(path: string, init: RequestInit = {}): Promise<Response> {
    return fetch(this.relay.http + path, { signal: AbortSignal.timeout(10_000), ...init })
  }

  /** Throws for any status but 200, as all below do. */
  async get(path: string, init?: RequestInit): Promise<Response> {
    const answer = await this.ask(path, init)
    if (answer.status !== 200) throw new Error(`${path}: ${answer.status} ${await answer.text()}`)
    return answer
  }

  async text(path: string): Promise<string> {
    return (await this.get(path)).text()
  }

  async json<T>(path: string): Promise<T> {
    return (await this.get(path)).json() as Promise<T>
  }

  async page(path: string): Promise<string> {
    return (await this.get(path, { headers: { Accept: 'text/html' } })).text()
  }

  async tipHeight(): Promise<number> {
    return Number(await this.text('/api/blocks/tip/height'))
  }

  tipHash(): Promise<string> {
    return this.text('/api/blocks/tip/hash')
  }

  // ---- by the door

  async comeIn(options: WsPeerOptions = {}): Promise<WsPeer> {
    const peer = await comeInAsPeer(this.relay.door, { piece: 65_536, ...options })
    this.#peers.push(peer)
    await poll('a peer is up', () => peer.peer.up, LIVE)
    return peer
  }

  /** A peer that has the whole chain. */
  comeInWithAll(options: WsPeerOptions = {}): Promise<WsPeer> {
    return this.comeIn({ blocks: this.maker.chain().map(({ bytes }) => bytes), ...options })
  }

  async meetFollowers(): Promise<void> {
    this.giver = await this.comeInWithAll()
    this.taker = await this.comeInWithAll()
  }

  /** One of the two has these blocks and says so; the relay and the other get them. */
  async announce(from: WsPeer, blocks: readonly MadeBlock[]): Promise<void> {
    for (const { bytes } of blocks) from.send(from.peer.mined(bytes))
    const tip = blocks.at(-1)!
    await pollFor('the relay has them', () => this.tipHash(), hexOf(tip), LIVE)
    const other = from === this.giver ? this.taker : this.giver
    await poll('so has the other', () => other.peer.shelf.find(tip.hash), LIVE)
  }

  /** Whether the relay and those who follow it are as well as ever; throws or rejects if not. */
  async followsBoth(): Promise<boolean> {
    await this.announce(this.giver, this.maker.mine(1))
    await this.announce(this.taker, this.maker.mine(1))
    return this.giver.closeCode === undefined && this.taker.closeCode === undefined
  }

  // ---- the chain

  /** The first blocks of the chain: those that `mineBig` needs, then others, `count` in all. */
  mineFirst(count: number): void {
    this.maker.mine(BIG_BLOCKS, { script: FUTURE_WITNESS })
    this.maker.mine(count - BIG_BLOCKS)
  }

  /** A block of 4 MB. */
  mineBig(): MadeBlock {
    const coin = coinbaseCoin(this.maker.chain()[this.#bigMade++]!, this.maker)
    return this.maker.mine(1, { transactions: [bigSpend(coin, BIG_BYTES)] })[0]!
  }

  /** A raw transaction that spends the coinbase at a height, 2 BTC of it to `P2WSH_TRUE`. */
  payment(height: number): Uint8Array {
    const coin = coinbaseCoin(this.maker.chain()[height - 1]!, this.maker)
    const valueSat = 2_0000_0000
    const change = { valueSat: coin.valueSat - valueSat - 10_000, script: COINBASE_SCRIPT }
    return spend([coin], [{ valueSat, script: P2WSH_TRUE }, change])
  }
}
