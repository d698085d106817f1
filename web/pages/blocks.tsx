import { readHeader } from '../../src/api/block-view.ts'
import { MAX_BLOCK_WEIGHT } from '../../src/chain/consensus.ts'
import type { BlockInfo } from '../../src/ledger/queries.ts'
import { Amount, unitWord } from './amount.tsx'
import { percent } from './format.ts'
import { BlockLink } from './ids.tsx'
import { Page } from './layout.tsx'
import { AgoInWords, Bar, DateTime, Pager } from './parts.tsx'
import { count, fill } from './phrase.ts'
import { Say } from './say.tsx'
import { href, type View } from './view.ts'
import { home, site, blocks as words } from './words.ts'

export const BLOCKS_PAGE = 25

/** Blocks from one height downwards; `blocks` is never empty. */
export function BlocksPage({ v, blocks }: { v: View; blocks: BlockInfo[] }) {
  const { tip } = v.status
  const top = blocks[0]!.height
  const last = blocks.at(-1)!.height
  const newer = Math.min(tip.height, top + BLOCKS_PAGE)
  return (
    <Page v={v} title={fill(site.title, { page: words.title })} at="blocks" json={`/api/blocks/${top}`}>
      <h1>{words.title}</h1>
      <p class="lede">
        <Say it={words.lede} n={tip.height + 1} ago={<AgoInWords v={v} time={tip.time} />} />
      </p>
      <table>
        <caption class="sr">{words.caption}</caption>
        <thead>
          <tr>
            <th scope="col">{home.colHeight}</th>
            <th scope="col">{words.colTime}</th>
            <th scope="col" class="num">
              {home.colTxs}
            </th>
            <th scope="col" class="num x">
              {words.colSize}
            </th>
            <th scope="col" class="num x">
              {home.colFull}
            </th>
            <th scope="col" class="num">
              {fill(home.colFees, { unit: unitWord(v.prefs.unit) })}
            </th>
          </tr>
        </thead>
        <tbody>
          {blocks.map((block) => (
            <tr>
              <td>
                <BlockLink v={v} height={block.height}>
                  {count(block.height)}
                </BlockLink>
              </td>
              <td>
                <DateTime time={readHeader(block.header).time} />
              </td>
              <td class="num">{count(block.txCount)}</td>
              <td class="num x">{count(block.size)}</td>
              <td class="num x">
                {percent(block.weight, MAX_BLOCK_WEIGHT)} % <Bar part={block.weight} whole={MAX_BLOCK_WEIGHT} />
              </td>
              <td class="num">
                <Amount v={v} sat={block.fees} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      <Pager
        label={words.pager}
        range={fill(words.range, { from: top, to: last })}
        previous={
          top < tip.height ? { href: href(v, '/blocks', newerQuery(newer, tip.height)), text: words.newer } : undefined
        }
        next={last > 0 ? { href: href(v, '/blocks', { from: last - 1 }), text: words.older } : undefined}
      />
    </Page>
  )
}

/** The newest page has no height of its own: it goes on with the chain. */
function newerQuery(newer: number, tip: number): { from?: number } {
  return newer === tip ? {} : { from: newer }
}
