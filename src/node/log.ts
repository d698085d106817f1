import { type Logger, pino } from 'pino'
import pretty from 'pino-pretty'
import type { LogLevel } from '../config.ts'

/** What the program says while it runs, on standard output. Addresses of peers are never part of it. */
export type Log = Logger

export function makeLog(level: LogLevel, format: 'pretty' | 'json'): Log {
  const options = { level, base: null }
  if (format === 'json') return pino({ ...options, timestamp: pino.stdTimeFunctions.isoTime })
  return pino(options, pretty({ sync: true, translateTime: 'SYS:HH:MM:ss.l', ignore: 'pid,hostname' }))
}
