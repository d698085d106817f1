import { styleText } from 'node:util'
import type { Millis } from '../host/ports.ts'
import type { Check, Mark } from './checks.ts'

/** How often the state is said where lines cannot be drawn anew. */
const PLAIN_EVERY: Millis = 5000

/** Where text goes, as `process.stdout`. */
export interface Terminal {
  write(text: string): unknown
  isTTY?: boolean
  columns?: number
}

export interface Screen {
  /** Lines that stay. */
  say(...lines: string[]): void
  /** How things are: takes the place of what was shown last where that is possible. */
  show(lines: readonly string[], now: Millis): void
  /** What was shown last stays as it is. */
  end(): void
}

/** Draws in place on a terminal, and writes plain lines now and then elsewhere. */
export function makeScreen(out: Terminal): Screen {
  return out.isTTY ? new LiveScreen(out) : new PlainScreen(out)
}

class LiveScreen implements Screen {
  readonly #out: Terminal
  #shown: string[] = []

  constructor(out: Terminal) {
    this.#out = out
  }

  say(...lines: string[]): void {
    this.#out.write(`${this.#back()}${lines.map((line) => `${line}\n`).join('')}${drawn(this.#shown)}`)
  }

  show(lines: readonly string[]): void {
    const width = (this.#out.columns ?? 80) - 1
    const cut = lines.map((line) => (line.length > width ? `${line.slice(0, width - 1)}…` : line))
    this.#out.write(`${this.#back()}${drawn(cut)}`)
    this.#shown = cut
  }

  end(): void {
    this.#shown = []
  }

  /** To the start of what was shown, wiping it. */
  #back(): string {
    return this.#shown.length > 0 ? `\u001b[${this.#shown.length}A\r\u001b[J` : ''
  }
}

function drawn(lines: readonly string[]): string {
  return lines.map((line) => `${line}\n`).join('')
}

class PlainScreen implements Screen {
  readonly #out: Terminal
  #next: Millis = 0

  constructor(out: Terminal) {
    this.#out = out
  }

  say(...lines: string[]): void {
    this.#out.write(drawn(lines))
  }

  show(lines: readonly string[], now: Millis): void {
    if (now < this.#next) return
    this.#next = now + PLAIN_EVERY
    this.#out.write(drawn(lines))
  }

  end(): void {}
}

const MARKS: Record<Mark, string> = { yes: '✓', no: '✗', open: '·' }
const COLOURS = { yes: 'green', no: 'red', open: 'gray' } as const

/** The checks as a list; in colour where `out` shows it. */
export function checkLines(checks: readonly Check[], out: NodeJS.WritableStream): string[] {
  return checks.map(({ mark, what, figures }) => {
    const sign = styleText(COLOURS[mark], MARKS[mark], { stream: out })
    return `${sign} ${what}: ${figures}`
  })
}

export interface NodeState {
  name: string
  height: number
  hashHex: string
  /** What waits there, in a few words. */
  pool: string
  links: number
}

/** One line a node. */
export function nodeLines(nodes: readonly NodeState[]): string[] {
  const widest = (of: (node: NodeState) => string) => Math.max(...nodes.map((node) => of(node).length))
  const width = { name: widest(({ name }) => name), height: widest(({ height }) => `${height}`) }
  const poolWidth = widest(({ pool }) => pool)
  return nodes.map(({ name, height, hashHex, pool, links }) => {
    const at = `height ${`${height}`.padEnd(width.height)}  tip ${hashHex.slice(0, 8)}…${hashHex.slice(-8)}`
    return `  ${name.padEnd(width.name)}  ${at}  ${pool.padEnd(poolWidth)}  links ${links}`
  })
}
