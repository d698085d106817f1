import { readHeader } from '../../src/api/block-view.ts'
import { parseNamed } from '../../src/api/tx-view.ts'
import { subsidy } from '../../src/chain/block-rules.ts'
import { MAX_BLOCK_WEIGHT } from '../../src/chain/consensus.ts'
import { difficultyOf } from '../../src/chain/target.ts'
import type { BlockInfo, TxInfo } from '../../src/ledger/queries.ts'
import { toDisplay } from '../../src/wire/hash.ts'
import { isCoinbase } from '../../src/wire/transaction.ts'
import { Amount, AmountInText, unitWord } from './amount.tsx'
import { percent, rate, scaled, timeOf } from './format.ts'
import { BlockHash, TxLink } from './ids.tsx'
import { Page } from './layout.tsx'
import { Bar, DateTime, Facts, Of, Pager, Section } from './parts.tsx'
import { count, fill } from './phrase.ts'
import { Say } from './say.tsx'
import { href, type View } from './view.ts'
import { site, block as words } from './words.ts'

/** Transactions on one page of a block. */
export const BLOCK_TXS = 25

export interface BlockPageProps {
  v: View
  block: BlockInfo
  txs: TxInfo[]
  /** Index of the first of `txs`. */
  start: number
  tip: number
}

export function BlockPage({ v, block, txs, start, tip }: BlockPageProps) {
  const { height } = block
  const hashHex = toDisplay(block.hash)
  const title = fill(words.title, { height })
  return (
    <Page v={v} title={fill(site.title, { page: title })} at="blocks" json={`/api/block/${hashHex}`}>
      <div class="row">
        <h1>{title}</h1>
        <Neighbours v={v} block={block} />
      </div>
      <p>
        <BlockHash hash={hashHex} />
      </p>
      <p class="lede">
        <Say
          it={words.lede}
          n={block.txCount}
          when={timeOf(readHeader(block.header).time)}
          full={percent(block.weight, MAX_BLOCK_WEIGHT)}
          confirmations={<Say it={words.confirmations} n={tip - height + 1} />}
        />
      </p>
      <BlockFacts v={v} block={block} hashHex={hashHex} />
      <Section title={fill(words.txs, { n: block.txCount })} meta={words.txsMeta}>
        <TxRows v={v} txs={txs} start={start} height={height} />
        <TxPager v={v} hashHex={hashHex} start={start} shown={txs.length} total={block.txCount} />
      </Section>
    </Page>
  )
}

function Neighbours({ v, block }: { v: View; block: BlockInfo }) {
  const { height, next } = block
  return (
    <nav aria-label={words.neighbours}>
      {next && (
        <a class="btn" href={href(v, `/block/${height + 1}`)} aria-label={fill(words.newer, { height: height + 1 })}>
          ← {count(height + 1)}
        </a>
      )}{' '}
      {height > 0 && (
        <a class="btn" href={href(v, `/block/${height - 1}`)} aria-label={fill(words.older, { height: height - 1 })}>
          {count(height - 1)} →
        </a>
      )}
    </nav>
  )
}

