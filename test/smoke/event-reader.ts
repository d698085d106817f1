import { type SseEvent, SseReader } from '../api/sse.ts'

/** A program that reads `/events`. */
export class EventReader {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>
  readonly #events = new SseReader()
  readonly #decoder = new TextDecoder()
  readonly #come: SseEvent[] = []

  private constructor(body: ReadableStream<Uint8Array>) {
    this.#reader = body.getReader()
  }

  static async open(http: string, lastId?: string): Promise<EventReader> {
    const answer = await fetch(`${http}/events`, { headers: lastId ? { 'Last-Event-ID': lastId } : {} })
    if (answer.status !== 200) throw new Error(`/events: ${answer.status}`)
    return new EventReader(answer.body!)
  }

  get lastId(): string {
    return this.#events.lastId
  }

  /** What the next event tells, which has to be of this type. */
  async hears(type: string): Promise<Record<string, unknown>> {
    while (this.#come.length === 0) {
      const { value } = await this.#reader.read()
      this.#come.push(...this.#events.read(this.#decoder.decode(value, { stream: true })))
    }
    const event = this.#come.shift()!
    if (event.type !== type) throw new Error(`${event.type} came instead of ${type}: ${event.data}`)
    return JSON.parse(event.data)
  }

  close(): Promise<void> {
    return this.#reader.cancel()
  }
}
