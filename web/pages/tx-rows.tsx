import type { Child } from 'hono/jsx'
import { type VoutJson, voutView } from '../../src/api/tx-view.ts'
import type { Outspend } from '../../src/ledger/queries.ts'
import { hexToBytes, toDisplay } from '../../src/wire/hash.ts'
import { Amount, AmountInText, unitWord } from './amount.tsx'
import { AddressLink, inputHref, OutpointLink, ROWS } from './ids.tsx'
import { Pager, Section, Stranger } from './parts.tsx'
import { fill } from './phrase.ts'
import { Say } from './say.tsx'
import { coinbaseText, dataText } from './script-text.ts'
import { type TxOnPage, txPageHref } from './tx-on-page.ts'
import type { View } from './view.ts'
import { scripts, tx as words } from './words.ts'

interface RowsProps {
  v: View
  tx: TxOnPage
  first: number
  /** Where the other list stands, which turning this one's pages must not change. */
  other: number
}

export function InputRows({ v, tx, first, other }: RowsProps) {
  const { inputs } = tx.tx
  const shown = inputs.slice(first, first + ROWS)
  const meta = tx.coinbase ? undefined : <AmountInText v={v} sat={tx.paid + tx.info.fee} />
  return (
    <Section title={fill(words.inputs, { n: inputs.length })} meta={meta}>
      <table>
        <caption class="sr">{words.inputsMeta}</caption>
        <tbody>
          {shown.map((input, i) => {
            const place = first + i
            if (tx.coinbase) {
              const text = coinbaseText(input.scriptSig)
              return (
                <Row
                  id={`in-${place}`}
                  what={words.newCoins}
                  below={text && <Say it={words.coinbaseSays} text={<Stranger text={text} />} />}
                  amount={<Amount v={v} sat={tx.paid} />}
                />
              )
            }
            const prevout = tx.info.prevouts[place]
            const spent = prevout && voutView(prevout, v.site.network)
            const outpoint = <OutpointLink v={v} txid={toDisplay(input.prevout.hash)} vout={input.prevout.index} />
            return (
              <Row
                id={`in-${place}`}
                what={spent ? <Owner v={v} output={spent} /> : words.unknownPrevout}
                below={<Say it={words.from} outpoint={outpoint} />}
                amount={spent && <Amount v={v} sat={spent.value} />}
                kind={spent && kindOf(spent)}
              />
            )
          })}
        </tbody>
      </table>
      <RowPager
        label={words.moreInputs}
        first={first}
        shown={shown.length}
        total={inputs.length}
        at={(from) => txPageHref(v, tx, from, other)}
      />
    </Section>
  )
}

export function OutputRows({ v, tx, first, other }: RowsProps) {
  const { outputs } = tx.tx
  const shown = outputs.slice(first, first + ROWS)
  return (
    <Section title={fill(words.outputs, { n: outputs.length })} meta={<AmountInText v={v} sat={tx.paid} />}>
      <table>
        <caption class="sr">
          {fill(words.outputs, { n: outputs.length })}, {unitWord(v.prefs.unit)}
        </caption>
        <tbody>
          {shown.map(({ value, scriptPubKey }, i) => {
            const output = voutView({ value: Number(value), script: scriptPubKey }, v.site.network)
            return (
              <Row
                id={`out-${first + i}`}
                what={<Owner v={v} output={output} />}
                below={<Fate v={v} output={output} outspend={tx.outspends[first + i]} />}
                amount={<Amount v={v} sat={output.value} />}
                kind={kindOf(output)}
              />
            )
          })}
          {!tx.coinbase && first + shown.length === outputs.length && (
            <Row id="fee" what={words.feeTo} amount={<Amount v={v} sat={tx.info.fee} />} />
          )}
        </tbody>
      </table>
      <RowPager
        label={words.moreOutputs}
        first={first}
        shown={shown.length}
        total={outputs.length}
        at={(from) => txPageHref(v, tx, other, from)}
      />
    </Section>
  )
}

function Row(props: { id: string; what: Child; below?: Child; amount?: Child; kind?: Child }) {
  return (
    <tr id={props.id}>
      <td>
        {props.what}
        {props.below && <span class="sub">{props.below}</span>}
      </td>
      <td class="num">
        {props.amount}
        {props.kind && <span class="sub">{props.kind}</span>}
      </td>
    </tr>
  )
}

/** Whom an output pays: its address, or what else its script is. */
function Owner({ v, output }: { v: View; output: VoutJson }) {
  if (output.scriptpubkey_address) return <AddressLink v={v} address={output.scriptpubkey_address} />
  return <>{output.scriptpubkey_type === 'op_return' ? words.data : scripts[output.scriptpubkey_type]}</>
}

/** What kind of script an address stands for; an output without one says its kind in its place. */
function kindOf({ scriptpubkey_type, scriptpubkey_address }: VoutJson): string | undefined {
  if (!scriptpubkey_address) return undefined
  return scriptpubkey_type === 'unknown' ? words.otherProgram : scripts[scriptpubkey_type]
}

function Fate({ v, output, outspend }: { v: View; output: VoutJson; outspend: Outspend | undefined }) {
  if (outspend?.spent) {
    const { status } = outspend
    const says = status.confirmed ? fill(words.spentIn, { block: status.height }) : words.spentWaiting
    return (
      <>
        <span class="dot" />
        <a class={status.confirmed ? undefined : 'now'} href={inputHref(v, toDisplay(outspend.txid), outspend.vin)}>
          {says}
        </a>
      </>
    )
  }
  if (output.scriptpubkey_type === 'op_return') {
    const text = dataText(hexToBytes(output.scriptpubkey))
    return text ? <Say it={words.dataSays} text={<Stranger text={text} />} /> : <Say it={words.unspendable} />
  }
  return (
    <>
      <span class="dot full" />
      {words.unspent}
    </>
  )
}

function RowPager(props: { label: string; first: number; shown: number; total: number; at: (from: number) => string }) {
  const { first, shown, total, at } = props
  if (total <= ROWS) return null
  const left = total - first - shown
  const range = fill(props.label, { from: first + 1, to: first + shown, total })
  return (
    <Pager
      label={range}
      range={range}
      previous={first > 0 ? { href: at(first - ROWS), text: fill(words.previousRows, { n: ROWS }) } : undefined}
      next={left > 0 ? { href: at(first + shown), text: fill(words.nextRows, { n: Math.min(left, ROWS) }) } : undefined}
    />
  )
}
