/** Nothing may keep a stopping program longer than this. */
const STOP_WITHIN_MS = 5000
/** One Ctrl-C can arrive twice: from the terminal, and from a program such as npm that started this one. */
const ECHO_WITHIN_MS = 1000

/**
 * Aborted by SIGINT and SIGTERM, with the signal's name as its reason, in place of ending the program. A second one does
 * end it, at once.
 */
export function stopSignal(): AbortController {
  const controller = new AbortController()
  let firstAt: number | undefined
  for (const name of ['SIGINT', 'SIGTERM'] as const)
    process.on(name, () => {
      const now = Date.now()
      if (firstAt !== undefined && now - firstAt > ECHO_WITHIN_MS) process.exit(1)
      firstAt ??= now
      controller.abort(name)
    })
  return controller
}

/** To be called when everything is about to be stopped: ends the program as failed should that take too long. */
export function exitIfLate(): void {
  setTimeout(() => process.exit(1), STOP_WITHIN_MS).unref()
}
