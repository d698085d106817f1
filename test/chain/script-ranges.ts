import type { ScriptRanges } from '../../src/chain/block-filter.ts'
import { BlockScan } from '../../src/chain/block-scan.ts'
import { concatBytes } from '../../src/wire/hash.ts'

/** Scripts as they lie one after the other. */
export function rangesOf(scripts: readonly Uint8Array[]): ScriptRanges {
  const at: number[] = []
  let end = 0
  for (const { length } of scripts) {
    at.push(end)
    end += length
  }
  return { bytes: concatBytes(...scripts), at, length: scripts.map(({ length }) => length) }
}

/** The scripts that a raw block pays to. */
export function outputsOf(block: Uint8Array): ScriptRanges {
  const { outputs } = new BlockScan(block)
  return { bytes: block, at: outputs.scriptAt, length: outputs.scriptLength }
}
