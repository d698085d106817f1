import { decode, encode } from '../wire/codec.ts'
import { equalBytes } from '../wire/hash.ts'
import { type Inventory, InvType, MAX_INVENTORY } from '../wire/inventory.ts'
import type { Message } from '../wire/messages.ts'
import { transaction, transactionNoWitness } from '../wire/transaction.ts'
import type { HubLink } from './hub-link.ts'
import type { TxInventory } from './tx-inventory.ts'

export interface TxGiverPorts {
  inventory: TxInventory
  send(link: HubLink, message: Message): void
  isSlow(link: HubLink): boolean
}

/** Gives announced transactions to those who ask, as fast as they read. Only what is in the cache was announced. */
export class TxGiver {
  readonly #ports: TxGiverPorts

  constructor(ports: TxGiverPorts) {
    this.#ports = ports
  }

  /** False where the link asks for far more than it takes. */
  ask(link: HubLink, items: readonly Inventory[]): boolean {
    const wanted = [...(link.wanted ?? []), ...items]
    if (wanted.length > MAX_INVENTORY) return false
    link.wanted = wanted
    this.goOn(link)
    return true
  }

  /** As much of what is wanted as the link has room for. */
  goOn(link: HubLink): void {
    const { wanted } = link
    if (!wanted) return
    const missing: Inventory[] = []
    let done = 0
    while (done < wanted.length && !this.#ports.isSlow(link) && !link.closed) {
      const entry = wanted[done++]!
      const bytes = this.#find(entry)
      if (bytes) this.#ports.send(link, { command: 'tx', bytes })
      else missing.push(entry)
    }
    link.wanted = done < wanted.length ? wanted.slice(done) : undefined
    if (missing.length > 0 && !link.closed) this.#ports.send(link, { command: 'notfound', items: missing })
  }

  #find({ type, hash }: Inventory): Uint8Array | undefined {
    const item = this.#ports.inventory.find(hash)
    if (!item?.bytes) return undefined
    // A hash names one of the two: asking for a wtxid by the type of txids finds nothing, and the other way round.
    if (!equalBytes(hash, type === InvType.WTX ? item.wtxid : item.txid)) return undefined
    const plain = type === InvType.TX && !equalBytes(item.txid, item.wtxid)
    return plain ? encode(transactionNoWitness, decode(transaction, item.bytes)) : item.bytes
  }
}
