import { Command } from 'commander'
import { type HostPort, LOG_LEVELS, type LogLevel, parseHostPort } from '../config.ts'
import { runDemo } from '../demo/demo.ts'
import { checkLines, makeScreen } from '../demo/screen.ts'
import { makeLog } from '../node/log.ts'
import { UsageError } from './settings.ts'
import { exitIfLate, stopSignal } from './stop-signal.ts'

interface DemoFlags {
  data?: string
  every: string
  check?: boolean
  seconds?: string
  http: string
  log: string
  logFormat?: string
}

interface DemoSettings {
  data: string | undefined
  everyMs: number
  checkMs: number | undefined
  http: HostPort
  log: LogLevel
  logFormat: 'pretty' | 'json'
}

/** How long a check takes unless told otherwise. */
const CHECK_SECONDS = 60

export function demoCommand(): Command {
  return new Command('demo')
    .description('a whole regtest network on this machine: relays, nodes, miner, wallet')
    .option('--data <dir>', 'keep everything there (default: a fresh directory, removed at the end)')
    .option('--every <seconds>', 'time between two blocks', '4')
    .option('--check', `prove for a minute that everything works, and say so by the exit code`)
    .option('--seconds <n>', 'prove for so long instead')
    .option('--http <host:port>', "the relay's API and pages; any free port if that one is taken", '127.0.0.1:8080')
    .option('--log <level>', `what the nodes say: ${LOG_LEVELS.join(', ')}`, 'silent')
    .option('--log-format <format>', 'pretty or json (default: pretty on a terminal)')
    .action(demo)
}

async function demo(flags: DemoFlags): Promise<void> {
  const { log, logFormat, ...settings } = readFlags(flags)
  const { stdout } = process
  const talks = log !== 'silent'
  // What is drawn in place would be torn by a log.
  const screen = makeScreen(talks ? { write: (text) => stdout.write(text) } : stdout)
  const stop = stopSignal()
  // Whoever read this has gone.
  stdout.on('error', () => stop.abort())
  const end = await runDemo({
    ...settings,
    log: makeLog(log, logFormat),
    screen,
    stop: stop.signal,
    onStopping: exitIfLate,
  })
  if (end.kind === 'stopped') {
    screen.say('', 'Stopped.')
    // A check that was broken off has proved nothing.
    if (settings.checkMs !== undefined) process.exitCode = 1
    return
  }
  const failed = end.checks.filter(({ mark }) => mark !== 'yes').length
  const verdict = failed === 0 ? 'Everything holds.' : `${failed} of ${end.checks.length} do not hold.`
  screen.say('', ...checkLines(end.checks, stdout), '', verdict)
  if (failed > 0) process.exitCode = 1
}

/** Throws `UsageError` that lists every mistake. */
function readFlags({ data, every, check = false, seconds, http, log, logFormat }: DemoFlags): DemoSettings {
  const mistakes: string[] = []
  const time = (name: string, text: string, least: number, most: number): number => {
    const value = /^\d+(\.\d+)?$/.test(text) ? Number(text) : Number.NaN
    if (value >= least && value <= most) return value * 1000
    mistakes.push(`  ${name}: "${text}" is not a number of seconds from ${least} to ${most}`)
    return 0
  }
  const everyMs = time('every', every, 0.5, 3600)
  const checkMs = check ? time('seconds', seconds ?? String(CHECK_SECONDS), 5, 86_400) : undefined
  if (seconds !== undefined && !check) mistakes.push('  seconds: this is for --check')
  const site = parseHostPort(http)
  if (!site) mistakes.push(`  http: "${http}" is not HOST:PORT`)
  if (!(LOG_LEVELS as readonly string[]).includes(log))
    mistakes.push(`  log: "${log}" is no log level; there is ${LOG_LEVELS.join(', ')}`)
  const format = logFormat ?? (process.stdout.isTTY ? 'pretty' : 'json')
  if (format !== 'pretty' && format !== 'json')
    mistakes.push(`  log-format: "${format}" is no log format; there is pretty, json`)
  if (data === '') mistakes.push('  data: is empty')
  if (!site || mistakes.length > 0) throw new UsageError(mistakes.join('\n'))
  return { data, everyMs, checkMs, http: site, log: log as LogLevel, logFormat: format as 'pretty' | 'json' }
}
