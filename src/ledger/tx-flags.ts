import type { BlockDigest } from '../chain/digest.ts'
import { type ScriptType, scriptType } from '../script/type.ts'
import type { SpentOutput } from './prevouts.ts'

/** Bits by which mempool.space classifies transactions, those that are read off a transaction's form. */
export const TX_FLAGS = {
  rbf: 1,
  noRbf: 2,
  v1: 4,
  v2: 8,
  v3: 16,
  p2pk: 1 << 8,
  p2pkh: 1 << 10,
  p2sh: 1 << 11,
  p2wpkh: 1 << 12,
  p2wsh: 1 << 13,
  p2tr: 1 << 14,
  opReturn: 1 << 24,
} as const

/** Kinds of scripts that are paid to or spent. */
const OF_SCRIPT: Partial<Record<ScriptType, number>> = {
  p2pk: TX_FLAGS.p2pk,
  p2pkh: TX_FLAGS.p2pkh,
  p2sh: TX_FLAGS.p2sh,
  v0_p2wpkh: TX_FLAGS.p2wpkh,
  v0_p2wsh: TX_FLAGS.p2wsh,
  v1_p2tr: TX_FLAGS.p2tr,
  op_return: TX_FLAGS.opReturn,
}
const OF_VERSION: Readonly<Record<number, number>> = { 1: TX_FLAGS.v1, 2: TX_FLAGS.v2, 3: TX_FLAGS.v3 }
/** An input with a lower sequence says that its transaction may be replaced (BIP 125). */
const LEAST_FINAL = 0xffff_fffe

/** The bits of each transaction of a block; `spent`: what its inputs spend, without the coinbase's. */
export function flagsOf(bytes: Uint8Array, digest: BlockDigest, spent: readonly SpentOutput[]): Uint32Array {
  const { txCount, txVersion, inputStart, outputStart, sequence, scriptAt, scriptLength } = digest
  const flags = new Uint32Array(txCount)
  for (let t = 0; t < txCount; t++) {
    let bits = OF_VERSION[txVersion[t]!] ?? 0
    let replaceable = false
    for (let input = inputStart[t]!; input < inputStart[t + 1]!; input++) {
      replaceable ||= sequence[input]! < LEAST_FINAL
      if (t > 0) bits |= OF_SCRIPT[scriptType(spent[input - inputStart[1]!]!.script)] ?? 0
    }
    for (let output = outputStart[t]!; output < outputStart[t + 1]!; output++) {
      const at = scriptAt[output]!
      bits |= OF_SCRIPT[scriptType(bytes.subarray(at, at + scriptLength[output]!))] ?? 0
    }
    flags[t] = bits | (replaceable ? TX_FLAGS.rbf : TX_FLAGS.noRbf)
  }
  return flags
}
