import type { HeaderNode, HeaderTree } from '../../src/chain/header-tree.ts'
import type { Reorg } from '../../src/chain/reorg.ts'
import type { Chainstate, Connected, Invalid, Unavailable } from '../../src/ledger/chainstate.ts'
import { reorgBetween } from '../../src/ledger/reorganisation.ts'

interface Reorganised {
  kind: 'reorg'
  reorg: Reorg
  connected: Connected[]
  /** How many steps it took. */
  steps: number
}

/** A whole reorganisation, step after step; or why there was none. */
export function reorgTo(
  { chain, tree }: { chain: Chainstate; tree: HeaderTree },
  target: HeaderNode,
): Reorganised | Invalid | Unavailable {
  const from = chain.tip
  const way = chain.reorganise(target)
  const connected: Connected[] = []
  for (let steps = 1; ; steps++) {
    const step = way.step()
    connected.push(...step.connected)
    if (step.goesOn) continue
    const [failure] = way.failures
    return failure ?? { kind: 'reorg', reorg: reorgBetween(tree, from, chain.tip, Infinity)!, connected, steps }
  }
}
