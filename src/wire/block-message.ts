import { type Decoded, rest } from './codec.ts'
import { message } from './message.ts'

/** A block, its bytes unread: most of what carries one only passes it on. */
export const blockMessage = message('block', { bytes: rest })
export type BlockMessage = Decoded<typeof blockMessage>
