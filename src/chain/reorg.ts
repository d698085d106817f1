/** One block of a chain, as the parts that keep rows know it. */
export interface BlockRef {
  /** Wire order. */
  hash: Uint8Array
  height: number
  /** The header's id in the store. */
  id: number
}

/** What a change of the chosen chain is, everywhere. Extending the tip is the case where `reverted` is empty. */
export interface Reorg {
  /** Tip first. */
  reverted: BlockRef[]
  /** Lowest first. */
  connected: BlockRef[]
}
