import { count, fill } from './phrase.ts'
import { ages, ordinals } from './words.ts'

const ordinalRules = new Intl.PluralRules('en', { type: 'ordinal' })

/** 22nd. */
export function ordinal(n: number): string {
  return fill(ordinals[ordinalRules.select(n)]!, { n })
}

/** A fee rate in sat/vB: one decimal place, two under 1. */
export function rate(satPerVb: number): string {
  if (satPerVb < 1) return satPerVb.toFixed(2)
  const [whole, tenths] = satPerVb.toFixed(1).split('.')
  return `${count(Number(whole))}.${tenths}`
}

/** Whole percent; under one, tenths. */
export function percent(part: number, whole: number): string {
  const share = whole === 0 ? 0 : (100 * part) / whole
  return share >= 0.05 && share < 0.95 ? share.toFixed(1) : share.toFixed(0)
}

const STEPS = ['', 'k', 'M', 'G', 'T', 'P', 'E'] as const

/** Two places and the step they are in, for a unit to follow: ['148.21', 'T']. Below a thousand there is no step. */
export function scaled(n: number): [digits: string, step: string] {
  if (n > 0 && n < 1) return [n.toPrecision(3), '']
  let step = 0
  for (; n >= 1000 && step < STEPS.length - 1; step++) n /= 1000
  return [step === 0 && Number.isInteger(n) ? n.toString() : n.toFixed(2), STEPS[step]!]
}

/** Digits of an amount that stand together, and after them those zeros that say nothing more. */
export interface DigitGroup {
  digits: string
  zeros: string
}

/** An amount in BTC as it is set: whole coins in threes, then the point and 2-3-3 places. Satoshi, not negative. */
export function btcGroups(sat: number): DigitGroup[] {
  const all = sat.toString().padStart(9, '0')
  const places = all.slice(-8)
  const kept = places.replace(/0+$/, '').length
  const cut = (from: number, to: number): DigitGroup => {
    const split = Math.min(Math.max(kept, from), to)
    return { digits: places.slice(from, split), zeros: places.slice(split, to) }
  }
  const whole = count(Number(all.slice(0, -8))).split(',')
  const first = cut(0, 2)
  return [
    ...whole.slice(0, -1).map((digits) => ({ digits, zeros: '' })),
    { digits: `${whole.at(-1)}.${first.digits}`, zeros: first.zeros },
    cut(2, 5),
    cut(5, 8),
  ]
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'] as const
const DAY = 86_400

/** Unix seconds as `22 Nov 2026`, UTC. */
export function dateOf(time: number): string {
  const at = new Date(time * 1000)
  return `${at.getUTCDate()} ${MONTHS[at.getUTCMonth()]} ${at.getUTCFullYear()}`
}

/** `22 Nov 2026, 13:53:06`, UTC. */
export function timeOf(time: number): string {
  return `${dateOf(time)}, ${new Date(time * 1000).toISOString().slice(11, 19)}`
}

/** How long ago, short: now, 12 s, 6 min, 3 h, 4 d; over 30 days the date alone. Clocks ahead of ours count as now. */
export function age(time: number, now: number): string {
  return ageIn(ages.short, time, now)
}

/** The same as part of a sentence: just now, 6 minutes ago, on 3 Jan 2009. */
export function ageInWords(time: number, now: number): string {
  return ageIn(ages.long, time, now)
}

function ageIn(words: typeof ages.short | typeof ages.long, time: number, now: number): string {
  const seconds = now - time
  if (seconds < 1) return words.now
  if (seconds >= 30 * DAY) return fill(words.date, { date: dateOf(time) })
  const [phrase, n] =
    seconds < 60
      ? [words.seconds, Math.floor(seconds)]
      : seconds < 3600
        ? [words.minutes, Math.floor(seconds / 60)]
        : seconds < DAY
          ? [words.hours, Math.floor(seconds / 3600)]
          : [words.days, Math.floor(seconds / DAY)]
  return fill(phrase, { n })
}
