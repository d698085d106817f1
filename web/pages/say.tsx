import type { Child } from 'hono/jsx'
import { given, type Phrase, piecesOf, shown } from './phrase.ts'

/** A sentence of the catalogue with links, amounts and numbers put in its places; `n` chooses its form too. */
export function Say({ it, ...values }: { it: Phrase; n?: number } & Record<string, Child | Phrase>) {
  return (
    <>
      {piecesOf(it, values.n).map((piece) => {
        const content = 'text' in piece ? piece.text : shown(given(values as Record<string, Child>, piece.name))
        return piece.bold ? <b>{content}</b> : content
      })}
    </>
  )
}
