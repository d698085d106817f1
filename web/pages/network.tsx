import type { LinkStatus } from '../../src/api/deps.ts'
import { Page } from './layout.tsx'
import { Ago, Section, Stranger } from './parts.tsx'
import { count, fill } from './phrase.ts'
import { Say } from './say.tsx'
import type { View } from './view.ts'
import { site, network as words } from './words.ts'

/** Peers on the page, those that stand longest. */
const SHOWN = 60
/** Blocks that a peer may lag before the page says so. */
const BEHIND = 2

export function NetworkPage({ v, links }: { v: View; links: LinkStatus[] }) {
  const shown = links.toSorted((a, b) => a.since - b.since).slice(0, SHOWN)
  const inbound = links.filter((link) => link.inbound).length
  return (
    <Page v={v} title={fill(site.title, { page: words.title })} at="network">
      <h1>{words.title}</h1>
      <p class="lede">
        {links.length === 0 ? (
          words.none
        ) : (
          <Say it={words.lede} n={links.length} out={links.length - inbound} in={inbound} />
        )}
      </p>
      {links.length > 0 && (
        <Section title={words.peers} meta={words.meta}>
          <table>
            <caption class="sr">{words.caption}</caption>
            <thead>
              <tr>
                <th scope="col">{words.colLink}</th>
                <th scope="col">{words.colClient}</th>
                <th scope="col" class="num">
                  {words.colHeight}
                </th>
                <th scope="col">{words.colDirection}</th>
                <th scope="col" class="num x">
                  {words.colVersion}
                </th>
                <th scope="col" class="num x">
                  {words.colRtt}
                </th>
                <th scope="col" class="num x">
                  {words.colSince}
                </th>
              </tr>
            </thead>
            <tbody>
              {shown.map((link) => (
                <Peer v={v} link={link} />
              ))}
            </tbody>
          </table>
          {links.length > SHOWN && <p class="prose">{fill(words.more, { n: links.length - SHOWN })}</p>}
        </Section>
      )}
    </Page>
  )
}

function Peer({ v, link }: { v: View; link: LinkStatus }) {
  const lags = link.height < v.status.tip.height - BEHIND
  return (
    <tr>
      <td>{String(link.id)}</td>
      <td>
        {link.client === '' ? (
          <span class="dim">{words.noClient}</span>
        ) : (
          <span class="mono">
            <Stranger text={link.client} />
          </span>
        )}
      </td>
      <td class="num">
        {lags ? <span class="now">{fill(words.behind, { height: link.height })}</span> : count(link.height)}
      </td>
      <td class="nw">{link.inbound ? words.inbound : words.outbound}</td>
      <td class="num x">{String(link.version)}</td>
      <td class="num x">{link.rttMs === undefined ? '' : count(link.rttMs)}</td>
      <td class="num x">
        <Ago v={v} time={link.since} />
      </td>
    </tr>
  )
}
