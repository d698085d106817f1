import { type Answer, octets } from '../answer.ts'
import { fail } from '../errors.ts'
import type { Param, Shapes } from '../route.ts'
import { BINARY, type Schema, string, word } from '../schema.ts'

/** The forms that most answers come in, by the end of the path. */
export type Format = 'bin' | 'hex' | 'json'

const AVAILABLE = 'output format not found (available: .bin, .hex, .json)'
const JSON_ONLY = 'output format not found (available: json)'
/** Hex digits of a byte as ASCII codes. */
const DIGITS = new TextEncoder().encode('0123456789abcdef')

export const FORMAT: Param = {
  about: 'The form of the answer: bytes, hex, or JSON.',
  schema: word('bin', 'hex', 'json'),
  example: 'json',
}
export const JSON_FORMAT: Param = { about: 'JSON is the only form.', schema: word('json'), example: 'json' }

/** What stands before the ending of a path, and the ending if it names a form. An unknown one belongs to the text before. */
export function cutFormat(text: string, ending: string): { text: string; format: Format | undefined } {
  if (ending === 'bin' || ending === 'hex' || ending === 'json') return { text, format: ending }
  return { text: ending === '' ? text : `${text}.${ending}`, format: undefined }
}

/** An answer's three forms: its bytes, the same in hex, and JSON made when wanted. Text ends with a newline. */
export function inFormat(
  format: Format | undefined,
  made: { bytes: () => Uint8Array; hex?: () => string; json: () => Answer },
): Answer {
  switch (format) {
    case 'bin':
      return octets(made.bytes())
    case 'hex':
      return made.hex ? line(made.hex()) : hexAnswer(made.bytes())
    case 'json':
      return made.json()
    case undefined:
      return fail('rest-no-format', AVAILABLE)
  }
}

/** For what there is only JSON of. */
export function onlyJson(format: Format | undefined): void {
  if (format !== 'json') fail('rest-no-format', JSON_ONLY)
}

/** JSON and a newline. */
export function jsonLine(text: string): Answer {
  return { type: 'application/json', body: `${text}\n` }
}

/** JSON that is too long to be held: its pieces, the last of which ends with a newline. */
export function jsonPieces(pieces: Iterable<string>): Answer {
  return { type: 'application/json', body: { pieces } }
}

function line(text: string): Answer {
  return { type: 'text/plain', body: `${text}\n` }
}

/** As bytes, because a block's hex as a string takes far more than its length while it is put together. */
function hexAnswer(bytes: Uint8Array): Answer {
  const body = new Uint8Array(2 * bytes.length + 1)
  for (let i = 0; i < bytes.length; i++) {
    body[2 * i] = DIGITS[bytes[i]! >> 4]!
    body[2 * i + 1] = DIGITS[bytes[i]! & 15]!
  }
  body[body.length - 1] = 0x0a
  return { type: 'text/plain', body }
}

const HEX_LINE = string('^([0-9a-f]{2})*\\n$', 'Bytes in hex.')

/** Shapes of an answer in all forms. */
export function inForms(json: Schema): Shapes {
  return { 'application/json': json, 'text/plain': HEX_LINE, 'application/octet-stream': BINARY }
}

/** Shapes of an answer that has no JSON. */
export const IN_BYTES_OR_HEX: Shapes = { 'text/plain': HEX_LINE, 'application/octet-stream': BINARY }
