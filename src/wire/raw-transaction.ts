import type { Codec, Reader } from './codec.ts'
import { WireError } from './error.ts'
import { MAX_BYTES, MAX_INPUTS, MAX_OUTPUTS, MAX_WITNESS_ITEMS, SEGWIT_MARKER, WITNESS_FLAG } from './transaction.ts'

const VERSION_SIZE = 4
const OUTPOINT_SIZE = 36
const SEQUENCE_SIZE = 4
const VALUE_SIZE = 8
const LOCK_TIME_SIZE = 4

/**
 * A transaction kept as its bytes, as a view. Its form is checked exactly as `transaction` does, but nothing is built
 * from it, so a message full of hostile transactions takes no more memory than its bytes.
 */
export const rawTransaction: Codec<Uint8Array> = {
  read(r) {
    const start = r.at
    scanTransaction(r)
    return r.source.subarray(start, r.at)
  },
  write: (w, bytes) => w.bytes(bytes),
}

function scanTransaction(r: Reader): void {
  r.skip(VERSION_SIZE)
  let inputCount = r.count(MAX_INPUTS)
  let flag = 0
  if (inputCount === SEGWIT_MARKER) {
    flag = r.u8()
    if (flag > WITNESS_FLAG) throw new WireError('bad-value', `transaction flag ${flag}`)
    if (flag === 0) {
      r.skip(LOCK_TIME_SIZE)
      return
    }
    inputCount = r.count(MAX_INPUTS)
  }
  for (let i = 0; i < inputCount; i++) {
    r.skip(OUTPOINT_SIZE)
    r.skip(r.count(MAX_BYTES))
    r.skip(SEQUENCE_SIZE)
  }
  const outputCount = r.count(MAX_OUTPUTS)
  for (let i = 0; i < outputCount; i++) {
    r.skip(VALUE_SIZE)
    r.skip(r.count(MAX_BYTES))
  }
  if (flag === WITNESS_FLAG) scanWitness(r, inputCount)
  r.skip(LOCK_TIME_SIZE)
}

function scanWitness(r: Reader, inputCount: number): void {
  let items = 0
  for (let i = 0; i < inputCount; i++) {
    const count = r.count(MAX_WITNESS_ITEMS)
    for (let k = 0; k < count; k++) r.skip(r.count(MAX_BYTES))
    items += count
  }
  if (items === 0) throw new WireError('superfluous-witness')
}
