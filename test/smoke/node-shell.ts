import { Program } from '../program.ts'
import type { Shell } from './shell.ts'

/** A relay on Node, that peers reach by its door alone. */
export async function startOnNode(): Promise<Shell> {
  const relay = await Program.start(['relay', '--network', 'regtest', '--p2p', 'off'])
  return {
    http: relay.http,
    door: `${relay.http.replace('http', 'ws')}/p2p`,
    restart: () => relay.restart(),
    crash: async () => {
      await relay.kill()
      await relay.restart()
    },
    remove: () => relay.remove(),
    log: () => relay.log.map((entry) => JSON.stringify(entry)).join('\n'),
  }
}
