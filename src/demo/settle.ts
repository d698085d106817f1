import { regtest } from '../chain/networks/regtest.ts'
import { addressOf } from '../script/address.ts'
import { fromDisplay, toDisplay } from '../wire/hash.ts'
import { parseTransaction } from '../wire/transaction.ts'
import type { SiteName, Witness } from './checks.ts'
import type { DemoNetwork } from './network.ts'
import type { Proof } from './proof.ts'
import { Site } from './site.ts'

/** Pages worth a look. */
export interface Examples {
  block: string
  transaction: string
  address: string | undefined
}

/** Asks both nodes, and the relays' API and pages, about payments that are to be seen confirmed. */
export class Settler {
  readonly #network: DemoNetwork
  readonly #proof: Proof
  readonly #site: Site
  /** By where they are. */
  readonly #sites: Map<SiteName, Site>

  constructor(network: DemoNetwork, proof: Proof) {
    this.#network = network
    this.#proof = proof
    this.#site = new Site(network.relay.http)
    this.#sites = new Map([['relay', this.#site]])
    if (network.edge) this.#sites.set('edge relay', new Site(network.edge.http))
  }

  /** Asks about everything that is not settled; gives the pages of a payment that everybody shows as confirmed, if any. */
  async settle(): Promise<Examples | undefined> {
    let examples: Examples | undefined
    for (const txidHex of this.#proof.unsettled) {
      const hashHex = await this.#settleOne(txidHex)
      if (hashHex && !examples) examples = await this.#examples(txidHex, hashHex)
    }
    return examples
  }

  /** Whether the APIs name the block at a height. */
  async nameHeight(height: number, hashHex: string): Promise<void> {
    const asked = [...this.#sites].map(async ([name, site]) =>
      this.#proof.heightAnswered(name, hashHex, await site.blockHashAt(height)),
    )
    await Promise.all(asked)
  }

  /** The hash of the block that holds the transaction, when everybody agrees on it. */
  async #settleOne(txidHex: string): Promise<string | undefined> {
    const proof = this.#proof
    const txid = fromDisplay(txidHex)
    const [a, b] = await Promise.all(this.#network.nodes.map(({ queries }) => queries.txStatus(txid)))
    if (!a?.confirmed || !b?.confirmed || toDisplay(a.hash) !== toDisplay(b.hash)) return undefined
    proof.confirmed(txidHex, 'node A')
    proof.confirmed(txidHex, 'node B')
    const { height } = a
    const hashHex = toDisplay(a.hash)
    const agreeing = await Promise.all(
      [...this.#sites].map(async ([name, site]) => {
        const [api, page] = await Promise.all([
          site.contradictsStatus(txidHex, hashHex, height),
          site.contradictsPage(txidHex, height),
        ])
        this.#heard(`${name} API`, txidHex, api)
        this.#heard(`${name} page`, txidHex, page)
        return api === undefined && page === undefined
      }),
    )
    return agreeing.every(Boolean) ? hashHex : undefined
  }

  #heard(witness: Witness, txidHex: string, contradiction: string | undefined): void {
    if (contradiction === undefined) this.#proof.confirmed(txidHex, witness)
    else this.#proof.contradicted(witness, txidHex, contradiction)
  }

  async #examples(txidHex: string, hashHex: string): Promise<Examples | undefined> {
    const { base } = this.#site
    const found = await this.#network.relay.queries.tx(fromDisplay(txidHex))
    if (!found) return undefined
    const addresses = parseTransaction(found.raw).tx.outputs.map((out) => addressOf(out.scriptPubKey, regtest.address))
    const address = addresses.find((text) => text !== undefined)
    return {
      block: `${base}/block/${hashHex}`,
      transaction: `${base}/tx/${txidHex}`,
      address: address && `${base}/address/${address}`,
    }
  }
}
