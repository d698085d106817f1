import { bytesToHex, hexToBytes, sha256 } from '../../src/wire/hash.ts'
import type { Litecoind } from './litecoind.ts'

/** A transaction as a node's RPC tells it, as far as the nodes of all ages agree. Amounts are coins. */
export interface NodeTx {
  txid: string
  version: number
  size: number
  weight: number
  locktime: number
  vin: {
    coinbase?: string
    txid?: string
    vout?: number
    scriptSig?: { hex: string }
    txinwitness?: string[]
    sequence: number
  }[]
  vout: { value: number; n: number; scriptPubKey: NodeScript }[]
  hex: string
}

export interface NodeScript {
  hex: string
  type: string
  /** Since Bitcoin Core 22. */
  address?: string
  /** Before; all keys of a bare multisig, too. */
  addresses?: string[]
}

export interface NodeBlock {
  hash: string
  height: number
  version: number
  merkleroot: string
  tx: NodeTx[]
  time: number
  mediantime: number
  nonce: number
  bits: string
  difficulty: number
  size: number
  weight: number
  previousblockhash?: string
  nextblockhash?: string
}

/** An output, and who spent it. */
export interface Coin {
  txid: string
  vout: number
  valueSat: number
  script: NodeScript
  height: number
  spentBy?: { tx: NodeTx; vin: number; block: NodeBlock }
}

/** What became of one script, in the order of the chain. */
export interface ScriptPast {
  coins: Coin[]
  /** Without repetitions. */
  txids: string[]
}

/**
 * A node's whole chain as its RPC tells it, with an index made in the simplest way there is. The output of the first
 * block, which nobody can spend, is part of it, as it is of block explorers.
 */
export class NodeChain {
  readonly blocks: NodeBlock[] = []
  readonly coins = new Map<string, Coin>()
  readonly scripts = new Map<string, ScriptPast>()

  static async read(node: Litecoind): Promise<NodeChain> {
    const chain = new NodeChain()
    for (let height = await node.rpc<number>('getblockcount'); height >= 0; height--) {
      chain.blocks.unshift(await node.rpc('getblock', [await node.rpc('getblockhash', [height]), 2]))
    }
    for (const block of chain.blocks) for (const tx of block.tx) chain.#add(block, tx)
    return chain
  }

  coin(txid: string, vout: number): Coin {
    const coin = this.coins.get(`${txid}:${vout}`)
    if (!coin) throw new Error(`no output ${txid}:${vout}`)
    return coin
  }

  /** What its inputs are worth above its outputs; 0 for a coinbase. */
  feeSat({ vin, vout }: NodeTx): number {
    if (vin[0]!.coinbase !== undefined) return 0
    const spent = vin.reduce((sum, input) => sum + this.coin(input.txid!, input.vout!).valueSat, 0)
    return spent - vout.reduce((sum, output) => sum + satoshi(output.value), 0)
  }

  #add(block: NodeBlock, tx: NodeTx): void {
    for (const [vin, input] of tx.vin.entries()) {
      if (input.txid === undefined) continue
      const coin = this.coin(input.txid, input.vout!)
      coin.spentBy = { tx, vin, block }
      this.#touched(coin.script.hex, tx.txid)
    }
    for (const { n, value, scriptPubKey } of tx.vout) {
      const coin = { txid: tx.txid, vout: n, valueSat: satoshi(value), script: scriptPubKey, height: block.height }
      this.coins.set(`${tx.txid}:${n}`, coin)
      this.#touched(scriptPubKey.hex, tx.txid).coins.push(coin)
    }
  }

  #touched(scriptHex: string, txid: string): ScriptPast {
    let past = this.scripts.get(scriptHex)
    if (!past) {
      past = { coins: [], txids: [] }
      this.scripts.set(scriptHex, past)
    }
    if (past.txids.at(-1) !== txid && !past.txids.includes(txid)) past.txids.push(txid)
    return past
  }
}

/** An amount of the RPC, which counts in coins. */
export function satoshi(coins: number): number {
  return Math.round(coins * 1e8)
}

/** How the API names a script. */
export function scripthashOf(scriptHex: string): string {
  return bytesToHex(sha256(hexToBytes(scriptHex)))
}
