import type { LogLine } from '../host/ports.ts'

/** One line of JSON, which the platform's log takes apart. Every line is kept and paid for, so `debug` is left out. */
export function writeLog({ level, text, facts }: LogLine): void {
  // biome-ignore lint/suspicious/noConsole: it is the platform's log
  if (level !== 'debug') console[level](JSON.stringify({ level, text, ...facts }))
}
