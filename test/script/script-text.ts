import { type Part, script } from '../../src/script/build.ts'
import { OP } from '../../src/script/opcodes.ts'
import { hexToBytes } from '../../src/wire/hash.ts'

/** Reads scripts as bitcoinjs writes them in its fixtures: opcode names and hex pushes. */
export function scriptFromText(text: string): Uint8Array {
  return script(...text.split(' ').filter(Boolean).map(part))
}

function part(token: string): Part {
  const small = /^OP_(\d+)$/.exec(token)
  if (small) return small[1] === '0' ? OP.OP_0 : OP.OP_1 + Number(small[1]) - 1
  if (token === 'OP_TRUE') return OP.OP_1
  const opcode = OP[token as keyof typeof OP] as number | undefined
  return opcode ?? hexToBytes(token)
}
