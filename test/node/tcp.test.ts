import { once } from 'node:events'
import { connect } from 'node:net'
import { expect, test } from 'vitest'
import { regtest } from '../../src/chain/networks/regtest.ts'
import { HubHost } from '../../src/host/hub-host.ts'
import { systemRandom } from '../../src/node/random.ts'
import { listen } from '../../src/node/tcp.ts'
import { Hub } from '../../src/relay/hub.ts'
import { freePort } from '../free-port.ts'

function newHub(): HubHost {
  return new HubHost({
    hub: new Hub({ network: regtest, services: 9n, userAgent: '/test/', random: systemRandom }),
    toLedger: () => {},
    schedule: () => {},
    now: Date.now,
    log: () => {},
  })
}

test('a listener closes at once while peers stay connected, until the hub ends their links', async () => {
  const hub = newHub()
  const listener = await listen(hub, { host: '127.0.0.1', port: await freePort() })
  const peer = connect(listener.port, '127.0.0.1')
  await once(peer, 'connect')
  await expect.poll(() => hub.links).toBe(1)
  await listener.close()
  expect(peer.closed).toBe(false)
  const late = connect(listener.port, '127.0.0.1')
  await expect(once(late, 'connect')).rejects.toThrow('ECONNREFUSED')
  expect(hub.links).toBe(1)
  hub.stop()
  peer.resume()
  await once(peer, 'close')
  expect(hub.links).toBe(0)
})

test('a port that is taken is refused', async () => {
  const hub = newHub()
  const listener = await listen(hub, { host: '127.0.0.1', port: await freePort() })
  await expect(listen(hub, { host: '127.0.0.1', port: listener.port })).rejects.toThrow('EADDRINUSE')
  listener.close()
})
