/** Milliseconds since the epoch. */
export type Millis = number

/** What a machine says about what it does, for a person to read. Never holds the address of a peer. */
export interface LogLine {
  level: 'debug' | 'info' | 'warn' | 'error'
  /** One short sentence. */
  text: string
  /** Facts by name; hashes in display hex. */
  facts: Record<string, string | number | boolean>
}
