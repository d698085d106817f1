import type { Decoded } from './codec.ts'
import { message } from './message.ts'

/** New blocks as `headers` in place of `inv`, please (BIP130). No payload. */
export const sendheaders = message('sendheaders', {})
export type SendHeaders = Decoded<typeof sendheaders>
