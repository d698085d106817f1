import { pushBytes, pushNumber } from '../../src/script/build.ts'
import { SCRIPT_FLAG, type ScriptFlagName } from '../../src/script/flags.ts'
import { OP } from '../../src/script/opcodes.ts'
import { concatBytes, hexToBytes } from '../../src/wire/hash.ts'

/** A script as Bitcoin Core's test files write it: opcodes without OP_, numbers, 'texts' to push, 0x… as it is. */
export function scriptOf(text: string): Uint8Array {
  const words = text.split(/\s+/).filter((word) => word !== '')
  return concatBytes(...words.map(wordBytes))
}

function wordBytes(word: string): Uint8Array {
  if (/^-?\d+$/.test(word)) return pushNumber(Number(word))
  if (word.startsWith('0x')) return hexToBytes(word.slice(2))
  if (word.startsWith("'")) return pushBytes(new TextEncoder().encode(word.slice(1, -1)))
  const name = word.startsWith('OP_') ? word : `OP_${word}`
  const opcode = (OP as Record<string, number>)[name] ?? OLD_NAMES[name]
  if (opcode === undefined) throw new Error(`no opcode: ${word}`)
  return Uint8Array.of(opcode)
}

const OLD_NAMES: Record<string, number> = {
  OP_NOP2: OP.OP_CHECKLOCKTIMEVERIFY,
  OP_NOP3: OP.OP_CHECKSEQUENCEVERIFY,
  OP_TRUE: OP.OP_1,
  OP_FALSE: OP.OP_0,
}

/** The bits of flags named in a list with commas; none for nothing and for NONE. */
export function flagsOf(names: string): number {
  let flags = 0
  for (const name of names.split(',')) {
    if (name === '' || name === 'NONE') continue
    const flag = SCRIPT_FLAG[name as ScriptFlagName]
    if (flag === undefined) throw new Error(`no flag: ${name}`)
    flags |= flag
  }
  return flags
}
