import { setTimeout as sleep } from 'node:timers/promises'

export interface PollOptions {
  /** Milliseconds after which it is given up. */
  within?: number
  /** Milliseconds from one look to the next. */
  every?: number
}

/**
 * Looks again and again until there is something to see (neither `undefined` nor `false`), and gives it. What a look
 * throws counts as nothing; the error that ends the wait says what the last look saw.
 */
export async function poll<T>(
  what: string,
  look: () => T | undefined | false | Promise<T | undefined | false>,
  { within = 10_000, every = 25 }: PollOptions = {},
): Promise<T> {
  const until = Date.now() + within
  let seen = ''
  for (;;) {
    try {
      const found = await look()
      if (found !== undefined && found !== false) return found
      seen = ''
    } catch (error) {
      seen = `: ${(error as Error).message}`
    }
    if (Date.now() >= until) throw new Error(`within ${within} ms it did not come about that ${what}${seen}`)
    await sleep(every)
  }
}

/** Waits until `read` gives `wanted`; the error says what it gave instead. */
export async function pollFor<T extends string | number | boolean>(
  what: string,
  read: () => T | Promise<T>,
  wanted: T,
  options: PollOptions = {},
): Promise<void> {
  await poll(
    what,
    async () => {
      const value = await read()
      if (value === wanted) return true
      throw new Error(`${value} instead of ${wanted}`)
    },
    options,
  )
}
