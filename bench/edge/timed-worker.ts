import type { Env } from '../../src/cloudflare/env.ts'
import type { Answered } from '../../src/cloudflare/ledger.ts'
import front, { Hub as PlainHub, Ledger as PlainLedger } from '../../src/cloudflare/worker.ts'
import type { LedgerQueries } from '../../src/ledger/queries.ts'
import type { TimedEvent } from './timed-event.ts'

export { Dialer } from '../../src/cloudflare/worker.ts'

/** V8's own, which has to be asked for. All objects and the front are one isolate here. */
declare const gc: () => void

/** Shorter ones are only counted. */
const NOTED_FROM_MS = 2
/** Where nobody asks for them. */
const MOST_NOTED = 10_000

let noted: TimedEvent[] = []
let count = 0

function note(what: string, start: number): void {
  const end = Date.now()
  count++
  if (end - start >= NOTED_FROM_MS && noted.length < MOST_NOTED) noted.push({ what, start, end })
}

/** Times a call, until its promise settles where it gives one: no object waits for anything else in what is timed. */
function timed<T>(what: string, call: () => T): T {
  const start = Date.now()
  let result: T | undefined
  try {
    result = call()
    return result
  } finally {
    if (result instanceof Promise)
      result.then(
        () => note(what, start),
        () => note(what, start),
      )
    else note(what, start)
  }
}

const plainTimeout = globalThis.setTimeout
globalThis.setTimeout = ((call: () => void, wait?: number) =>
  plainTimeout(() => timed('timer', () => void call()), wait)) as typeof setTimeout

/** The relay's ledger with a watch on every event. */
export class Ledger extends PlainLedger {
  constructor(ctx: DurableObjectState, env: Env) {
    const start = Date.now()
    super(ctx, env)
    note('ledger start', start)
  }

  override take(...args: Parameters<PlainLedger['take']>): void {
    timed('ledger take', () => super.take(...args))
  }

  override work(): void {
    timed('ledger work', () => super.work())
  }

  override alarm(): void {
    timed('ledger alarm', () => super.alarm())
  }

  override ask<M extends keyof LedgerQueries>(
    method: M,
    args: Parameters<LedgerQueries[M]>,
  ): Promise<Answered<Awaited<ReturnType<LedgerQueries[M]>>>> {
    return timed(`ledger ask ${method}`, () => super.ask(method, args))
  }

  /** Events since this was last asked. */
  takeTimes(): { count: number; events: TimedEvent[] } {
    const taken = { count, events: noted }
    count = 0
    noted = []
    return taken
  }
}

/** And its hub. */
export class Hub extends PlainHub {
  override take(...args: Parameters<PlainHub['take']>): ReturnType<PlainHub['take']> {
    return timed('hub take', () => super.take(...args))
  }

  override webSocketMessage(
    ...args: Parameters<PlainHub['webSocketMessage']>
  ): ReturnType<PlainHub['webSocketMessage']> {
    return timed('hub message', () => super.webSocketMessage(...args))
  }
}

export default {
  async fetch(request, env) {
    const { pathname } = new URL(request.url)
    if (pathname === '/bench/collect') {
      gc()
      return new Response()
    }
    if (pathname !== '/bench/times') return front.fetch(request, env)
    const ledger = env.LEDGER.getByName('ledger') as unknown as { takeTimes(): Promise<object> }
    return Response.json(await ledger.takeTimes())
  },
} satisfies ExportedHandler<Env>
