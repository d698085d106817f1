import { readdirSync, readFileSync } from 'node:fs'

/** Ticks per second in /proc, the same on every Linux that Node runs on. */
const TICKS = 100
const EVERY_MS = 50

/** What the kernel says of a process while it lives. */
export class ProcessWatch {
  /** The highest resident size seen, MB. */
  peakMb = 0
  readonly #pid: number
  readonly #timer: NodeJS.Timeout

  constructor(pid: number) {
    this.#pid = pid
    this.#timer = setInterval(() => this.#look(), EVERY_MS)
    this.#look()
  }

  stop(): void {
    clearInterval(this.#timer)
  }

  /** Processor time so far, seconds. */
  cpu(): { user: number; system: number } {
    return times(`/proc/${this.#pid}/stat`)
  }

  /** Processor time of each thread so far that has used any, busiest first. */
  threads(): { name: string; seconds: number }[] {
    return readdirSync(`/proc/${this.#pid}/task`)
      .map((id) => {
        const { user, system } = times(`/proc/${this.#pid}/task/${id}/stat`)
        return { name: readFileSync(`/proc/${this.#pid}/task/${id}/comm`, 'utf8').trim(), seconds: user + system }
      })
      .filter(({ seconds }) => seconds > 0)
      .sort((a, b) => b.seconds - a.seconds)
  }

  /** The highest resident size that the kernel noted, MB. */
  highWaterMb(): number {
    return status(this.#pid, 'VmHWM')
  }

  #look(): void {
    try {
      this.peakMb = Math.max(this.peakMb, status(this.#pid, 'VmRSS'))
    } catch {
      // It has ended.
      this.stop()
    }
  }
}

function status(pid: number, name: string): number {
  const found = new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(readFileSync(`/proc/${pid}/status`, 'utf8'))
  return (Number(found![1]) * 1024) / 1e6
}

function times(path: string): { user: number; system: number } {
  const fields = readFileSync(path, 'utf8').split(') ')[1]!.split(' ')
  return { user: Number(fields[11]) / TICKS, system: Number(fields[12]) / TICKS }
}
