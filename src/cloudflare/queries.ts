import type { HubQueries } from '../api/deps.ts'
import type { MeterSnapshot } from '../host/meter.ts'
import type { LedgerQueries } from '../ledger/queries.ts'
import { type Env, hubOf, ledgerOf } from './env.ts'
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

export function meters(env: Env): { hub(): Promise<MeterSnapshot>; ledger(): Promise<MeterSnapshot> } {
  return { hub: () => released(hubOf(env).measure()), ledger: () => released(ledgerOf(env).measure()) }
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
