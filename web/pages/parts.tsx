import type { Child } from 'hono/jsx'
import { age, ageInWords, dateOf, timeOf } from './format.ts'
import type { View } from './view.ts'

/** A section: hairline, heading, and what belongs at the heading's other end. */
export function Section({ title, meta, children }: { title: Child; meta?: Child; children?: Child }) {
  return (
    <section>
      <div class="row">
        <h2>{title}</h2>
        {meta && <p class="meta">{meta}</p>}
      </div>
      {children}
    </section>
  )
}

/** Names and what they are; a fact that is `undefined` or `false` is left out. */
export function Facts({ of }: { of: (readonly [name: Child, value: Child] | undefined | false)[] }) {
  return (
    <dl>
      {of.map(
        (fact) =>
          fact && (
            <>
              <dt>{fact[0]}</dt>
              <dd>{fact[1]}</dd>
            </>
          ),
      )}
    </dl>
  )
}

/** A figure's unit, smaller and paler. */
export function Of({ unit }: { unit: string }) {
  return <span class="u">{unit}</span>
}

/** A share of a whole as a bar; the figure stands beside it as text. */
export function Bar({ part, whole }: { part: number; whole: number }) {
  const share = whole === 0 ? 0 : Math.min(100, (100 * part) / whole)
  return (
    <svg class="bar" aria-hidden="true">
      <rect class="e" width="100%" height="100%" />
      <rect class="f" width={`${share.toFixed(1)}%`} height="100%" />
    </svg>
  )
}

/** How long ago, with the exact time to machines. */
export function Ago({ v, time }: { v: View; time: number }) {
  return (
    <time datetime={iso(time)} data-age="">
      {age(time, v.now)}
    </time>
  )
}

/** The same as part of a sentence. */
export function AgoInWords({ v, time }: { v: View; time: number }) {
  return (
    <time datetime={iso(time)} data-age="long">
      {ageInWords(time, v.now)}
    </time>
  )
}

export function DateTime({ time }: { time: number }) {
  return <time datetime={iso(time)}>{timeOf(time)}</time>
}

export function DateOnly({ time }: { time: number }) {
  return <time datetime={iso(time)}>{dateOf(time)}</time>
}

function iso(time: number): string {
  return new Date(time * 1000).toISOString().replace('.000', '')
}

/** Where a list goes on. Links that are `undefined` are left out. */
export function Pager({
  label,
  range,
  previous,
  next,
}: {
  label: string
  range?: string
  previous?: { href: string; text: string } | undefined
  next?: { href: string; text: string } | undefined
}) {
  return (
    <nav class="pager" aria-label={label}>
      <span class="meta">{range}</span>
      <span>
        {previous && (
          <a class="btn" rel="prev" href={previous.href}>
            {previous.text}
          </a>
        )}
        {next && (
          <a class="btn" rel="next" href={next.href}>
            {next.text}
          </a>
        )}
      </span>
    </nav>
  )
}

/** Text from strangers: control characters and those that turn the direction of what follows become visible. */
export function safeText(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, '\ufffd')
}

/** Text from strangers, kept apart from the direction of what stands around it. */
export function Stranger({ text }: { text: string }) {
  return <bdi class="wrapany">{safeText(text)}</bdi>
}
