import type { ApiDeps, HubQueries } from '../../src/api/deps.ts'
import type { OpenApi } from '../../src/api/openapi.ts'
import type { Network } from '../../src/chain/network.ts'
import type { Millis } from '../../src/host/ports.ts'
import type { LedgerStatus } from '../../src/ledger/queries.ts'

export type Unit = 'btc' | 'sat'
export type Theme = 'system' | 'light' | 'dark'

/** What is the same on every page of one relay. */
export interface Site {
  /** The relay's name for itself. */
  name: string
  version: string
  network: Network
  /** Where the script lies; `undefined` when there is none. */
  script: string | undefined
}

/** What a visitor chose. It travels in the links, so that it works without cookies and scripts. */
export interface Prefs {
  unit: Unit
  theme: Theme
}

/** What every part of a page may need to know of the request. */
export interface View {
  site: Site
  prefs: Prefs
  /** As requested, encoded. */
  path: string
  /** Parameters of the page itself, without the visitor's choices. */
  query: Record<string, string>
  /** Unix seconds. */
  now: number
  status: LedgerStatus
}

/** What pages are made from. */
export interface PageDeps extends Pick<ApiDeps, 'network' | 'queries' | 'status'> {
  hub: HubQueries
  site: Site
  /** What the API has, for those who write programs. */
  document: () => OpenApi
  now(): Millis
}

export function prefsOf(query: URLSearchParams): Prefs {
  const theme = query.get('theme')
  return {
    unit: query.get('unit') === 'sat' ? 'sat' : 'btc',
    theme: theme === 'light' || theme === 'dark' ? theme : 'system',
  }
}

/** A link within the site that keeps the visitor's choices. `path` is encoded. */
export function href(
  { prefs }: Pick<View, 'prefs'>,
  path: string,
  query: Record<string, string | number | undefined> = {},
): string {
  const given = new URLSearchParams()
  for (const [name, value] of Object.entries(query)) if (value !== undefined) given.set(name, String(value))
  if (prefs.unit !== 'btc') given.set('unit', prefs.unit)
  if (prefs.theme !== 'system') given.set('theme', prefs.theme)
  return given.size > 0 ? `${path}?${given}` : path
}

/** This very page with another choice. */
export function switched(view: View, choice: Partial<Prefs>): string {
  return href({ prefs: { ...view.prefs, ...choice } }, view.path, view.query)
}

/** The network in a word: people say mainnet. */
export function networkWord(network: Network): string {
  return network.name === 'main' ? 'mainnet' : network.name
}
