import { nodeHasher } from '../../src/node/hasher.ts'
import { InputScripts } from '../../src/script/input-scripts.ts'
import type { Secp256k1 } from '../../src/script/secp256k1.ts'
import { decode, encode } from '../../src/wire/codec.ts'
import { type TxOut, transaction } from '../../src/wire/transaction.ts'
import { realBlock } from '../../test/script/real-blocks.ts'

/** The transactions of a block as bytes, with what they spend. */
export interface BlockInputs {
  spends: { raw: Uint8Array; spent: TxOut[] }[]
  inputs: number
  /** SCRIPT_FLAG bits. */
  flags: number
}

export function blockInputs(name: string): BlockInputs {
  const { spends, inputs, flags } = realBlock(name)
  return { spends: spends.map(({ tx, spent }) => ({ raw: encode(transaction, tx), spent })), inputs, flags }
}

/** Reads the transactions and checks all their inputs. Throws when one fails. */
export function checkInputs({ spends, flags }: BlockInputs, secp256k1: Secp256k1): void {
  for (const { raw, spent } of spends) {
    const scripts = new InputScripts(decode(transaction, raw), spent, secp256k1, nodeHasher)
    for (let i = 0; i < spent.length; i++) {
      const error = scripts.check(i, flags)
      if (error) throw new Error(`input ${i} fails: ${error}`)
    }
  }
}
