/** Bytes of a script. Longer ones do not run, except in tapscript: what they guard can never be spent. */
export const MAX_SCRIPT_SIZE = 10_000
/** Bytes of an item on the stack. */
export const MAX_ITEM_SIZE = 520
/** Items on both stacks. */
export const MAX_STACK_SIZE = 1000

/** Lock times below are heights, from here on Unix seconds. */
export const LOCKTIME_THRESHOLD = 500_000_000
/** An input with this sequence does not ask for its transaction's lock time. */
export const SEQUENCE_FINAL = 0xffff_ffff
/** BIP 68: the sequence is no relative lock. */
export const SEQUENCE_DISABLED = 0x8000_0000
/** BIP 68: the lock counts in units of 512 seconds, not in blocks. */
export const SEQUENCE_IN_TIME = 0x0040_0000
/** BIP 68: what counts of a sequence as the length of the lock. */
export const SEQUENCE_VALUE = 0xffff
