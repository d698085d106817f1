import { concatBytes } from '../wire/hash.ts'
import { pushBytes } from './build.ts'
import { instructionAt } from './instructions.ts'

/**
 * A script without the pushes of a signature, which no signature before segwit could cover; the same array where there are
 * none. Only bytes that begin where a step begins are compared, and what follows a push that cannot be read is kept.
 */
export function withoutPushesOf(signature: Uint8Array, script: Uint8Array): Uint8Array {
  const pushed = pushBytes(signature)
  const kept: Uint8Array[] = []
  let from = 0
  for (let at = 0; at < script.length; ) {
    if (isAt(script, at, pushed)) {
      kept.push(script.subarray(from, at))
      while (isAt(script, at, pushed)) at += pushed.length
      from = at
      continue
    }
    const { next, broken } = instructionAt(script, at)
    if (broken) break
    at = next
  }
  return kept.length === 0 ? script : concatBytes(...kept, script.subarray(from))
}

function isAt(script: Uint8Array, at: number, bytes: Uint8Array): boolean {
  if (at + bytes.length > script.length) return false
  for (let i = 0; i < bytes.length; i++) if (script[at + i] !== bytes[i]) return false
  return true
}
