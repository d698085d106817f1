/** Numbers as Bitcoin Core's JSON writes them, which is not always how JavaScript does. */

const SATOSHI_PER_COIN = 100_000_000
const DIGITS = 16

/** Satoshi as an amount in coins, always with 8 decimals. */
export function coinText(satoshi: number): string {
  const whole = Math.abs(satoshi)
  const decimals = String(whole % SATOSHI_PER_COIN).padStart(8, '0')
  return `${satoshi < 0 ? '-' : ''}${Math.floor(whole / SATOSHI_PER_COIN)}.${decimals}`
}

/**
 * A double in 16 significant digits without zeros at the end, scientific below 1e-4 and from 1e16 on, as C's `%.16g`
 * writes it. Finite numbers only.
 */
export function doubleText(value: number): string {
  if (!Number.isFinite(value)) throw new RangeError(`${value} has no JSON`)
  if (value === 0) return '0'
  const [digits, exponent] = value.toExponential(DIGITS - 1).split('e') as [string, string]
  const power = Number(exponent)
  if (power < -4 || power >= DIGITS) {
    const size = String(Math.abs(power)).padStart(2, '0')
    return `${trimmed(digits)}e${power < 0 ? '-' : '+'}${size}`
  }
  return trimmed(value.toFixed(DIGITS - 1 - power))
}

/** Without zeros at the end of a fraction. */
function trimmed(digits: string): string {
  return digits.includes('.') ? digits.replace(/\.?0+$/, '') : digits
}
