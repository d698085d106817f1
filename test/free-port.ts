import { createServer } from 'node:net'

/** Above most services, below Linux's ephemeral range, where nodes now and then fail to bind. */
const PORTS = { first: 20_000, last: 32_000 }

const handedOut = new Set<number>()

/** A port of 127.0.0.1 that nobody listens on, and that was not given away before. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = PORTS.first + Math.floor(Math.random() * (PORTS.last - PORTS.first))
    if (handedOut.has(port)) continue
    const isFree = await new Promise<boolean>((resolve) => {
      const server = createServer()
      server.once('error', () => resolve(false))
      server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)))
    })
    if (!isFree) continue
    handedOut.add(port)
    return port
  }
}
