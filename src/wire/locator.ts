import { hash32, list, u32 } from './codec.ts'

/** Most hashes in a locator. */
export const MAX_LOCATOR = 101

/** Where the sender's chain is: hashes from its tip back to genesis, ever farther apart. `stop` zero asks for all. */
export const locatorFields = {
  version: u32, // protocol version, read by nobody
  locator: list(hash32, MAX_LOCATOR),
  stop: hash32,
}
