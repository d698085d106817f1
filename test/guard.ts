import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync } from 'node:fs'
import type { Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** Kills the process last named on its input, if any, and removes the folder, once that input ends. */
const SCRIPT = `
pid=
while read -r line; do pid=$line; done
if [ -n "$pid" ]; then kill -9 "$pid"; fi
for attempt in 1 2 3; do rm -rf "$1" && break; sleep 0.1; done
`

/**
 * A temporary folder and at most one process that works in it at a time; both are gone as soon as this process is,
 * however it went: a shell waits for the end of its input, which is held open here.
 */
export class Guard {
  readonly folder: string
  readonly #shell: ChildProcess
  readonly #gone: Promise<void>

  constructor(name: string) {
    this.folder = mkdtempSync(join(tmpdir(), `causeway-${name}-`))
    this.#shell = spawn('/bin/sh', ['-c', SCRIPT, 'guard', this.folder], {
      stdio: ['pipe', 'ignore', 'ignore'],
      detached: true,
    })
    this.#gone = exitOf(this.#shell)
    // Neither keeps a process alive that has nothing else to do; its end is what the shell waits for.
    this.#shell.unref()
    const input = this.#shell.stdin as Socket
    input.on('error', () => {})
    input.unref()
  }

  /** Answers for this process until it has ended. */
  watch(child: ChildProcess): void {
    if (child.pid === undefined) return
    this.#shell.stdin!.write(`${child.pid}\n`)
    child.once('exit', () => this.#shell.stdin!.write('\n'))
  }

  /** Ends the process if it still runs, and removes the folder. */
  async end(): Promise<void> {
    this.#shell.ref()
    this.#shell.stdin!.end()
    await this.#gone
  }
}

/** Resolves when the process has ended or could not be started. */
export function exitOf(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve()
  return new Promise((resolve) => {
    child.once('exit', () => resolve())
    child.once('error', () => resolve())
  })
}
