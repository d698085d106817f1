import type { Child } from 'hono/jsx'
import type { HubQueries } from '../../src/api/deps.ts'
import { HOME_BLOCKS, HOME_TXS } from '../../src/api/event-stream.ts'
import { exampleValues } from '../../src/api/example-values.ts'
import { homeView, liveTx } from '../../src/api/live-events.ts'
import type { OpenApi } from '../../src/api/openapi.ts'
import { readHash, readU32 } from '../../src/api/params.ts'
import type { LedgerQueries } from '../../src/ledger/queries.ts'
import { hexToBytes, sha256 } from '../../src/wire/hash.ts'
import { BLOCK_TXS, BlockPage } from './block.tsx'
import { BLOCKS_PAGE, BlocksPage } from './blocks.tsx'
import { DocsPage } from './docs.tsx'
import { HomePage } from './home.tsx'
import { outputHref, ROWS } from './ids.tsx'
import { MempoolPage } from './mempool.tsx'
import { NetworkPage } from './network.tsx'
import type { Problem } from './problem.tsx'
import { HISTORY_PAGE, ScriptPage, type Subject } from './script.tsx'
import { readAddress, readSought } from './sought.ts'
import { TxPage } from './transaction.tsx'
import { txOnPage } from './tx-on-page.ts'
import { href, type View } from './view.ts'

/** What a page's maker is handed. */
export interface Asked {
  v: View
  /** The part of the path that names something, decoded; empty where there is none. */
  id: string
  query: URLSearchParams
  queries: LedgerQueries
  hub: HubQueries
  document: () => OpenApi
}

export type Outcome = { page: Child } | { problem: Problem } | { to: string }

/** Heights of up to ten digits name blocks; anything longer is a mistake. */
const HEIGHT = /^\d{1,10}$/

export async function home({ v, queries }: Asked): Promise<Outcome> {
  const info = await queries.home(HOME_BLOCKS, HOME_TXS)
  return { page: <HomePage v={{ ...v, status: info.status }} home={homeView(info)} /> }
}

export async function blocks({ v, query, queries }: Asked): Promise<Outcome> {
  const from = query.get('from')
  const found = await queries.blocks(from !== null && HEIGHT.test(from) ? Number(from) : undefined, BLOCKS_PAGE)
  if (!found) return { problem: { kind: 'future-height', height: Number(from) } }
  return { page: <BlocksPage v={v} blocks={found} /> }
}

export async function block({ v, id, query, queries }: Asked): Promise<Outcome> {
  const at = HEIGHT.test(id) ? Number(id) : readHash(id)
  if (at === undefined) return unnamed(v, id)
  const start = pageStart(query.get('start'), BLOCK_TXS)
  const found = await queries.blockPage(at, start, BLOCK_TXS)
  if (!found) return { problem: missingBlock(v, at, id) }
  if (found.txs.length === 0) return { problem: { kind: 'page-unknown' } }
  return { page: <BlockPage v={v} {...found} start={start} /> }
}

function missingBlock(v: View, at: number | Uint8Array, text: string): Problem {
  if (typeof at === 'number' && at > v.status.tip.height) return { kind: 'future-height', height: at }
  return { kind: 'block-unknown', text }
}

export async function transaction({ v, id, query, queries }: Asked): Promise<Outcome> {
  const txid = readHash(id)
  if (!txid) return unnamed(v, id)
  const found = await queries.txPage(txid)
  if (!found) return { problem: { kind: 'tx-unknown', text: id } }
  const tx = txOnPage(found)
  const firstIn = pageStart(query.get('in'), ROWS)
  const firstOut = pageStart(query.get('out'), ROWS)
  if (firstIn >= tx.tx.inputs.length || firstOut >= tx.tx.outputs.length) return { problem: { kind: 'page-unknown' } }
  return { page: <TxPage v={v} tx={tx} firstIn={firstIn} firstOut={firstOut} /> }
}

export async function address(asked: Asked): Promise<Outcome> {
  const read = readAddress(asked.id, asked.v.site.network)
  if (read.kind !== 'address') return { problem: { ...read, text: asked.id } }
  return script(asked, { ...read, scripthash: sha256(read.script) })
}

export async function scripthash(asked: Asked): Promise<Outcome> {
  // Read for its form only: a scripthash is not reversed.
  if (!readHash(asked.id)) return unnamed(asked.v, asked.id)
  return script(asked, { kind: 'scripthash', scripthash: hexToBytes(asked.id) })
}

async function script({ v, query, queries }: Asked, subject: Subject): Promise<Outcome> {
  const after = readHash(query.get('after') ?? '')
  const page = { mempool: after ? 0 : HISTORY_PAGE, chain: HISTORY_PAGE, ...(after && { after }) }
  const { stats, history } = await queries.scriptPage(subject.scripthash, page)
  return {
    page: <ScriptPage v={v} subject={subject} stats={stats} history={history} later={after !== undefined} />,
  }
}

export async function mempool({ v, queries }: Asked): Promise<Outcome> {
  const summary = await queries.mempool()
  const recent = await queries.mempoolRecent(HOME_TXS)
  return { page: <MempoolPage v={v} summary={summary} recent={recent.map(liveTx)} /> }
}

export async function network({ v, hub }: Asked): Promise<Outcome> {
  return { page: <NetworkPage v={v} links={await hub.links()} /> }
}

export async function docs({ v, queries, document }: Asked): Promise<Outcome> {
  const values = await exampleValues(queries, v.site.network)
  return { page: <DocsPage v={v} document={document()} values={values} /> }
}

export async function search({ v, query, queries }: Asked): Promise<Outcome> {
  const text = query.get('q') ?? ''
  const sought = readSought(text, v.site.network)
  switch (sought.kind) {
    case 'empty':
      return { problem: sought }
    case 'height':
      return { to: href(v, `/block/${sought.height}`) }
    case 'hash': {
      const hash = readHash(sought.hashHex)!
      if (await queries.block(hash)) return { to: href(v, `/block/${sought.hashHex}`) }
      if (await queries.tx(hash)) return { to: href(v, `/tx/${sought.hashHex}`) }
      return { problem: { kind: 'hash-unknown', text: sought.hashHex } }
    }
    case 'outpoint':
      return { to: outputHref(v, sought.txidHex, sought.vout) }
    case 'address':
      return { to: href(v, `/address/${sought.address}`) }
    default:
      return { problem: { ...sought, text } }
  }
}

export async function unknown(): Promise<Outcome> {
  return { problem: { kind: 'page-unknown' } }
}

/** For a text that names neither a block nor a transaction: read as a search reads it, but never as an address. */
function unnamed(v: View, text: string): Outcome {
  const read = readSought(text, v.site.network)
  return { problem: read.kind === 'bad-length' ? { ...read, text } : { kind: 'malformed', text } }
}

/** Where a page of a list begins; anything that is no such place is the first. */
function pageStart(given: string | null, size: number): number {
  const start = readU32(given ?? '') ?? 0
  return start - (start % size)
}
