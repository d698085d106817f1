import type { Meter } from '../host/meter.ts'
import type { Millis } from '../host/ports.ts'

/** A timer keeps an object in memory and its clock running, so only what is due so soon gets one. */
export const TIMER_WITHIN: Millis = 5000

export interface WakeUpPorts {
  ctx: DurableObjectState
  meter: Meter
  ring(): void
  /** What is due is done by this rather than by a timer. */
  atOnce?(): void
  /**
   * For work that has to go on even if the object loses its memory while a timer runs: an alarm that much later rings
   * then instead.
   */
  rescueAfter?: Millis
}

/**
 * An object's one deadline, as a timer where it is near and as the alarm where it is not. The alarm is stored, and each
 * time it is set costs a row: it is moved only to earlier times, so it may ring with nothing to do.
 */
export class WakeUps {
  readonly #ports: WakeUpPorts
  #timer: ReturnType<typeof setTimeout> | undefined
  /** Undefined until the storage has told. */
  #alarmAt: Millis | undefined
  #wish: Millis = Number.POSITIVE_INFINITY

  constructor(ports: WakeUpPorts) {
    this.#ports = ports
    ports.ctx.blockConcurrencyWhile(async () => {
      this.#alarmAt = (await ports.ctx.storage.getAlarm()) ?? Number.POSITIVE_INFINITY
      this.set(this.#wish)
    })
  }

  /** Rings at `at`, and at no time asked for before, except that an alarm already set still rings. */
  set(at: Millis): void {
    this.#wish = at
    if (this.#alarmAt === undefined) return
    this.#clear()
    if (at === Number.POSITIVE_INFINITY) return
    const wait = at - Date.now()
    if (wait > TIMER_WITHIN) {
      this.#setAlarm(at)
      return
    }
    const { meter, atOnce, rescueAfter } = this.#ports
    if (atOnce && wait <= 0) atOnce()
    else {
      meter.hold()
      this.#timer = setTimeout(() => this.#due(), Math.max(0, Math.ceil(wait)))
    }
    if (rescueAfter !== undefined) this.#setAlarm(Date.now() + rescueAfter)
  }

  /** To be told by the object's `alarm`, before anything else: no alarm is set now. */
  rang(): void {
    this.#alarmAt = Number.POSITIVE_INFINITY
    this.#ports.meter.counts.alarmsFired++
  }

  #due(): void {
    this.#clear()
    this.#ports.ring()
  }

  #clear(): void {
    if (this.#timer === undefined) return
    clearTimeout(this.#timer)
    this.#timer = undefined
    this.#ports.meter.release()
  }

  #setAlarm(at: Millis): void {
    if (at >= this.#alarmAt!) return
    this.#alarmAt = at
    this.#ports.meter.alarmSet()
    // What goes wrong with it goes wrong with the whole object.
    this.#ports.ctx.storage.setAlarm(at).catch(() => {})
  }
}
