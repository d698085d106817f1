import type { LiveBlock, LiveHome, LiveTx } from '../../src/api/live-events.ts'
import { MAX_BLOCK_WEIGHT } from '../../src/chain/consensus.ts'
import { Amount, unitWord } from './amount.tsx'
import { percent, rate } from './format.ts'
import { BlockLink, TxLink } from './ids.tsx'
import { Page } from './layout.tsx'
import { Ago, AgoInWords, Bar, Section } from './parts.tsx'
import { count, fill } from './phrase.ts'
import { Say } from './say.tsx'
import { href, networkWord, type View } from './view.ts'
import { live, home as words } from './words.ts'

/** Ids and `data-` attributes here are what the page's script fills in anew (`web/client/home.ts`). */
export function HomePage({ v, home }: { v: View; home: LiveHome }) {
  const network = networkWord(v.site.network)
  return (
    <Page v={v} title={fill(words.title, { network })} json="/api/blocks">
      <h1 class="sr">{fill(words.h1, { network })}</h1>
      <p class="lede" id="lede">
        <Say
          it={live.found}
          block={
            <BlockLink v={v} height={home.height}>
              {count(home.height)}
            </BlockLink>
          }
          ago={<AgoInWords v={v} time={home.timestamp} />}
        />{' '}
        {home.mempool.count === 0 ? live.emptyPool : <Say it={live.waiting} n={home.mempool.count} />}
      </p>
      <div class="cols c75">
        <Section title={words.blocks} meta={<a href={href(v, '/blocks')}>{words.allBlocks}</a>}>
          <BlockTable v={v} blocks={home.blocks} />
        </Section>
        <Section title={words.txs} meta={<a href={href(v, '/mempool')}>{words.allTxs}</a>}>
          <TxTable v={v} txs={home.recent} />
        </Section>
      </div>
      {v.site.script && <Templates v={v} />}
    </Page>
  )
}

function BlockTable({ v, blocks }: { v: View; blocks: LiveBlock[] }) {
  return (
    <table>
      <caption class="sr">{words.blocksCaption}</caption>
      <thead>
        <tr>
          <th scope="col">{words.colHeight}</th>
          <th scope="col">{words.colAge}</th>
          <th scope="col" class="num">
            {words.colTxs}
          </th>
          <th scope="col" class="num">
            {words.colFull}
          </th>
          <th scope="col" class="num x">
            {fill(words.colFees, { unit: unitWord(v.prefs.unit) })}
          </th>
        </tr>
      </thead>
      <tbody id="blocks">
        {blocks.map((block) => (
          <BlockRow v={v} block={block} />
        ))}
      </tbody>
    </table>
  )
}

function BlockRow({ v, block }: { v: View; block: LiveBlock }) {
  return (
    <tr data-key={block.id}>
      <td>
        <BlockLink v={v} height={block.height}>
          {count(block.height)}
        </BlockLink>
      </td>
      <td>
        <Ago v={v} time={block.timestamp} />
      </td>
      <td class="num">{count(block.tx_count)}</td>
      <td class="num">
        <span>{percent(block.weight, MAX_BLOCK_WEIGHT)} %</span> <Bar part={block.weight} whole={MAX_BLOCK_WEIGHT} />
      </td>
      <td class="num x">
        <Amount v={v} sat={block.fees} />
      </td>
    </tr>
  )
}

export function TxTable({ v, txs }: { v: View; txs: LiveTx[] }) {
  return (
    <>
      <p class="prose" id="no-txs" hidden={txs.length > 0}>
        {words.noTxs}
      </p>
      <table hidden={txs.length === 0}>
        <caption class="sr">{words.txsCaption}</caption>
        <thead>
          <tr>
            <th scope="col">{words.colHeard}</th>
            <th scope="col">{words.colTx}</th>
            <th scope="col" class="num">
              {fill(words.colAmount, { unit: unitWord(v.prefs.unit) })}
            </th>
            <th scope="col" class="num">
              {words.colRate}
            </th>
          </tr>
        </thead>
        <tbody id="txs">
          {txs.map((tx) => (
            <TxRow v={v} tx={tx} />
          ))}
        </tbody>
      </table>
    </>
  )
}

function TxRow({ v, tx }: { v: View; tx: LiveTx }) {
  return (
    <tr data-key={tx.txid}>
      <td>
        <Ago v={v} time={tx.time} />
      </td>
      <td>
        <TxLink v={v} txid={tx.txid} />
      </td>
      <td class="num">
        <Amount v={v} sat={tx.value} />
      </td>
      <td class="num">{rate(tx.fee / tx.vsize)}</td>
    </tr>
  )
}

/** One empty row of each kind, for the script to copy. */
function Templates({ v }: { v: View }) {
  const id = '0'.repeat(64)
  const block = { id, height: 0, timestamp: v.now, tx_count: 0, size: 0, weight: 0, fees: 0 }
  const tx = { txid: id, fee: 0, vsize: 1, value: 0, time: v.now }
  return (
    <>
      <template id="block-row">
        <BlockRow v={v} block={block} />
      </template>
      <template id="tx-row">
        <TxRow v={v} tx={tx} />
      </template>
    </>
  )
}
