import { regtest } from '../../src/chain/networks/regtest.ts'
import { equalBytes, hashKey, sha256d } from '../../src/wire/hash.ts'
import { type Inventory, InvType } from '../../src/wire/inventory.ts'
import type { Message } from '../../src/wire/messages.ts'
import { parseTransaction } from '../../src/wire/transaction.ts'
import type { BlockShelf } from './block-shelf.ts'
import type { Misdeed } from './misdeeds.ts'
import type { NodeStyle } from './node-styles.ts'

const MAX_HEADERS = 2000
const MAX_GETBLOCKS = 500

interface PeerTx {
  bytes: Uint8Array
  txid: Uint8Array
  wtxid: Uint8Array
}

/** How a scripted peer gives what it has, or fails to. */
export class PeerGiver {
  /** Transactions that it has, by txid. */
  readonly txs = new Map<string, PeerTx>()
  /** Transactions are spoken of by wtxid. */
  wtxidrelay = false
  readonly #style: NodeStyle
  readonly #shelf: BlockShelf
  readonly #misdeeds: ReadonlySet<Misdeed>
  readonly #say: (message: Message) => void

  constructor(style: NodeStyle, shelf: BlockShelf, misdeeds: ReadonlySet<Misdeed>, say: (message: Message) => void) {
    this.#style = style
    this.#shelf = shelf
    this.#misdeeds = misdeeds
    this.#say = say
  }

  addTx(bytes: Uint8Array): PeerTx {
    const { txid, wtxid } = parseTransaction(bytes)
    const tx = { bytes: bytes.slice(), txid, wtxid }
    this.txs.set(hashKey(txid), tx)
    return tx
  }

  nameOf({ txid, wtxid }: PeerTx): Inventory {
    return this.wtxidrelay ? { type: InvType.WTX, hash: wtxid } : { type: InvType.TX, hash: txid }
  }

  knowsTx({ type, hash }: Inventory): boolean {
    for (const { txid, wtxid } of this.txs.values())
      if (equalBytes(type === InvType.WTX ? wtxid : txid, hash)) return true
    return false
  }

  getheaders(locator: readonly Uint8Array[], stop: Uint8Array): void {
    if (this.#misdeeds.has('no-headers')) return
    this.#say({ command: 'headers', headers: this.#headersFor(locator, stop) })
  }

  getblocks(locator: readonly Uint8Array[], stop: Uint8Array): void {
    const blocks = this.#shelf.after(locator, stop, MAX_GETBLOCKS)
    if (blocks.length === 0) return
    this.#say({ command: 'inv', items: blocks.map(({ hash }) => ({ type: InvType.BLOCK, hash })) })
  }

  getdata(items: readonly Inventory[]): void {
    const missing: Inventory[] = []
    for (const item of items) {
      const isTx = item.type === InvType.TX || item.type === InvType.WITNESS_TX || item.type === InvType.WTX
      if (this.#misdeeds.has(isTx ? 'no-txs' : 'no-blocks')) continue
      const found = isTx ? this.#findTx(item) : this.#findBlock(item)
      if (found) this.#say({ command: isTx ? 'tx' : 'block', bytes: found })
      else missing.push(item)
    }
    if (missing.length > 0) this.#say({ command: 'notfound', items: missing })
  }

  #headersFor(locator: readonly Uint8Array[], stop: Uint8Array): Uint8Array[] {
    if (this.#misdeeds.has('bad-work')) return [lazyHeader(this.#shelf.genesisHash)]
    if (this.#misdeeds.has('loose-headers')) return looseHeaders(3)
    const from = this.#misdeeds.has('same-headers') ? [] : locator
    return this.#shelf.after(from, stop, MAX_HEADERS).map(({ bytes }) => bytes.subarray(0, 80))
  }

  #findBlock({ hash }: Inventory): Uint8Array | undefined {
    const block = this.#shelf.find(hash)
    if (!block || this.#misdeeds.has('not-found')) return undefined
    const bytes = block.bytes.slice()
    if (this.#misdeeds.has('bad-blocks')) bytes[bytes.length - 5]! ^= 1
    return bytes
  }

  #findTx({ type, hash }: Inventory): Uint8Array | undefined {
    const byWtxid = type === InvType.WTX
    if (!byWtxid && this.wtxidrelay && this.#style.forgetsTxids) return undefined
    for (const { bytes, txid, wtxid } of this.txs.values()) if (equalBytes(byWtxid ? wtxid : txid, hash)) return bytes
    return undefined
  }
}

/** A header on genesis that claims a tiny target, and so shows no work. */
function lazyHeader(prev: Uint8Array): Uint8Array {
  const header = regtest.genesis.slice(0, 80)
  header.set(prev, 4)
  header.set([0x01, 0x00, 0x00, 0x10], 72)
  return header
}

/** Linked headers with the work of a regtest network that start nowhere. */
function looseHeaders(count: number): Uint8Array[] {
  const headers: Uint8Array[] = []
  let prev: Uint8Array = new Uint8Array(32).fill(0x77)
  while (headers.length < count) {
    const header = regtest.genesis.slice(0, 80)
    header.set(prev, 4)
    const view = new DataView(header.buffer)
    for (let nonce = 0; (sha256d(header)[31]! & 0x80) !== 0; nonce++) view.setUint32(76, nonce, true)
    headers.push(header)
    prev = sha256d(header)
  }
  return headers
}
