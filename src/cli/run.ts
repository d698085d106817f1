import type { Config } from '../config.ts'
import { makeLog } from '../node/log.ts'
import { startRelay } from '../node/relay.ts'
import { exitIfLate, stopSignal } from './stop-signal.ts'

/** Runs a relay or node until SIGINT or SIGTERM, or until it fails. A second signal ends it at once. */
export async function runUntilStopped(config: Config): Promise<void> {
  const log = makeLog(config.log, config.logFormat)
  const { signal } = stopSignal()
  const running = await startRelay(config, { log })
  const stopping = new Promise<void>((resolve) => {
    if (signal.aborted) resolve()
    signal.addEventListener('abort', () => resolve(), { once: true })
  })
  const failure = await Promise.race([stopping, running.failed])
  exitIfLate()
  if (failure) {
    await running.stop().catch(() => {})
    throw failure
  }
  log.info({ signal: signal.reason }, 'stopping')
  await running.stop()
}
