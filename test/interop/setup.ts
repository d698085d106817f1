import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { LITECOIND } from './litecoind.ts'

/** Installs the node that the suite talks to where that is allowed, and says what will be skipped. */
export default function setup(): void {
  if (!existsSync(LITECOIND) && process.getuid?.() === 0 && existsSync('/usr/bin/apt-get')) {
    console.log('interop: installing litecoind')
    try {
      const quiet = { stdio: ['ignore', 'ignore', 'inherit'] as ['ignore', 'ignore', 'inherit'] }
      execFileSync('apt-get', ['update', '-qq'], quiet)
      execFileSync('apt-get', ['install', '-y', '-qq', '--no-install-recommends', 'litecoind'], {
        ...quiet,
        env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
      })
    } catch (error) {
      console.log(`interop: litecoind could not be installed (${(error as Error).message.split('\n')[0]})`)
    }
  }
  console.log(
    existsSync(LITECOIND)
      ? `interop: with Litecoin Core at ${LITECOIND}`
      : 'interop: SKIPPED without Litecoin Core (Debian: apt-get install litecoind)',
  )
  const bitcoind = process.env.CAUSEWAY_BITCOIND
  console.log(
    bitcoind
      ? `interop: with Bitcoin Core at ${bitcoind}`
      : 'interop: SKIPPED without Bitcoin Core (name its bitcoind in CAUSEWAY_BITCOIND)',
  )
}
