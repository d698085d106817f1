import type { Child } from 'hono/jsx'
import { type PageProblem, pageStatus } from '../../src/api/errors.ts'
import { type NetworkName, networks } from '../../src/chain/network.ts'
import { ordinal } from './format.ts'
import { BlockLink } from './ids.tsx'
import { KeptPrefs, Page } from './layout.tsx'
import { Facts, Section, safeText } from './parts.tsx'
import { count, fill } from './phrase.ts'
import { Say } from './say.tsx'
import type { Misread } from './sought.ts'
import { networkWord, type View } from './view.ts'
import { site, problems as words } from './words.ts'

/** Why a page is not the one that was asked for. */
export type Problem =
  | (Misread & { text: string })
  | { kind: 'empty' }
  | { kind: 'tx-unknown' | 'block-unknown' | 'hash-unknown'; text: string }
  | { kind: 'future-height'; height: number }
  | { kind: 'page-unknown' }
  | { kind: 'popular' }
  | { kind: 'busy' }
  | { kind: 'fault'; id: string }

const HASH_DIGITS = 64

/** The status that goes with a problem. */
export function problemStatus(problem: Problem): number {
  return pageStatus(stateOf(problem))
}

function stateOf(problem: Problem): PageProblem {
  switch (problem.kind) {
    case 'empty':
    case 'malformed':
    case 'bad-length':
      return 'malformed'
    case 'checksum':
    case 'bad-letter':
      return 'checksum'
    case 'hash-unknown':
      return 'not-found'
    default:
      return problem.kind
  }
}

export function ProblemPage({ v, problem }: { v: View; problem: Problem }) {
  const status = problemStatus(problem)
  const { title, lede, prose, read } = contentOf(v, problem)
  const text = 'text' in problem ? safeText(problem.text) : undefined
  const label =
    status === 400 ? words.status.malformed : status === 404 ? words.status['not-found'] : words.status.fault
  return (
    <Page v={v} title={fill(site.title, { page: title })}>
      <p class="label">{fill(label, { status: String(status) })}</p>
      <h1>{title}</h1>
      {text && <Marked text={text} at={'at' in problem ? problem.at : undefined} />}
      <p class="lede">{lede}</p>
      {prose && <p class="prose">{prose}</p>}
      {status < 500 && (
        <>
          <form class="edit" action="/search" method="get">
            <KeptPrefs v={v} />
            <input name="q" value={text ?? ''} aria-label={words.editLabel} maxlength={200} spellcheck={false} />
            <button class="btn go" type="submit">
              {site.search}
            </button>
          </form>
          <div class={read.length > 0 ? 'cols c66' : 'cols'}>
            {read.length > 0 && (
              <Section title={words.howRead}>
                <Facts of={read} />
              </Section>
            )}
            <Section title={words.canSearch}>
              <CanSearch v={v} />
            </Section>
          </div>
        </>
      )}
    </Page>
  )
}

/** What was typed, with the place that is most likely wrong. */
function Marked({ text, at }: { text: string; at: number | undefined }) {
  if (at === undefined) return <p class="mono wrapany typed">{text}</p>
  return (
    <p class="mono wrapany typed">
      {text.slice(0, at)}
      <mark class="wrong">{text.slice(at, at + 1)}</mark>
      {text.slice(at + 1)}
    </p>
  )
}

function CanSearch({ v }: { v: View }) {
  const { height } = v.status.tip
  const tip = (
    <BlockLink v={v} height={height}>
      {count(height)}
    </BlockLink>
  )
  return (
    <Facts
      of={[
        [words.blockBy, <Say it={words.blockByIs} tip={tip} />],
        [words.txBy, <Say it={words.txByIs} example={<span class="mono">txid:0</span>} />],
        [words.addressBy, <Say it={words.addressByIs} example={<span class="mono">bitcoin:</span>} />],
      ]}
    />
  )
}

interface Content {
  title: string
  lede: Child
  prose?: string
  /** How the input was read. */
  read: (readonly [string, Child])[]
}

function contentOf(v: View, problem: Problem): Content {
  const tip = v.status.tip.height
  switch (problem.kind) {
    case 'empty':
      return { title: words.emptyTitle, lede: words.emptyLede, read: [] }
    case 'malformed':
      return { title: words.malformedTitle, lede: words.malformedLede, read: [lengthOf(problem.text)] }
    case 'bad-length': {
      const missing = HASH_DIGITS - problem.digits
      return {
        title: words.malformedTitle,
        lede: <Say it={missing > 0 ? words.hexShort : words.hexLong} n={Math.abs(missing)} />,
        read: [lengthOf(problem.text), [words.letters, words.hexOnly]],
      }
    }
    case 'checksum':
      return {
        title: words.checksumTitle,
        lede:
          problem.at === undefined ? words.checksumLede : <Say it={words.checksumAt} nth={ordinal(problem.at + 1)} />,
        prose: words.noGuess,
        read: [
          lengthOf(problem.text),
          [words.checksum, <span class="bad">{words.checksumBad}</span>],
          [words.lookedIn, words.lookedNothing],
        ],
      }
    case 'bad-letter':
      return {
        title: words.checksumTitle,
        lede: <Say it={words.badLetter} nth={ordinal(problem.at + 1)} />,
        prose: words.noGuess,
        read: [lengthOf(problem.text), [words.lookedIn, words.lookedNothing]],
      }
    case 'other-network': {
      const other = networks[problem.other as NetworkName]
      const names = { other: networkWord(other), network: networkWord(v.site.network) }
      return { title: words.otherTitle, lede: <Say it={words.otherLede} {...names} />, read: [lengthOf(problem.text)] }
    }
    case 'tx-unknown':
      return { title: words.txTitle, lede: words.txLede, read: lookedIn(tip) }
    case 'block-unknown':
      return { title: words.blockTitle, lede: words.blockLede, read: lookedIn(tip).slice(1) }
    case 'hash-unknown':
      return { title: words.hashTitle, lede: words.hashLede, read: lookedIn(tip) }
    case 'future-height': {
      const { headers, synced } = v.status
      const n = problem.height - tip
      return {
        title: fill(words.futureTitle, { height: problem.height }),
        lede:
          !synced && problem.height <= headers ? (
            <Say it={words.futureSyncing} tip={tip} headers={headers} />
          ) : (
            <Say it={words.futureLede} n={n} tip={tip} time={longTime(n * v.site.network.pow.spacing)} />
          ),
        read: [],
      }
    }
    case 'page-unknown':
      return { title: words.pageTitle, lede: words.pageLede, read: [] }
    case 'popular':
      return { title: words.popularTitle, lede: words.popularLede, read: [] }
    case 'busy':
      return { title: words.busyTitle, lede: words.busyLede, read: [] }
    case 'fault':
      return { title: words.faultTitle, lede: <Say it={words.faultLede} id={problem.id} />, read: [] }
  }
}

function lengthOf(text: string): readonly [string, string] {
  return [words.length, fill(words.charCount, { n: [...text].length })]
}

function lookedIn(tip: number): (readonly [string, string])[] {
  return [
    [words.lookedIn, words.lookedMempool],
    [words.lookedIn, fill(words.lookedChain, { tip })],
  ]
}

/** An estimate in its largest unit. */
function longTime(seconds: number): string {
  if (seconds < 7200) return fill(words.minutes, { n: Math.max(1, Math.round(seconds / 60)) })
  if (seconds < 172_800) return fill(words.hours, { n: Math.round(seconds / 3600) })
  const days = Math.round(seconds / 86_400)
  return days < 730 ? fill(words.days, { n: days }) : fill(words.years, { n: Math.round(days / 365.25) })
}
