/**
 * A double as Rust's serde_json prints it, digits and form: always with a point or an exponent (`1.0`), plain from
 * 1e-5 up to 16 digits before the point, scientific outside (`1e16`, `1.5e-7`). Finite numbers only.
 */
export function floatJson(value: number): string {
  if (!Number.isFinite(value)) throw new RangeError(`${value} has no JSON`)
  if (value === 0) return Object.is(value, -0) ? '-0.0' : '0.0'
  // The shortest digits that read back as the same double are the same in both languages.
  const [, sign, first, more = '', exponent] = /^(-?)(\d)(?:\.(\d+))?e([+-]\d+)$/.exec(value.toExponential())!
  const digits = first! + more
  const point = Number(exponent) + 1
  if (point > 0 && point <= 16) {
    if (digits.length <= point) return `${sign}${digits.padEnd(point, '0')}.0`
    return `${sign}${digits.slice(0, point)}.${digits.slice(point)}`
  }
  if (point > -5 && point <= 0) return `${sign}0.${'0'.repeat(-point)}${digits}`
  return `${sign}${first}${more && `.${more}`}e${point - 1}`
}
