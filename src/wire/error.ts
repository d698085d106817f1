/** Why bytes from outside were refused. */
export type WireErrorCode =
  | 'truncated' // fewer bytes than the form needs
  | 'trailing' // bytes left over after a complete value
  | 'not-minimal' // a compact size written longer than it needs to be
  | 'too-large' // a count, length or number above its bound
  | 'bad-value' // well-formed, but no such value is allowed here
  | 'superfluous-witness' // the segwit form around a transaction without any witness (BIP144)
  | 'bad-magic'
  | 'bad-command'
  | 'bad-checksum'

/** Hostile or broken bytes. The frame boundary catches it once and closes the link. */
export class WireError extends Error {
  readonly code: WireErrorCode

  constructor(code: WireErrorCode, detail?: string) {
    super(detail === undefined ? code : `${code}: ${detail}`)
    this.name = 'WireError'
    this.code = code
  }
}
