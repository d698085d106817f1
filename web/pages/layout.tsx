import { raw } from 'hono/html'
import type { Child } from 'hono/jsx'
import { STYLESHEET } from '../style/sheet.ts'
import { fill } from './phrase.ts'
import { Say } from './say.tsx'
import { href, networkWord, type Prefs, switched, type Theme, type Unit, type View } from './view.ts'
import { live, site as words } from './words.ts'

export type NavItem = 'blocks' | 'mempool' | 'network' | 'docs'

export interface PageProps {
  v: View
  title: string
  /** Which of the header's links this page is. */
  at?: NavItem
  /** The same as JSON, below `/api`. */
  json?: string
  /** What was searched for, to go on from. */
  sought?: string
  children?: Child
}

/** The frame of every page. */
export function Page({ v, title, at, json, sought, children }: PageProps) {
  return (
    <html lang="en" data-theme={v.prefs.theme === 'system' ? undefined : v.prefs.theme}>
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>{title}</title>
        <link rel="icon" href="/favicon.svg" type="image/svg+xml" />
        <style>{raw(STYLESHEET)}</style>
        {v.site.script && <script type="module" src={v.site.script} />}
      </head>
      <body data-now={String(v.now)}>
        <a class="sr skip" href="#main">
          {words.skip}
        </a>
        <Header v={v} at={at} sought={sought} />
        <main id="main" class="wrap">
          {!v.status.synced && (
            <p class="notice wait" role="status">
              <Say it={words.syncing} tip={v.status.tip.height} headers={v.status.headers} />
            </p>
          )}
          {children}
        </main>
        <Footer v={v} json={json} />
      </body>
    </html>
  )
}

function Header({ v, at, sought }: { v: View; at: NavItem | undefined; sought: string | undefined }) {
  return (
    <header class="top">
      <div class="wrap">
        <a class="brand" href={href(v, '/')}>
          <Mark />
          Causeway
          <span class={v.site.network.name === 'main' ? 'net' : 'net test'}>{networkWord(v.site.network)}</span>
        </a>
        <search class="find">
          <form action="/search" method="get">
            <KeptPrefs v={v} />
            <label class="sr" for="q">
              {words.searchLabel}
            </label>
            <input
              id="q"
              name="q"
              type="search"
              placeholder={words.searchHint}
              value={sought}
              maxlength={200}
              autocomplete="off"
              autocapitalize="off"
              spellcheck={false}
            />
          </form>
        </search>
        <nav class="wide" aria-label={words.nav}>
          <NavLinks v={v} at={at} />
        </nav>
        <details class="menu">
          <summary>{words.menu}</summary>
          <nav aria-label={words.nav}>
            <NavLinks v={v} at={at} />
          </nav>
        </details>
      </div>
    </header>
  )
}

function NavLinks({ v, at }: { v: View; at: NavItem | undefined }) {
  const items: NavItem[] = ['blocks', 'mempool', 'network', 'docs']
  return (
    <>
      {items.map((item) => (
        <a href={href(v, `/${item}`)} aria-current={item === at ? 'page' : undefined}>
          {words[item]}
        </a>
      ))}
    </>
  )
}

/** The visitor's choices as fields of a form, since its address is made from fields alone. */
export function KeptPrefs({ v }: { v: View }) {
  return (
    <>
      {v.prefs.unit !== 'btc' && <input type="hidden" name="unit" value={v.prefs.unit} />}
      {v.prefs.theme !== 'system' && <input type="hidden" name="theme" value={v.prefs.theme} />}
    </>
  )
}

/** A projected block, now, and the chain. */
function Mark() {
  return (
    <svg class="mark" viewBox="0 0 38 18" aria-hidden="true">
      <rect class="n" x="1" y="5" width="8" height="8" stroke-width="2" />
      <path class="n" d="M14 1v16" stroke-width="2" />
      <path class="s" d="M18 4h8v4h4v-4h8v10h-8v-4h-4v4h-8z" />
    </svg>
  )
}

/** The same mark for the browser's tab, where no stylesheet reaches. */
export const FAVICON =
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 38 38"><path d="M1 15h8v8H1zM14 9v20" fill="none" stroke="#cd6805" stroke-width="2"/><path fill="#3f8195" d="M18 14h8v4h4v-4h8v10h-8v-4h-4v4h-8z"/></svg>'

function Footer({ v, json }: { v: View; json: string | undefined }) {
  return (
    <footer class="foot">
      <div class="wrap">
        <p>
          {words.amountsIn}
          <Switch v={v} of={[{ unit: 'btc' }, { unit: 'sat' }]} />
        </p>
        <p>
          {words.theme}
          <Switch v={v} of={[{ theme: 'system' }, { theme: 'light' }, { theme: 'dark' }]} />
        </p>
        <p id="live" role="status" hidden>
          {live.paused}
        </p>
        <p>
          <Say it={words.relay} name={<span class="mono">{v.site.name}</span>} />
          {' · '}
          {fill(words.version, { version: v.site.version })}
          {json && (
            <>
              {' · '}
              <a href={json}>{words.asJson}</a>
            </>
          )}
        </p>
      </div>
    </footer>
  )
}

function Switch({ v, of }: { v: View; of: Partial<Prefs>[] }) {
  return (
    <span class="switch">
      {of.map((choice) => {
        const [[name, value]] = Object.entries(choice) as [[keyof Prefs, Unit | Theme]]
        return (
          <a href={switched(v, choice)} aria-current={v.prefs[name] === value ? 'true' : undefined} rel="nofollow">
            {words[value]}
          </a>
        )
      })}
    </span>
  )
}
