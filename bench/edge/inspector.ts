import { once } from 'node:events'
import { WebSocket } from 'ws'
import { poll } from '../../test/poll.ts'

/** What V8 says of an isolate, MB. */
export interface HeapUse {
  /** Objects of JavaScript, garbage among them. */
  heapMb: number
  /** What array buffers hold, likewise. */
  buffersMb: number
}

interface Reply {
  id: number
  result?: Record<string, number>
  error?: { message: string }
}

/** workerd's inspector, as far as it tells of memory. It answers between two events, never within one. */
export class Inspector {
  readonly #ws: WebSocket
  readonly #waiting = new Map<number, (reply: Reply) => void>()
  #last = 0

  private constructor(ws: WebSocket) {
    this.#ws = ws
    ws.on('error', () => {})
    ws.on('message', (data) => {
      const reply = JSON.parse(String(data)) as Reply
      this.#waiting.get(reply.id)?.(reply)
      this.#waiting.delete(reply.id)
    })
  }

  /** `address`: what `workerd serve --inspector-addr` was given. */
  static async open(address: string): Promise<Inspector> {
    const [target] = await poll('the inspector answers', async () => {
      return (await (await fetch(`http://${address}/json`)).json()) as { webSocketDebuggerUrl: string }[]
    })
    const ws = new WebSocket(target!.webSocketDebuggerUrl, { perMessageDeflate: false })
    await once(ws, 'open')
    return new Inspector(ws)
  }

  async heap(): Promise<HeapUse> {
    const { usedSize, backingStorageSize, embedderHeapUsedSize } = await this.#ask('Runtime.getHeapUsage')
    return { heapMb: (usedSize! + embedderHeapUsedSize!) / 1e6, buffersMb: backingStorageSize! / 1e6 }
  }

  close(): void {
    this.#ws.close()
  }

  async #ask(method: string): Promise<Record<string, number>> {
    const id = ++this.#last
    const answer = new Promise<Reply>((resolve) => this.#waiting.set(id, resolve))
    this.#ws.send(JSON.stringify({ id, method }))
    const { result, error } = await answer
    if (!result) throw new Error(`${method}: ${error?.message}`)
    return result
  }
}
