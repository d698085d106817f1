import { type Cursor, cursorText, readCursor } from '../ledger/cursor.ts'

/** A place between two events of a stream: a ledger's cursor, and how many events of the change that follows lie before it. */
export interface Position extends Cursor {
  within: number
}

/** The `id` of the event that ends here: `<cursor>`, or `<cursor>.<within>` in the middle of a change. */
export function positionText(position: Position): string {
  return position.within === 0 ? cursorText(position) : `${cursorText(position)}.${position.within}`
}

/** What a client gives back; `undefined` for what no stream gives. */
export function readPosition(text: string): Position | undefined {
  const parts = /^([^.]{1,60})(?:\.([1-9]\d{0,5}))?$/.exec(text)
  const cursor = parts && readCursor(parts[1]!)
  return cursor ? { ...cursor, within: Number(parts[2] ?? 0) } : undefined
}

export function positionOf(cursor: string): Position {
  const at = readCursor(cursor)
  if (!at) throw new Error(`no cursor: ${cursor}`)
  return { ...at, within: 0 }
}

/** Of two places of one epoch. */
export function isBefore(one: Position, other: Position): boolean {
  return one.number < other.number || (one.number === other.number && one.within < other.within)
}

export function isSame(one: Position, other: Position): boolean {
  return one.epoch === other.epoch && one.number === other.number && one.within === other.within
}
