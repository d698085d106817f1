import type { Decoded } from './codec.ts'
import { message } from './message.ts'

/** `addrv2` in place of `addr`, please (BIP155). Between `version` and `verack` only. No payload. */
export const sendaddrv2 = message('sendaddrv2', {})
export type SendAddrV2 = Decoded<typeof sendaddrv2>
