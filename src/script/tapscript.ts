import { instructionAt } from './instructions.ts'
import { fail } from './script-failure.ts'

/** BIP 342: opcodes that make a tapscript pass, whatever else is in it, until a soft fork gives them a meaning. */
export function isOpSuccess(opcode: number): boolean {
  return (
    opcode === 80 ||
    opcode === 98 ||
    (opcode >= 126 && opcode <= 129) ||
    (opcode >= 131 && opcode <= 134) ||
    (opcode >= 137 && opcode <= 138) ||
    (opcode >= 141 && opcode <= 142) ||
    (opcode >= 149 && opcode <= 153) ||
    (opcode >= 187 && opcode <= 254)
  )
}

/**
 * Looks a tapscript through before it runs: `passes` with an OP_SUCCESS in it. Fails where it cannot be read up to one, or
 * to its end, and where OP_SUCCESS is discouraged.
 */
export function checkTapscript(script: Uint8Array, discourages: boolean): 'passes' | 'runs' {
  for (let at = 0; at < script.length; ) {
    const { opcode, next, broken } = instructionAt(script, at)
    if (broken) fail('BAD_OPCODE')
    if (isOpSuccess(opcode)) {
      if (discourages) fail('DISCOURAGE_OP_SUCCESS')
      return 'passes'
    }
    at = next
  }
  return 'runs'
}
