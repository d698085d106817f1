import type { Millis } from '../host/ports.ts'

/** A reader that takes nothing for so long is cut off: what its answer is made of is held for it. */
const STALLS_AFTER_MS: Millis = 30_000

/** Text in UTF-8 as it is read: the next piece is made when the one before it is taken. */
export function streamOf(pieces: Iterable<string>): ReadableStream<Uint8Array> {
  const iterator = pieces[Symbol.iterator]()
  const encoder = new TextEncoder()
  let timer: ReturnType<typeof setTimeout> | undefined
  const end = () => {
    clearTimeout(timer)
    iterator.return?.()
  }
  return new ReadableStream<Uint8Array>({
    pull(controller) {
      clearTimeout(timer)
      const { done, value } = iterator.next()
      if (done) return controller.close()
      controller.enqueue(encoder.encode(value))
      timer = setTimeout(() => {
        end()
        controller.error(new Error('the reader takes too long'))
      }, STALLS_AFTER_MS)
    },
    cancel: end,
  })
}
