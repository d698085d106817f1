import type { Millis } from '../host/ports.ts'

/** A reader that takes nothing for so long is cut off: what its answer is made of is held for it. */
const STALLS_AFTER_MS: Millis = 30_000
/** So is one that has not taken all of it by then, however steadily it reads. */
const WHOLE_WITHIN_MS: Millis = 600_000

/** Text in UTF-8 as it is read: the next piece is made when the one before it is taken. */
export function streamOf(pieces: Iterable<string>): ReadableStream<Uint8Array> {
  const iterator = pieces[Symbol.iterator]()
  const encoder = new TextEncoder()
  let stall: ReturnType<typeof setTimeout> | undefined
  let whole: ReturnType<typeof setTimeout> | undefined
  const end = () => {
    clearTimeout(stall)
    clearTimeout(whole)
    iterator.return?.()
  }
  return new ReadableStream<Uint8Array>({
    start(controller) {
      whole = setTimeout(() => cut(controller), WHOLE_WITHIN_MS)
    },
    pull(controller) {
      clearTimeout(stall)
      try {
        const { done, value } = iterator.next()
        if (!done) controller.enqueue(encoder.encode(value))
        else {
          end()
          return controller.close()
        }
      } catch (error) {
        end()
        throw error
      }
      stall = setTimeout(() => cut(controller), STALLS_AFTER_MS)
    },
    cancel: end,
  })

  function cut(controller: ReadableStreamDefaultController<Uint8Array>): void {
    end()
    controller.error(new Error('the reader takes too long'))
  }
}
