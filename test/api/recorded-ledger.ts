import type { OutspendJson, StatusJson, TxJson } from '../../src/api/tx-view.ts'
import type {
  LedgerQueries,
  LedgerStatus,
  Outspend,
  ScriptStats,
  ScriptTxs,
  TxInfo,
  TxStatus,
  UtxoInfo,
} from '../../src/ledger/queries.ts'
import { equalBytes, fromDisplay, hexToBytes, sha256, toDisplay } from '../../src/wire/hash.ts'
import { parseTransaction, type Transaction } from '../../src/wire/transaction.ts'
import { FakeLedger } from './fake-ledger.ts'

/** One answer of a server: what was asked, and the JSON or text that came. */
export interface Recorded {
  path: string
  body: unknown
}

interface KnownTx {
  info: TxInfo
  tx: Transaction
}

/**
 * A ledger that knows the raw transactions of a recording. What a transaction alone does not tell, its block and what it
 * spends, is taken from the recording; histories, sums and unspent outputs are worked out from the transactions.
 */
export class RecordedLedger implements Partial<LedgerQueries> {
  /** Newest first. */
  readonly #txs: KnownTx[] = []
  readonly #outspends = new Map<string, Outspend[]>()
  readonly #first: FakeLedger

  /** `firstBlocks`: the chain from its genesis on, as far as it was asked about. */
  constructor(recorded: readonly Recorded[], firstBlocks: readonly Uint8Array<ArrayBuffer>[]) {
    this.#first = new FakeLedger(firstBlocks)
    const bodies = recorded.filter(({ path }) => /^\/tx\/[0-9a-f]{64}$|\/txs(\/|$)/.test(path))
    const utxos = recorded.filter(({ path }) => path.endsWith('/utxo'))
    const jsons = new Map(bodies.flatMap(({ body }) => body as TxJson | TxJson[]).map((json) => [json.txid, json]))
    const places = new Map(
      utxos.flatMap(({ body }) => body as { txid: string; status: StatusJson }[]).map((u) => [u.txid, u.status]),
    )
    const order = [...jsons.keys()]
    for (const { path, body } of recorded) {
      const named = /^\/tx\/([0-9a-f]{64})\/(hex|outspends)$/.exec(path)
      if (!named) continue
      if (named[2] === 'hex') this.#add(body as string, jsons.get(named[1]!), places.get(named[1]!))
      else this.#outspends.set(named[1]!, (body as OutspendJson[]).map(outspendFrom))
    }
    const placeOf = ({ info }: KnownTx) => order.indexOf(toDisplay(info.txid))
    this.#txs.sort((a, b) => placeOf(a) - placeOf(b))
  }

  async status(): Promise<LedgerStatus> {
    const mempool = { count: 0, vsize: 0, feeSat: 0 }
    return { tip: { height: 0, hash: new Uint8Array(32), time: 0 }, headers: 0, synced: true, mempool }
  }

  blockHashAt(height: number) {
    return this.#first.blockHashAt(height)
  }

  block(hash: Uint8Array) {
    return this.#first.block(hash)
  }

  blockTxids(hash: Uint8Array) {
    return this.#first.blockTxids(hash)
  }

  async tx(txid: Uint8Array): Promise<TxInfo | undefined> {
    return this.#find(txid)?.info
  }

  async txStatus(txid: Uint8Array): Promise<TxStatus> {
    return this.#find(txid)?.info.status ?? { confirmed: false }
  }

  async outspends(txid: Uint8Array): Promise<Outspend[] | undefined> {
    return this.#outspends.get(toDisplay(txid))
  }

  async scriptTxs(scripthash: Uint8Array, page: { chain: number; after?: Uint8Array }): Promise<ScriptTxs> {
    const history = this.#history(scripthash)
    const { after } = page
    const start = after ? history.findIndex(({ info }) => equalBytes(info.txid, after)) + 1 : 0
    const rest = after && start === 0 ? [] : history.slice(start)
    return { mempool: [], chain: rest.slice(0, page.chain).map(({ info }) => info), more: rest.length > page.chain }
  }

  async scriptStats(scripthash: Uint8Array): Promise<ScriptStats> {
    const history = this.#history(scripthash)
    const funded = history.flatMap(({ tx }) => tx.outputs.filter((out) => isOf(scripthash, out.scriptPubKey)))
    const spent = history.flatMap(({ info }) => info.prevouts.filter((out) => out && isOf(scripthash, out.script)))
    const none = { fundedCount: 0, fundedSum: 0, spentCount: 0, spentSum: 0, txCount: 0 }
    return {
      chain: {
        fundedCount: funded.length,
        fundedSum: funded.reduce((sum, { value }) => sum + Number(value), 0),
        spentCount: spent.length,
        spentSum: spent.reduce((sum, out) => sum + out!.value, 0),
        txCount: history.length,
      },
      mempool: none,
    }
  }

  async scriptUtxos(scripthash: Uint8Array): Promise<UtxoInfo[]> {
    const isSpent = (txid: Uint8Array, vout: number) =>
      this.#outspends.get(toDisplay(txid))?.[vout]?.spent ||
      this.#txs.some(({ tx }) =>
        tx.inputs.some(({ prevout }) => prevout.index === vout && equalBytes(prevout.hash, txid)),
      )
    return this.#history(scripthash).flatMap(({ info: { txid, status }, tx }) =>
      tx.outputs.flatMap(({ value, scriptPubKey }, vout) => {
        if (!isOf(scripthash, scriptPubKey) || isSpent(txid, vout)) return []
        return [{ txid, vout, value: Number(value), status }]
      }),
    )
  }

  #add(hex: string, json: TxJson | undefined, place: StatusJson | undefined): void {
    const raw = hexToBytes(hex)
    const { tx, txid } = parseTransaction(raw)
    // Two files may have the same one.
    if (this.#find(txid)) return
    const prevouts = tx.inputs.map((_, i) => {
      const prevout = json?.vin[i]?.prevout
      return prevout ? { value: prevout.value, script: hexToBytes(prevout.scriptpubkey) } : undefined
    })
    const sum = prevouts.reduce((total, prevout) => total + (prevout?.value ?? 0), 0)
    const fee = sum - tx.outputs.reduce((total, { value }) => total + Number(value), 0)
    const status = statusFrom(json?.status ?? place ?? { confirmed: false })
    this.#txs.push({ tx, info: { txid, raw, prevouts, fee, status } })
  }

  #find(txid: Uint8Array): KnownTx | undefined {
    return this.#txs.find(({ info }) => equalBytes(info.txid, txid))
  }

  #history(scripthash: Uint8Array): KnownTx[] {
    return this.#txs.filter(
      ({ tx, info }) =>
        tx.outputs.some(({ scriptPubKey }) => isOf(scripthash, scriptPubKey)) ||
        info.prevouts.some((prevout) => prevout && isOf(scripthash, prevout.script)),
    )
  }
}

function isOf(scripthash: Uint8Array, script: Uint8Array): boolean {
  return equalBytes(sha256(script), scripthash)
}

function statusFrom(status: StatusJson): TxStatus {
  if (!status.confirmed) return { confirmed: false }
  return {
    confirmed: true,
    height: status.block_height,
    hash: fromDisplay(status.block_hash),
    time: status.block_time,
  }
}

function outspendFrom(json: OutspendJson): Outspend {
  if (!json.spent) return { spent: false }
  return { spent: true, txid: fromDisplay(json.txid), vin: json.vin, status: statusFrom(json.status) }
}
