import { type Decoded, varBytes, varString } from './codec.ts'
import { message } from './message.ts'

/** Names an extension and its settings (BIP434). Between `version` and `verack`, from protocol version 70017 on. */
export const feature = message('feature', { id: varString(80, 4), data: varBytes(512) })
export type Feature = Decoded<typeof feature>
