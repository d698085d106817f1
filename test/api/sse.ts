/** One event of a `text/event-stream`, as a browser hands it out. */
export interface SseEvent {
  type: string
  id: string
  data: string
}

/** Reads an event stream as the HTML standard says, cut anywhere. */
export class SseReader {
  /** What a browser would send as `Last-Event-ID`. */
  lastId = ''
  #rest = ''

  /** The events that are whole now. */
  read(text: string): SseEvent[] {
    const blocks = (this.#rest + text).split('\n\n')
    this.#rest = blocks.pop()!
    return blocks.flatMap((block) => {
      let type = 'message'
      let data: string | undefined
      for (const line of block.split('\n')) {
        if (line.startsWith(':')) continue
        const [, field, value] = /^(\w+): (.*)$/.exec(line)!
        if (field === 'event') type = value!
        else if (field === 'id') this.lastId = value!
        else if (field === 'data') data = data === undefined ? value! : `${data}\n${value}`
        else throw new Error(`no field of an event stream: ${line}`)
      }
      return data === undefined ? [] : [{ type, id: this.lastId, data }]
    })
  }
}
