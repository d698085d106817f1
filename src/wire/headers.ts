import { type Decoded, followedBy, list, literal } from './codec.ts'
import { rawHeader } from './header.ts'
import { message } from './message.ts'

/** Most headers one message may carry; a full batch means more follow. */
export const MAX_HEADERS = 2000

/** Headers as their 80 bytes, oldest first (BIP130). Each drags a transaction count that is always 0. */
export const headers = message('headers', { headers: list(followedBy(rawHeader, literal(0), 0), MAX_HEADERS) })
export type Headers = Decoded<typeof headers>
