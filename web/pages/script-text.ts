import { instructionAt } from '../../src/script/instructions.ts'

/** Letters in a row that make a text rather than a coincidence. */
const LEAST_RUN = 4

/** The readable runs of a coinbase's script, which holds whatever the miner put there. */
export function coinbaseText(script: Uint8Array): string | undefined {
  const letters = Array.from(script, (byte) => (byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '\n')).join(
    '',
  )
  const runs = letters.split('\n').filter((run) => run.trim().length >= LEAST_RUN)
  return runs.length > 0 ? runs.join(' … ') : undefined
}

/** What an OP_RETURN output says, when its pushes are text in UTF-8. */
export function dataText(script: Uint8Array): string | undefined {
  const texts: string[] = []
  for (let at = 1; at < script.length; ) {
    const { data, next, broken } = instructionAt(script, at)
    if (broken || !data) return undefined
    texts.push(utf8(data) ?? '')
    at = next
  }
  const text = texts.join(' ')
  return /^[^\p{Cc}\p{Cn}\ufffd]{2,}$/u.test(text) ? text : undefined
}

function utf8(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: false }).decode(bytes)
  } catch {
    return undefined
  }
}
