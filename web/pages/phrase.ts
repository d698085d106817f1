/**
 * One whole sentence of a language. `{name}` is filled in, `*…*` is bold. Where there are several forms, the number
 * given as `n` chooses by the rules of the language.
 */
export type Phrase = string | { one: string; other: string }

export type Piece = { text: string; bold: boolean } | { name: string; bold: boolean }

const plural = new Intl.PluralRules('en')
const read = new Map<string, Piece[]>()

/** The pieces of a sentence for this many, in order. */
export function piecesOf(phrase: Phrase, n = 0): readonly Piece[] {
  const sentence = typeof phrase === 'string' ? phrase : plural.select(n) === 'one' ? phrase.one : phrase.other
  let pieces = read.get(sentence)
  if (!pieces) {
    pieces = []
    let bold = false
    for (const token of sentence.split(/(\{\w+\}|\*)/)) {
      if (token === '*') bold = !bold
      else if (token.startsWith('{')) pieces.push({ name: token.slice(1, -1), bold })
      else if (token !== '') pieces.push({ text: token, bold })
    }
    read.set(sentence, pieces)
  }
  return pieces
}

/** A sentence as plain text. Every name it has must be given; numbers are grouped by thousands. */
export function fill(phrase: Phrase, values: { n?: number } & Record<string, string | number> = {}): string {
  return piecesOf(phrase, values.n)
    .map((piece) => ('text' in piece ? piece.text : shown(given(values, piece.name))))
    .join('')
}

export function given<T>(values: Record<string, T>, name: string): T {
  const value = values[name]
  if (value === undefined) throw new Error(`nothing given for {${name}}`)
  return value
}

export function shown<T>(value: T): Exclude<T, number> | string {
  return typeof value === 'number' ? count(value) : (value as Exclude<T, number>)
}

/** Thousands grouped: 48,211. */
export function count(n: number): string {
  return n.toFixed(0).replace(/\B(?=(\d{3})+$)/g, ',')
}
