import type { HubQueries } from '../api/deps.ts'
import type { Count, MeterSnapshot } from '../host/meter.ts'
import type { Metered } from '../host/metrics.ts'
import type { LedgerQueries } from '../ledger/queries.ts'
import { dialerOf, type Env, hubOf, ledgerOf } from './env.ts'
import type { Answered } from './ledger.ts'

/** Questions to the ledger's object, one call each. */
export function ledgerQueries(env: Env): LedgerQueries {
  return new Proxy({} as LedgerQueries, {
    get:
      (_, method) =>
      async (...args: unknown[]) => {
        const asked = ledgerOf(env).ask(method as keyof LedgerQueries, args as never)
        const answer = await released(asked as Promise<Answered<unknown>>)
        if ('value' in answer) return answer.value
        throw Object.assign(new Error('refused'), { name: answer.refusal })
      },
  })
}

export function hubQueries(env: Env): HubQueries {
  return { links: () => released(hubOf(env).links()) }
}

/** The dialers are metered together, if there are any. */
export function meters(env: Env, dialers: number): Partial<Record<Metered, () => Promise<MeterSnapshot>>> {
  return {
    hub: () => released(hubOf(env).measure()),
    ledger: () => released(ledgerOf(env).measure()),
    ...(dialers > 0 && { dialer: () => measureDialers(env, dialers) }),
  }
}

async function measureDialers(env: Env, dialers: number): Promise<MeterSnapshot> {
  const all: MeterSnapshot[] = await Promise.all(
    Array.from({ length: dialers }, (_, share) => released(dialerOf(env, share).measure())),
  )
  const [sum, ...others] = all as [MeterSnapshot, ...MeterSnapshot[]]
  for (const { since, awakeMs, counts } of others) {
    sum.since = Math.min(sum.since, since)
    sum.awakeMs += awakeMs
    for (const [count, value] of Object.entries(counts) as [Count, number][]) sum.counts[count] += value
  }
  return sum
}

/**
 * A plain answer, of which the object that gave it is told that it is through with: until then it stays in memory, and a
 * stream of events would hold it there for good.
 */
async function released<T extends object>(asked: Promise<T>): Promise<T> {
  const answer: T & Partial<Disposable> = await asked
  answer[Symbol.dispose]?.()
  return answer
}
