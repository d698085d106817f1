import { bytesToHex } from '../wire/hash.ts'
import { instructionAt } from './instructions.ts'
import { OP } from './opcodes.ts'

/** The name of every opcode in rust-bitcoin's spelling, which the Esplora API shows. */
const names: readonly string[] = namesOfOpcodes()

/**
 * A script as text, in the words of the Esplora API (rust-bitcoin's script debug form): tokens separated by one
 * space, pushes as `OP_PUSHBYTES_n hex`, and a marker where the script ends in the middle of a push.
 */
export function toAsm(script: Uint8Array): string {
  let text = ''
  for (let at = 0; at < script.length; ) {
    const { opcode, data, next, broken } = instructionAt(script, at)
    if (broken === 'length') return `${text}<unexpected end>`
    text += at === 0 ? names[opcode] : ` ${names[opcode]}`
    if (broken === 'data') return `${text} <push past end>`
    if (data && data.length > 0) text += ` ${bytesToHex(data)}`
    at = next
  }
  return text
}

function namesOfOpcodes(): string[] {
  const table = Array.from({ length: 256 }, (_, opcode) => `OP_RETURN_${opcode}`)
  for (const [name, opcode] of Object.entries(OP)) table[opcode] = name
  for (let n = 1; n <= 0x4b; n++) table[n] = `OP_PUSHBYTES_${n}`
  for (let n = 1; n <= 16; n++) table[OP.OP_1 + n - 1] = `OP_PUSHNUM_${n}`
  table[OP.OP_1NEGATE] = 'OP_PUSHNUM_NEG1'
  table[OP.OP_CHECKLOCKTIMEVERIFY] = 'OP_CLTV'
  table[OP.OP_CHECKSEQUENCEVERIFY] = 'OP_CSV'
  return table
}
