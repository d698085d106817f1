import { parseNamed } from '../../src/api/tx-view.ts'
import type { ScriptStats, ScriptTxs, TxInfo } from '../../src/ledger/queries.ts'
import { type ScriptType, scriptType } from '../../src/script/type.ts'
import { bytesToHex, equalBytes, sha256, toDisplay } from '../../src/wire/hash.ts'
import { Amount, AmountInText, unitWord } from './amount.tsx'
import { BlockLink, FullAddress, TxLink } from './ids.tsx'
import { Page } from './layout.tsx'
import { DateTime, Facts, Pager, Section } from './parts.tsx'
import { count, fill } from './phrase.ts'
import { Say } from './say.tsx'
import { href, type View } from './view.ts'
import { site, address as words } from './words.ts'

/** Confirmed and unconfirmed transactions on one page of a history. */
export const HISTORY_PAGE = 25

/** Whose history a page shows: an address and its script, or a scripthash whose script nobody told. */
export type Subject =
  | { kind: 'address'; address: string; script: Uint8Array; scripthash: Uint8Array }
  | { kind: 'scripthash'; scripthash: Uint8Array }

export interface ScriptPageProps {
  v: View
  subject: Subject
  stats: ScriptStats
  history: ScriptTxs
  /** Whether this is not the first page. */
  later: boolean
}

export function ScriptPage({ v, subject, stats, history, later }: ScriptPageProps) {
  const used = stats.chain.txCount + stats.mempool.txCount
  const balance = stats.chain.fundedSum - stats.chain.spentSum
  const name = subject.kind === 'address' ? subject.address : bytesToHex(subject.scripthash)
  const title =
    subject.kind === 'address'
      ? fill(words.title, { address: name })
      : fill(words.titleHash, { hash: name.slice(0, 16) })
  return (
    <Page v={v} title={fill(site.title, { page: title })} json={`/api/${subject.kind}/${name}`}>
      <p class="label">
        {subject.kind === 'address'
          ? fill(words.label, { type: typeInWords(scriptType(subject.script)) })
          : words.labelHash}
      </p>
      <h1 class="mono">{subject.kind === 'address' ? <FullAddress address={name} /> : name}</h1>
      {used === 0 ? (
        <p class="lede">{subject.kind === 'address' ? words.unused : words.unusedHash}</p>
      ) : (
        <p class="lede">
          <Say
            it={words.holds}
            n={stats.chain.fundedCount - stats.chain.spentCount}
            amount={<AmountInText v={v} sat={balance} />}
          />{' '}
          <Say it={words.used} n={used} />
        </p>
      )}
      {subject.kind === 'address' && <p class="notice">{words.knows}</p>}
      {used > 0 && (
        <div class="cols c84">
          <Section title={words.history}>
            <History v={v} subject={subject} history={history} />
            <HistoryPager v={v} subject={subject} name={name} history={history} later={later} />
          </Section>
          <Section title={words.facts}>
            <ScriptFacts v={v} subject={subject} stats={stats} name={name} />
          </Section>
        </div>
      )}
    </Page>
  )
}

function typeInWords(type: ScriptType): string {
  const types: Partial<Record<ScriptType, string>> = words.types
  return types[type] ?? words.types.unknown
}

function History({ v, subject, history }: { v: View; subject: Subject; history: ScriptTxs }) {
  return (
    <table>
      <caption class="sr">{words.caption}</caption>
      <thead>
        <tr>
          <th scope="col">{words.colDate}</th>
          <th scope="col">{words.colTx}</th>
          <th scope="col" class="num">
            {fill(words.colChange, { unit: unitWord(v.prefs.unit) })}
          </th>
          <th scope="col" class="num x">
            {words.colBlock}
          </th>
        </tr>
      </thead>
      <tbody>
        {[...history.mempool, ...history.chain].map((tx) => (
          <tr>
            <td>
              {tx.status.confirmed ? <DateTime time={tx.status.time} /> : <span class="now">{words.waiting}</span>}
            </td>
            <td>
              <TxLink v={v} txid={toDisplay(tx.txid)} />
            </td>
            <td class="num">
              <Amount v={v} sat={changeOf(tx, subject)} signed />
            </td>
            <td class="num x">
              {tx.status.confirmed ? (
                <BlockLink v={v} height={tx.status.height}>
                  {count(tx.status.height)}
                </BlockLink>
              ) : (
                <span class="dim">{words.notYet}</span>
              )}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}

/** What a transaction gave to the script, less what it took from it, in satoshi. */
export function changeOf(info: TxInfo, subject: Subject): number {
  const ours = (script: Uint8Array) =>
    subject.kind === 'address' ? equalBytes(script, subject.script) : equalBytes(sha256(script), subject.scripthash)
  let change = 0
  for (const { value, scriptPubKey } of parseNamed(info.raw).tx.outputs) if (ours(scriptPubKey)) change += Number(value)
  for (const prevout of info.prevouts) if (prevout && ours(prevout.script)) change -= prevout.value
  return change
}

function HistoryPager(props: { v: View; subject: Subject; name: string; history: ScriptTxs; later: boolean }) {
  const { v, subject, name, history, later } = props
  const last = history.chain.at(-1)
  const path = `/${subject.kind}/${name}`
  if (!later && !history.more) return null
  return (
    <Pager
      label={words.pager}
      range={history.more ? '' : words.noMore}
      previous={later ? { href: href(v, path), text: words.first } : undefined}
      next={
        history.more && last ? { href: href(v, path, { after: toDisplay(last.txid) }), text: words.older } : undefined
      }
    />
  )
}

function ScriptFacts({ v, subject, stats, name }: { v: View; subject: Subject; stats: ScriptStats; name: string }) {
  const { chain, mempool } = stats
  const waiting = mempool.fundedSum - mempool.spentSum
  return (
    <Facts
      of={[
        [words.received, <AmountInText v={v} sat={chain.fundedSum} />],
        [words.sent, <AmountInText v={v} sat={chain.spentSum} />],
        [words.unspent, <AmountInText v={v} sat={chain.fundedSum - chain.spentSum} />],
        mempool.txCount > 0 && [
          words.waitingSum,
          <span class="now">
            <Amount v={v} sat={waiting} signed /> {unitWord(v.prefs.unit)}
          </span>,
        ],
        [words.utxos, <a href={`/api/${subject.kind}/${name}/utxo`}>{words.utxosJson}</a>],
        subject.kind === 'address' && [
          words.scripthash,
          <a class="mono" href={href(v, `/scripthash/${bytesToHex(subject.scripthash)}`)}>
            {bytesToHex(subject.scripthash)}
          </a>,
        ],
      ]}
    />
  )
}
