/** A place in a change log: so many changes lie before it. Good only for the log of that epoch. */
export interface Cursor {
  epoch: string
  number: number
}

/** As programs get it: `<epoch>-<number>`. */
export function cursorText({ epoch, number }: Cursor): string {
  return `${epoch}-${number}`
}

/** `undefined` for what no log gives. */
export function readCursor(text: string): Cursor | undefined {
  const parts = /^([0-9A-Za-z]{1,40})-(\d{1,15})$/.exec(text)
  return parts ? { epoch: parts[1]!, number: Number(parts[2]) } : undefined
}
