/**
 * What can go wrong with a store that is not a mistake of the code:
 * - `unreadable`: the file or its folder is missing or may not be opened
 * - `not-a-database`, `corrupt`: the bytes are not, or are no longer, an SQLite database
 * - `foreign`: a sound database, but not one of ours
 * - `newer`: written by a later version of the schema
 * - `locked`: another process owns it
 * - `disk-full`, `read-only`, `io`: the write could not be made; what was open is rolled back
 */
export type StoreErrorCode =
  | 'unreadable'
  | 'not-a-database'
  | 'corrupt'
  | 'foreign'
  | 'newer'
  | 'locked'
  | 'disk-full'
  | 'read-only'
  | 'io'

/** A store that cannot be used. The message is a sentence for the person who runs the program. */
export class StoreError extends Error {
  override name = 'StoreError'
  readonly code: StoreErrorCode

  constructor(code: StoreErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}
