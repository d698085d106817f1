import { digestBlock } from '../../src/chain/digest.ts'
import { encodePrevouts } from '../../src/ledger/prevouts.ts'
import type { ScriptBlock } from '../../src/ledger/script-checks.ts'
import { nodeHasher } from '../../src/node/hasher.ts'
import { CONSENSUS_FLAGS } from '../../src/script/flags.ts'
import { concatBytes } from '../../src/wire/hash.ts'
import { ChainMaker, OP_TRUE, spend } from '../sim/chain-maker.ts'

/** An output that nobody can spend, though everybody may try. */
export const OP_FALSE = Uint8Array.of(0)

/**
 * A block as its scripts see it: by transaction the scripts of the outputs that its inputs spend. Nothing else of it is
 * right. `skip`: numbers of transactions, the first after the coinbase is 1.
 */
export function scriptBlock(spent: readonly (readonly Uint8Array[])[], skip: readonly number[] = []): ScriptBlock {
  const maker = new ChainMaker({ seed: 3 })
  let serial = 0
  const transactions = spent.map((scripts) =>
    spend(
      scripts.map(() => ({
        txid: nodeHasher.sha256(Uint8Array.of(serial & 0xff, serial++ >> 8)),
        vout: 0,
        valueSat: 1,
      })),
      [{ valueSat: 1, script: OP_TRUE }],
    ),
  )
  const { bytes } = maker.block({ transactions }, maker.genesis)
  const parts = spent.map((scripts) => encodePrevouts(scripts.map((script) => ({ txNum: 1, value: 1, script }))))
  const txAt = new Uint32Array(spent.length + 1)
  for (let t = 1; t < spent.length; t++) txAt[t + 1] = txAt[t]! + parts[t - 1]!.length
  const skipped = new Uint8Array(spent.length + 1)
  for (const t of skip) skipped[t] = 1
  return {
    bytes,
    digest: digestBlock(bytes),
    prevouts: concatBytes(...parts),
    txAt,
    flags: CONSENSUS_FLAGS,
    skip: skip.length > 0 ? skipped : undefined,
    toRun: spent.reduce((sum, scripts, i) => (skipped[i + 1] === 1 ? sum : sum + scripts.length), 0),
  }
}
