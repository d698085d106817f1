import type { ScriptError } from './script-error.ts'

/**
 * Thrown to end a script that does not pass; never seen outside of `InputScripts`. Not an `Error`: what a hostile script
 * causes needs no stack trace.
 */
export class ScriptFailure {
  readonly code: ScriptError

  constructor(code: ScriptError) {
    this.code = code
  }
}

export function fail(code: ScriptError): never {
  throw new ScriptFailure(code)
}