function BlockFacts({ v, block, hashHex }: { v: View; block: BlockInfo; hashHex: string }) {
  const header = readHeader(block.header)
  const reward = subsidy(block.height, v.site.network) + block.fees
  const raw = `/api/block/${hashHex}`
  return (
    <div class="cols c66">
      <Section title={words.facts}>
        <Facts
          of={[
            [words.time, <Say it={words.utc} time={<DateTime time={header.time} />} />],
            [words.median, <Say it={words.utc} time={<DateTime time={block.medianTime} />} />],
            [
              words.reward,
              <Say
                it={words.rewardIs}
                amount={<AmountInText v={v} sat={reward} />}
                fees={<AmountInText v={v} sat={block.fees} />}
              />,
            ],
            [
              words.moved,
              <Say it={words.movedIs} n={block.outputs} amount={<AmountInText v={v} sat={block.outputValue} />} />,
            ],
            [words.inputs, <Say it={words.inputsAre} n={block.inputs} />],
          ]}
        />
      </Section>
      <Section title={words.more}>
        <Facts
          of={[
            [
              words.weight,
              <>
                <Say it={words.weightIs} weight={block.weight} /> <Of unit="WU" />
                <Bar part={block.weight} whole={MAX_BLOCK_WEIGHT} />
              </>,
            ],
            [
              words.size,
              <>
                {count(block.size)} <Of unit="B" />
              </>,
            ],
            [
              words.difficulty,
              fill(words.difficultyIs, {
                difficulty: scaled(difficultyOf(header.bits)).join(' ').trim(),
                bits: header.bits.toString(16).padStart(8, '0'),
              }),
            ],
            [words.nonce, `${count(header.nonce)}, 0x${(header.version >>> 0).toString(16).padStart(8, '0')}`],
            [words.parent, block.height === 0 ? words.noParent : <ParentLink v={v} hash={header.prevBlock} />],
            [words.merkle, <span class="mono">{toDisplay(header.merkleRoot)}</span>],
            [
              words.raw,
              <>
                <a href={`${raw}/header`}>{words.rawHeader}</a> · <a href={`${raw}/raw`}>{words.rawBlock}</a> ·{' '}
                <a href={raw}>{words.rawJson}</a>
              </>,
            ],
          ]}
        />
      </Section>
    </div>
  )
}

function ParentLink({ v, hash }: { v: View; hash: Uint8Array }) {
  const hashHex = toDisplay(hash)
  return (
    <a href={href(v, `/block/${hashHex}`)}>
      <BlockHash hash={hashHex} />
    </a>
  )
}

function TxRows({ v, txs, start, height }: { v: View; txs: TxInfo[]; start: number; height: number }) {
  const caption = fill(words.caption, { from: start, to: start + txs.length - 1, height })
  return (
    <table>
      <caption class="sr">{caption}</caption>
      <thead>
        <tr>
          <th scope="col" class="x">
            {words.colPlace}
          </th>
          <th scope="col">{words.colTx}</th>
          <th scope="col" class="num x">
            {words.colInOut}
          </th>
          <th scope="col" class="num">
            {fill(words.colAmount, { unit: unitWord(v.prefs.unit) })}
          </th>
          <th scope="col" class="num x">
            {words.colFee}
          </th>
          <th scope="col" class="num">
            {words.colRate}
          </th>
          <th scope="col" class="num x">
            {words.colSize}
          </th>
        </tr>
      </thead>
      <tbody>
        {txs.map((tx, i) => (
          <TxRow v={v} info={tx} place={start + i} />
        ))}
      </tbody>
    </table>
  )
}

function TxRow({ v, info, place }: { v: View; info: TxInfo; place: number }) {
  const { tx, weight } = parseNamed(info.raw)
  const coinbase = isCoinbase(tx)
  const paid = tx.outputs.reduce((sum, { value }) => sum + Number(value), 0)
  return (
    <tr>
      <td class="x dim">{count(place)}</td>
      <td>
        <TxLink v={v} txid={toDisplay(info.txid)} /> {coinbase && <span class="chip">{words.coinbase}</span>}
      </td>
      <td class="num x">
        {count(tx.inputs.length)} → {count(tx.outputs.length)}
      </td>
      <td class="num">
        <Amount v={v} sat={paid} />
      </td>
      <td class="num x">{coinbase ? '—' : count(info.fee)}</td>
      <td class="num">{coinbase ? '—' : rate((4 * info.fee) / weight)}</td>
      <td class="num x">{count(Math.ceil(weight / 4))}</td>
    </tr>
  )
}

function TxPager({
  v,
  hashHex,
  start,
  shown,
  total,
}: {
  v: View
  hashHex: string
  start: number
  shown: number
  total: number
}) {
  const page = (from: number) => href(v, `/block/${hashHex}`, { start: from > 0 ? from : undefined })
  const left = total - start - shown
  return (
    <Pager
      label={words.pager}
      range={fill(words.range, { from: start + 1, to: start + shown, total })}
      previous={start > 0 ? { href: page(start - BLOCK_TXS), text: fill(words.previous, { n: BLOCK_TXS }) } : undefined}
      next={
        left > 0 ? { href: page(start + shown), text: fill(words.next, { n: Math.min(left, BLOCK_TXS) }) } : undefined
      }
    />
  )
}
