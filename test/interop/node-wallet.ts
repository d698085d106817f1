import { networks } from '../../src/chain/network.ts'
import { type FanOutOptions, type SendOptions, type Sent, Wallet, type WalletCoin } from '../../src/demo/wallet.ts'
import { type KeyedKind, keyedKinds } from '../../src/demo/wallet-outputs.ts'
import { block } from '../../src/wire/block.ts'
import { decode } from '../../src/wire/codec.ts'
import { bytesToHex, fromDisplay, hexToBytes } from '../../src/wire/hash.ts'
import type { Litecoind } from './litecoind.ts'

/** Satoshi per vB. */
export const FEE_RATE = 2

/** Our wallet, kept in step with a node's chain and funded by it. */
export class NodeWallet {
  readonly wallet: Wallet
  readonly #node: Litecoind
  readonly #hashes: string[] = []

  constructor(node: Litecoind) {
    const { network } = node.program
    this.#node = node
    this.wallet = new Wallet({
      seed: new Uint8Array(32).fill(9),
      params: networks[network].address,
      dustRelayFee: network === 'litecoin-regtest' ? 30_000 : 3000,
    })
  }

  /** Has the node mine `each` blocks to every kind of output, and as many more as it takes to spend them. */
  async fund(each: number): Promise<void> {
    for (let i = 0; i < each; i++) for (const kind of keyedKinds) await this.mineTo(kind)
    await this.#node.mine(100)
    await this.follow()
  }

  async mineTo(kind: KeyedKind): Promise<void> {
    await this.#node.mine(1, bytesToHex(this.wallet.receive(kind).script))
  }

  /** Shows the wallet what the node's chain has become. */
  async follow(): Promise<void> {
    const height = await this.#node.rpc<number>('getblockcount')
    while (this.#hashes.length > 0) {
      const top = this.#hashes.length - 1
      if (top <= height && (await this.#node.rpc('getblockhash', [top])) === this.#hashes[top]) break
      this.wallet.disconnectBlock(fromDisplay(this.#hashes.pop()!))
    }
    while (this.#hashes.length <= height) {
      const hashHex = await this.#node.rpc<string>('getblockhash', [this.#hashes.length])
      const { transactions } = decode(block, hexToBytes(await this.#node.rpc<string>('getblock', [hashHex, 0])))
      this.wallet.connectBlock({ hash: fromDisplay(hashHex), height: this.#hashes.length, transactions })
      this.#hashes.push(hashHex)
    }
  }

  /** A coin that a block holds; one that may be spent unless asked otherwise. */
  coin(kind: WalletCoin['kind'], mature = true): WalletCoin {
    const coin = this.wallet
      .coins()
      .find((coin) => coin.kind === kind && coin.height !== undefined && coin.mature === mature)
    if (!coin) throw new Error(`no ${kind} coin`)
    return coin
  }

  /** Builds and signs; throws where there is too little. */
  send(options: Partial<SendOptions>): Payment {
    return sent(this.wallet.send({ outputs: [], feeRate: FEE_RATE, ...options }))
  }

  /** One output of every kind, an anchor and data. */
  fanOut(options: Partial<FanOutOptions> = {}): Payment {
    const data = hexToBytes('63617573657761790a')
    return sent(this.wallet.fanOut({ feeRate: FEE_RATE, valueSat: 10_000_000, data, ...options }))
  }
}

export type Payment = Extract<Sent, { kind: 'sent' }>

function sent(result: Sent): Payment {
  if (result.kind !== 'sent') throw new Error(result.kind)
  return result
}
