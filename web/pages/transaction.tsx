import { AmountInText } from './amount.tsx'
import { ageInWords, rate, timeOf } from './format.ts'
import { BlockLink } from './ids.tsx'
import { Page } from './layout.tsx'
import { count, fill } from './phrase.ts'
import { Say } from './say.tsx'
import { TxFacts } from './tx-facts.tsx'
import type { TxOnPage } from './tx-on-page.ts'
import { InputRows, OutputRows } from './tx-rows.tsx'
import type { View } from './view.ts'
import { block as blockWords, site, tx as words } from './words.ts'

export interface TxPageProps {
  v: View
  tx: TxOnPage
  /** Index of the first input and the first output shown. */
  firstIn: number
  firstOut: number
}

export function TxPage({ v, tx, firstIn, firstOut }: TxPageProps) {
  const { txidHex } = tx
  return (
    <Page
      v={v}
      title={fill(site.title, { page: fill(words.title, { txid: `${txidHex.slice(0, 8)}…${txidHex.slice(-8)}` }) })}
      json={`/api/tx/${txidHex}`}
    >
      <p class="label">{words.label}</p>
      <h1 class="mono">{txidHex}</h1>
      <Lede v={v} tx={tx} />
      <Badge tx={tx} />
      <div class="cols c66">
        <InputRows v={v} tx={tx} first={firstIn} other={firstOut} />
        <OutputRows v={v} tx={tx} first={firstOut} other={firstIn} />
      </div>
      <TxFacts v={v} tx={tx} />
    </Page>
  )
}

function Lede({ v, tx }: { v: View; tx: TxOnPage }) {
  const { info, coinbase } = tx
  const { status } = info
  const n = tx.tx.outputs.length
  const amount = <AmountInText v={v} sat={tx.paid} />
  if (!status.confirmed) {
    return (
      <p class="lede">
        <Say it={words.paid} n={n} amount={amount} />{' '}
        <span class="now">
          <Say it={words.waits} rate={rate((4 * info.fee) / tx.weight)} />
        </span>{' '}
        {info.firstSeen !== undefined && fill(words.heardAt, { when: ageInWords(info.firstSeen, v.now) })}
      </p>
    )
  }
  const block = (
    <BlockLink v={v} height={status.height}>
      {count(status.height)}
    </BlockLink>
  )
  const confirmations = <Say it={blockWords.confirmations} n={tx.tip - status.height + 1} />
  return (
    <p class="lede">
      {coinbase ? (
        <Say it={words.created} n={n} block={block} amount={amount} />
      ) : (
        <Say it={words.paid} n={n} amount={amount} />
      )}{' '}
      {coinbase ? (
        <Say it={words.minedShort} confirmations={confirmations} />
      ) : (
        <Say it={words.mined} when={timeOf(status.time)} block={block} confirmations={confirmations} />
      )}
    </p>
  )
}

/** Says what nobody has checked; the one state there is without a script that checks. */
function Badge({ tx }: { tx: TxOnPage }) {
  return (
    <div class="badge">
      <svg viewBox="0 0 24 24" aria-hidden="true">
        <circle cx="12" cy="12" r="10" />
      </svg>
      <p>
        {tx.proof ? (
          <Say it={words.unproved} proof={<a href={`/api/tx/${tx.txidHex}/merkleblock-proof`}>{words.theProof}</a>} />
        ) : (
          <Say it={words.unprovedWaiting} />
        )}
      </p>
    </div>
  )
}
