import { OP } from './opcodes.ts'

/**
 * One step of a script. `data` is a view of what a push carries (empty for OP_0) and absent for any other opcode;
 * `next` is where the following step begins.
 */
export interface Instruction {
  opcode: number
  data?: Uint8Array
  next: number
  /** The script ends inside this step: in the length of a push, or in its data. Nothing can be read after it. */
  broken?: 'length' | 'data'
}

/** The step that begins at `at`, which must lie inside the script. */
export function instructionAt(script: Uint8Array, at: number): Instruction {
  const opcode = script[at]!
  if (opcode > OP.OP_PUSHDATA4) return { opcode, next: at + 1 }
  let start = at + 1
  let length = opcode
  if (opcode >= OP.OP_PUSHDATA1) {
    const width = 1 << (opcode - OP.OP_PUSHDATA1)
    if (start + width > script.length) return { opcode, next: script.length, broken: 'length' }
    length = 0
    for (let i = width - 1; i >= 0; i--) length = length * 256 + script[start + i]!
    start += width
  }
  const next = start + length
  if (next > script.length) return { opcode, next: script.length, broken: 'data' }
  return { opcode, data: script.subarray(start, next), next }
}

/** Whether the script from `from` on can be read and does nothing but push; the reserved opcode below OP_1 counts as a push. */
export function isPushOnly(script: Uint8Array, from = 0): boolean {
  for (let at = from; at < script.length; ) {
    const { opcode, next, broken } = instructionAt(script, at)
    if (broken || opcode > OP.OP_16) return false
    at = next
  }
  return true
}

/** The data of the script's last step, when that is a push and every step before it can be read. */
export function lastPush(script: Uint8Array): Uint8Array | undefined {
  let last: Uint8Array | undefined
  for (let at = 0; at < script.length; ) {
    const step = instructionAt(script, at)
    if (step.broken) return undefined
    last = step.data
    at = step.next
  }
  return last
}
