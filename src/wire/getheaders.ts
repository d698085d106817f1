import type { Decoded } from './codec.ts'
import { locatorFields } from './locator.ts'
import { message } from './message.ts'

/** Asks for the headers after the first locator hash that is on the receiver's chain. */
export const getheaders = message('getheaders', locatorFields)
export type GetHeaders = Decoded<typeof getheaders>
