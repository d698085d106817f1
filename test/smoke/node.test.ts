import { Program } from '../program.ts'
import { smokeSuite } from './smoke-suite.ts'

smokeSuite('Node', async () => {
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
})
