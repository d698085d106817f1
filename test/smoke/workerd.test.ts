import { expect, test } from 'vitest'
import { Workerd } from '../workerd.ts'
import { smokeSuite } from './smoke-suite.ts'

smokeSuite('workerd', async () => {
  const relay = await Workerd.start({ env: { CAUSEWAY_NETWORK: 'regtest', CAUSEWAY_FILTERS: 'on' } })
  return {
    http: relay.http,
    door: `${relay.http.replace('http', 'ws')}/p2p`,
    restart: async () => {
      await relay.stop()
      await relay.launch()
    },
    crash: async () => {
      await relay.kill()
      await relay.launch()
    },
    remove: () => relay.remove(),
    log: () => relay.log,
  }
})

test.each([
  [{}, 'CAUSEWAY_NETWORK'],
  [{ CAUSEWAY_NETWORK: 'regtset', CAUSEWAY_MIN_WORK: 'x' }, 'min-work'],
])('%o is answered with what to set, everywhere', async (env, named) => {
  const relay = await Workerd.start({ env })
  try {
    for (const path of ['/', '/api/blocks/tip/height', '/p2p']) {
      const answer = await fetch(relay.http + path)
      expect(answer.status).toBe(503)
      expect(await answer.text()).toContain(named)
    }
  } finally {
    await relay.remove()
  }
})
