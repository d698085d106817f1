import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createInterface } from 'node:readline'
import { WebSocketServer } from 'ws'
import { regtest } from '../../src/chain/networks/regtest.ts'
import { HubHost } from '../../src/host/hub-host.ts'
import { openDoor } from '../../src/node/door.ts'
import { systemRandom } from '../../src/node/random.ts'
import { isWebSocketRequest, takeUpgrades } from '../../src/node/upgrades.ts'
import { Hub } from '../../src/relay/hub.ts'

/** A door with room for many, alone in its process, and bare WebSockets at `/bare`. Tells its port, and its memory for each line read. */
const limits = { inbound: 1000, inboundPerAddress: 1000 }
const hub = new HubHost({
  hub: new Hub({ network: regtest, services: 9n, userAgent: '/test/', random: systemRandom, limits }),
  toLedger: () => {},
  schedule: () => {},
  now: Date.now,
  log: () => {},
})
const server = createServer({ shouldUpgradeCallback: isWebSocketRequest })
const bare = new WebSocketServer({ noServer: true, perMessageDeflate: false })
const door = openDoor(hub, () => {})
takeUpgrades(
  server,
  new Map([
    [door.path, door.upgrade],
    ['/bare', (...request) => bare.handleUpgrade(...request, (ws) => ws.on('message', () => {}))],
  ]),
)
server.listen(0, '127.0.0.1', () => say({ port: (server.address() as AddressInfo).port }))
createInterface({ input: process.stdin }).on('line', () => {
  globalThis.gc?.()
  const { rss, heapUsed, external } = process.memoryUsage()
  say({ rss, heap: heapUsed + external, links: hub.links })
})

function say(value: object): void {
  process.stdout.write(`${JSON.stringify(value)}\n`)
}
