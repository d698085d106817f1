import { createServer } from 'node:net'
import { parentPort, workerData } from 'node:worker_threads'
import { ServedChain } from './served-chain.ts'

/** Gives its chain to whoever dials it. */
const chain = new ServedChain(workerData as string)
let dialled = false
const server = createServer((socket) => {
  if (!dialled) parentPort!.postMessage(performance.timeOrigin + performance.now())
  dialled = true
  socket.setNoDelay(true)
  socket.on('error', () => {})
  const listen = chain.listener((frame) => socket.write(frame), { greeted: false })
  socket.on('data', (chunk) => {
    socket.cork()
    listen(chunk)
    socket.uncork()
  })
})
server.listen(0, '127.0.0.1', () => {
  const address = server.address()
  parentPort!.postMessage(typeof address === 'object' ? address!.port : 0)
})
