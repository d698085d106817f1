import type { LiveTx } from '../../src/api/live-events.ts'
import type { MempoolSummary } from '../../src/ledger/queries.ts'
import { AmountInText } from './amount.tsx'
import { percent, rate, scaled } from './format.ts'
import { TxTable } from './home.tsx'
import { Page } from './layout.tsx'
import { Bar, Of, Section } from './parts.tsx'
import { count, fill } from './phrase.ts'
import { Say } from './say.tsx'
import type { View } from './view.ts'
import { site, mempool as words } from './words.ts'

/** Rows of the fee table; what pays less than the last stands in one. */
const ROWS = 20

export function MempoolPage({ v, summary, recent }: { v: View; summary: MempoolSummary; recent: LiveTx[] }) {
  const { count: n, vsize, feeSat } = summary
  const [digits, step] = scaled(vsize)
  const size = (
    <>
      {digits} <Of unit={`${step}vB`} />
    </>
  )
  return (
    <Page v={v} title={fill(site.title, { page: words.title })} at="mempool" json="/api/mempool">
      <h1>{words.title}</h1>
      <p class="lede">
        {n === 0 ? words.empty : <Say it={words.lede} n={n} vsize={size} fees={<AmountInText v={v} sat={feeSat} />} />}
      </p>
      <div class="cols c75">
        {n > 0 && (
          <Section title={words.byFee} meta={words.byFeeMeta}>
            <FeeTable summary={summary} />
          </Section>
        )}
        <Section title={words.recent} meta={<a href="/api/mempool/txids">{words.txids}</a>}>
          <TxTable v={v} txs={recent} />
        </Section>
      </div>
    </Page>
  )
}

function FeeTable({ summary }: { summary: MempoolSummary }) {
  const whole = summary.histogram.reduce((sum, [, size]) => sum + size, 0)
  let total = 0
  return (
    <table>
      <caption class="sr">{words.caption}</caption>
      <thead>
        <tr>
          <th scope="col">{words.colFrom}</th>
          <th scope="col" class="num">
            {words.colShare}
          </th>
          <th scope="col" class="num">
            {words.colSize}
          </th>
          <th scope="col" class="num x">
            {words.colTotal}
          </th>
        </tr>
      </thead>
      <tbody>
        {folded(summary.histogram).map(([from, size]) => {
          total += size
          return (
            <tr>
              <td>{from === undefined ? words.rest : rate(from)}</td>
              <td class="num">
                {percent(size, whole)} % <Bar part={size} whole={whole} />
              </td>
              <td class="num">{count(size)}</td>
              <td class="num x">{count(total)}</td>
            </tr>
          )
        })}
      </tbody>
    </table>
  )
}

/** The best paying bins, and all others as one without a rate. */
function folded(histogram: readonly (readonly [number, number])[]): (readonly [number | undefined, number])[] {
  if (histogram.length <= ROWS) return [...histogram]
  const rest = histogram.slice(ROWS - 1).reduce((sum, [, size]) => sum + size, 0)
  return [...histogram.slice(0, ROWS - 1), [undefined, rest]]
}
