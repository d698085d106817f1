import { taprootOutput } from '../../src/script/taproot.ts'
import { concatBytes, hexToBytes } from '../../src/wire/hash.ts'
import { type Transaction, txid } from '../../src/wire/transaction.ts'
import { flagsOf, scriptOf } from './core-script.ts'

/** A point whose private key nobody has (BIP 341). */
const NOBODY = hexToBytes('50929b74c1a04954b78b4b6035e97a5e078a5a0f28ec96d547bfee9ace803ac0')
const FINAL = 0xffff_ffff

/** One row of script_tests.json. */
export interface ScriptCase {
  witness: Uint8Array[]
  amount: bigint
  scriptSig: Uint8Array
  scriptPubKey: Uint8Array
  flags: number
  expected: string
  text: string
}

export function caseOf(row: unknown[]): ScriptCase {
  const hasWitness = Array.isArray(row[0])
  const [scriptSig, scriptPubKey, flags, expected, comment = ''] = row.slice(hasWitness ? 1 : 0) as string[]
  const items = hasWitness ? (row[0] as (string | number)[]) : [0]
  const leaf = items.find((item) => String(item).startsWith('#SCRIPT#'))
  const script = leaf === undefined ? undefined : scriptOf(String(leaf).slice('#SCRIPT#'.length))
  const output = script && taprootOutput(NOBODY, { script })
  const witness = items.slice(0, -1).map((item) => {
    if (item === leaf) return script!
    return item === '#CONTROLBLOCK#' ? output!.leaves[0]!.controlBlock : hexToBytes(String(item))
  })
  const isTaproot = scriptPubKey!.includes('#TAPROOTOUTPUT#')
  return {
    witness,
    amount: BigInt(Math.round(Number(items.at(-1)) * 1e8)),
    scriptSig: scriptOf(scriptSig!),
    scriptPubKey: isTaproot ? concatBytes(Uint8Array.of(0x51, 32), output!.outputKey) : scriptOf(scriptPubKey!),
    flags: flagsOf(flags!),
    expected: expected!,
    text: JSON.stringify([scriptSig, scriptPubKey, flags, expected, comment]).slice(0, 300),
  }
}

/** The transaction that spends the only output of the one that pays to the script. */
export function spendOf({ witness, amount, scriptSig, scriptPubKey }: ScriptCase): {
  tx: Transaction
  spent: Transaction
} {
  const spent: Transaction = {
    version: 1,
    inputs: [
      {
        prevout: { hash: new Uint8Array(32), index: FINAL },
        scriptSig: Uint8Array.of(0, 0),
        sequence: FINAL,
        witness: [],
      },
    ],
    outputs: [{ value: amount, scriptPubKey }],
    lockTime: 0,
  }
  const tx: Transaction = {
    version: 1,
    inputs: [{ prevout: { hash: txid(spent), index: 0 }, scriptSig, sequence: FINAL, witness }],
    outputs: [{ value: amount, scriptPubKey: new Uint8Array(0) }],
    lockTime: 0,
  }
  return { tx, spent }
}
