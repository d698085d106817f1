import { SCRIPT_FLAG } from '../script/flags.ts'
import { equalBytes } from '../wire/hash.ts'
import type { Network, ScriptException } from './network.ts'
import type { SigopRules } from './sigops.ts'

const FLAG = SCRIPT_FLAG

/**
 * The rules that the scripts of a block are under, as SCRIPT_FLAG bits. As in Bitcoin Core P2SH, witnesses and taproot hold
 * from the first block on, long before they were rules, but for the few blocks that break one of them.
 */
export function blockScriptFlags(network: Network, height: number, hash: Uint8Array): number {
  const { heights, scriptExceptions } = network
  const exception = scriptExceptions.find((block) => equalBytes(block.hash, hash))
  let flags = exception ? flagsOf(exception) : FLAG.P2SH | FLAG.WITNESS | FLAG.TAPROOT
  if (height >= heights.bip66) flags |= FLAG.DERSIG
  if (height >= heights.bip65) flags |= FLAG.CHECKLOCKTIMEVERIFY
  if (height >= heights.csv) flags |= FLAG.CHECKSEQUENCEVERIFY
  if (height >= heights.segwit) flags |= FLAG.NULLDUMMY
  return flags
}

/** Which signature operations count under these flags. */
export function sigopRules(flags: number): SigopRules {
  return { p2sh: (flags & FLAG.P2SH) !== 0, witness: (flags & FLAG.WITNESS) !== 0 }
}

function flagsOf({ p2sh, witness, taproot }: ScriptException): number {
  return (p2sh ? FLAG.P2SH : 0) | (witness ? FLAG.WITNESS : 0) | (taproot ? FLAG.TAPROOT : 0)
}
