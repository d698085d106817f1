import { equalBytes, type Hasher } from '../wire/hash.ts'

/**
 * Tells whether scripts have a given scripthash. Once it has seen the script it compares bytes; until then it hashes.
 */
export class ScriptMatch {
  readonly #scripthash: Uint8Array
  readonly #hasher: Hasher
  #script: Uint8Array | undefined

  constructor(scripthash: Uint8Array, hasher: Hasher) {
    this.#scripthash = scripthash
    this.#hasher = hasher
  }

  test(script: Uint8Array): boolean {
    if (this.#script) return equalBytes(script, this.#script)
    if (!equalBytes(this.#hasher.sha256(script), this.#scripthash)) return false
    this.#script = script
    return true
  }
}
