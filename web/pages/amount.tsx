import { btcGroups } from './format.ts'
import { count } from './phrase.ts'
import type { Unit, View } from './view.ts'
import { site } from './words.ts'

/** Digits of an amount in the visitor's unit, for a column whose head names it; negative ones take a sign. */
export function Amount({ v, sat, signed }: { v: View; sat: number; signed?: boolean }) {
  const sign = sat < 0 ? '−' : signed && sat > 0 ? '+' : ''
  return (
    <data value={String(sat)}>
      {sign}
      {v.prefs.unit === 'sat' ? count(Math.abs(sat)) : <Btc sat={Math.abs(sat)} zeros />}
    </data>
  )
}

/** An amount with its unit, for a sentence: trailing zeros drop. */
export function AmountInText({ v, sat }: { v: View; sat: number }) {
  return (
    <data value={String(sat)}>
      {v.prefs.unit === 'sat' ? count(sat) : <Btc sat={sat} />} {unitWord(v.prefs.unit)}
    </data>
  )
}

export function unitWord(unit: Unit): string {
  return site[unit]
}

/** Groups stand apart by margin, so that a copied amount has no spaces in it. */
function Btc({ sat, zeros }: { sat: number; zeros?: boolean }) {
  return (
    <>
      {btcGroups(sat).map((group, i) => {
        const digits = zeros ? group.digits : group.digits.replace(/\.$/, '')
        if (digits === '') return zeros && <span class="g z">{group.zeros}</span>
        const dimmed = zeros && group.zeros && <span class="z">{group.zeros}</span>
        if (i > 0) {
          return (
            <span class="g">
              {digits}
              {dimmed}
            </span>
          )
        }
        return (
          <>
            {digits}
            {dimmed}
          </>
        )
      })}
    </>
  )
}
