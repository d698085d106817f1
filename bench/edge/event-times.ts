import { setTimeout as sleep } from 'node:timers/promises'
import type { Workerd } from '../../test/workerd.ts'
import type { CpuClock } from './cpu-clock.ts'
import type { TimedEvent } from './timed-event.ts'

/** Between two questions. */
const EVERY_MS = 500

/** The longest event of a kind. */
export interface Costs {
  what: string
  /** How many were noted. */
  count: number
  wallMs: number
  cpuMs: number
}

/** The events of the objects, as they tell of them. */
export class EventTimes {
  count = 0
  readonly #events: TimedEvent[] = []
  readonly #workerd: Workerd

  constructor(workerd: Workerd) {
    this.#workerd = workerd
  }

  async watch(isOver: () => boolean): Promise<void> {
    do {
      await sleep(EVERY_MS)
      const answer = await fetch(`${this.#workerd.http}/bench/times`)
      const { count, events } = (await answer.json()) as { count: number; events: TimedEvent[] }
      this.count += count
      this.#events.push(...events)
    } while (!isOver())
  }

  /** The longest of each kind, the longest kind first. */
  costs(clock: CpuClock): Costs[] {
    const kinds = new Map<string, Costs>()
    for (const { what, start, end } of this.#events) {
      if (start < clock.since) continue
      const kind = kinds.get(what) ?? { what, count: 0, wallMs: 0, cpuMs: 0 }
      kinds.set(what, kind)
      kind.count++
      kind.wallMs = Math.max(kind.wallMs, end - start)
      kind.cpuMs = Math.max(kind.cpuMs, Math.min(end - start, clock.between(start, end)))
    }
    return [...kinds.values()].sort((a, b) => b.cpuMs - a.cpuMs)
  }
}
