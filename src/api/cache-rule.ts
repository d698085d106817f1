/** How long caches may keep a good answer. */
export type CacheRule =
  | { for: 'good'; seconds: number }
  /** For good once it is buried under `DEEP` blocks, until then for as long as what the next block may change. */
  | { for: 'depth' }
  | { for: 'seconds'; seconds: number }
  | { for: 'nobody' }

/** Five years: what is buried deep does not change. */
export const LONG = 157_784_630
/** What the next block or transaction may change. */
export const SHORT = 10
/** Blocks on top (the block itself not counted) from which an answer is kept for long. */
const DEEP = 10

export const FOR_GOOD: SettledRule = { for: 'good', seconds: LONG }
export const BY_DEPTH: CacheRule = { for: 'depth' }
export const SHORTLY: SettledRule = { for: 'seconds', seconds: SHORT }
export const NOT_KEPT: SettledRule = { for: 'nobody' }

export function forSeconds(seconds: number): SettledRule {
  return { for: 'seconds', seconds }
}

/** A rule that does not depend on the tip. */
export type SettledRule = Exclude<CacheRule, { for: 'depth' }>

/** The rule for something mined at `height` (`undefined`: unconfirmed or unknown), with `DEEP` applied. */
export function settled(rule: CacheRule, tip: number, height: number | undefined): SettledRule {
  if (rule.for !== 'depth') return rule
  return height !== undefined && tip - height >= DEEP ? FOR_GOOD : SHORTLY
}

/** Value of `Cache-Control`. */
export function cacheControl(rule: SettledRule): string {
  switch (rule.for) {
    case 'good':
      return `public, max-age=${rule.seconds}, immutable`
    case 'seconds':
      return `public, max-age=${rule.seconds}`
    case 'nobody':
      return 'no-store'
  }
}

/** The rule in words, for people. */
export function inWords(rule: CacheRule): string {
  switch (rule.for) {
    case 'good':
      return 'does not change'
    case 'depth':
      return `does not change once ${DEEP} blocks are on top, until then ${SHORT} s`
    case 'seconds':
      return rule.seconds === 0 ? 'to be asked again each time' : `${rule.seconds} s`
    case 'nobody':
      return 'never kept'
  }
}
