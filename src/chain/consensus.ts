/** Satoshi in a coin. */
export const COIN = 100_000_000
/** No amount, and no sum of amounts, is above 21 million coins. */
export const MAX_MONEY = 21_000_000 * COIN
/** Weight units of a block (BIP 141). */
export const MAX_BLOCK_WEIGHT = 4_000_000
/** Bytes outside the witness weigh this much. */
export const WITNESS_SCALE_FACTOR = 4
/** Cost of the signature operations of a block; one outside the witness costs WITNESS_SCALE_FACTOR. */
export const MAX_BLOCK_SIGOPS_COST = 80_000
/** A coinbase's outputs may be spent in the hundredth block after it. */
export const COINBASE_MATURITY = 100
