import { type Chunk, components, type Linked, linearize, MAX_CLUSTER_COUNT, MAX_CLUSTER_WEIGHT } from './clusters.ts'
import type { MempoolEntry } from './mempool-entry.ts'
import type { NewEntry, TxPool } from './mempool-pool.ts'

/** A transaction as far as it matters for its place, in clusters that do not exist yet. */
interface PlanNode extends Linked<PlanNode> {
  parents: PlanNode[]
  children: PlanNode[]
  isNew: boolean
}

/** Chunks of all clusters that a change would touch, without it and with it. */
export interface Plan {
  before: Chunk[]
  after: Chunk<PlanNode>[]
}

/**
 * What the pool's clusters would be if `removed` left and then `added` came, parents first; the pool stays as it is.
 * `undefined` where one of them would outgrow its bounds. `removed` holds all that depends on it.
 */
export function planChange(
  pool: TxPool,
  added: readonly NewEntry[],
  removed: ReadonlySet<MempoolEntry>,
): Plan | undefined {
  const parents = new Set<MempoolEntry>()
  for (const { spends } of added) {
    for (const outpoint of spends) {
      const parent = pool.byKey(outpoint.slice(0, 32))
      if (parent) parents.add(parent)
    }
  }
  // All of them end in the clusters of those that come.
  if (parents.size > added.length * MAX_CLUSTER_COUNT) return undefined
  const clusters = new Set([...removed, ...parents].map(({ cluster }) => cluster))
  const nodes = new Map<string, PlanNode>()
  const staying: MempoolEntry[] = []
  for (const { txs } of clusters) {
    for (const entry of txs) {
      if (removed.has(entry)) continue
      staying.push(entry)
      nodes.set(entry.key, nodeOf(entry, false))
    }
  }
  for (const entry of staying) {
    for (const parent of entry.parents) link(nodes.get(parent.key), nodes.get(entry.key)!)
  }
  for (const entry of added) {
    const node = nodeOf(entry, true)
    for (const key of new Set(entry.spends.map((outpoint) => outpoint.slice(0, 32)))) link(nodes.get(key), node)
    nodes.set(entry.key, node)
  }
  const after: Chunk<PlanNode>[] = []
  for (const part of components(nodes.values())) {
    if (part.some(({ isNew }) => isNew)) {
      const weight = part.reduce((sum, { policyWeight }) => sum + policyWeight, 0)
      if (part.length > MAX_CLUSTER_COUNT || weight > MAX_CLUSTER_WEIGHT) return undefined
    }
    after.push(...linearize(part))
  }
  return { before: [...clusters].flatMap(({ chunks }) => chunks), after }
}

function nodeOf({ feeSat, policyWeight, order }: NewEntry, isNew: boolean): PlanNode {
  return { feeSat, policyWeight, order, parents: [], children: [], isNew }
}

function link(parent: PlanNode | undefined, child: PlanNode): void {
  if (!parent) return
  child.parents.push(parent)
  parent.children.push(child)
}
