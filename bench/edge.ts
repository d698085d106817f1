// The relay takes chains in, in local workerd: time, memory, the longest event, and how long questions waited meanwhile.
//   npm run bench -- edge [blocks of the big chain] [nearly empty blocks]
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import { poll } from '../test/poll.ts'
import type { Workerd } from '../test/workerd.ts'
import { BIG, blocksOf, chainFile, type NamedChain, NEARLY_EMPTY } from './chain/chain-file.ts'
import { CpuClock } from './edge/cpu-clock.ts'
import { type Costs, EventTimes } from './edge/event-times.ts'
import { type HeapUse, Inspector } from './edge/inspector.ts'
import type { TimedEvent } from './edge/timed-event.ts'
import { startTimed } from './edge/timed-workerd.ts'
import type { Visit } from './edge/visiting-thread.ts'
import { machine, machineText } from './machine.ts'
import { median } from './median.ts'
import { ProcessWatch } from './process-watch.ts'

/** What the platform gives an isolate, and what ledger and hub, which share one here, may have of it (64 and 32). */
const ISOLATE_MB = 128
const OBJECTS_MB = 96
/** An object's share of processor time for one event, and what is wanted. */
const EVENT_MS = 30_000
const WANTED_MS = 1000
const WITHIN_MS = 900_000
/** Between two looks at the heap without garbage: collecting takes its time. */
const LIVE_EVERY_MS = 5000
const HEAP_EVERY_MS = 250
const ASK_EVERY_MS = 100

/** What programs ask while the relay is busy. */
const QUESTIONS = ['/api/blocks/tip/height', '/api/blocks', '/api/v1/blocks', '/api/mempool', '/rest/chaininfo.json']

const [full = '420', empty = '5000'] = process.argv.slice(2)
console.log(machineText(machine()))
await run(BIG, Number(full))
await run(NEARLY_EMPTY, Number(empty))

async function run(chain: NamedChain, blocks: number): Promise<void> {
  const { path } = await chainFile(chain)
  const sizes = sizesOf(path, blocks)
  const { workerd, inspector: address, remove } = await startTimed()
  try {
    const inspector = await Inspector.open(address)
    // The relay is up once it has answered.
    await height(workerd)
    const before = { rssMb: workerd.rssMb(), ...(await liveHeap(workerd, inspector)) }
    console.log(`\nchain "${chain.name}": ${sizes.blocks} blocks, ${sizes.txs} transactions, ${mb(sizes.megabytes)}`)
    const watch = new ProcessWatch(workerd.pid!)
    const clock = new CpuClock(workerd.pid!)
    const times = new EventTimes(workerd)
    const peer = new Worker(new URL('./edge/visiting-thread.ts', import.meta.url), {
      workerData: { door: `${workerd.http.replace('http', 'ws')}/p2p`, path, blocks } satisfies Visit,
    })
    const [start] = (await once(peer, 'message')) as [number]
    let lost: string | undefined
    peer.on('message', (why: string) => {
      lost = why
    })
    let over = false
    const heap = watchHeap(workerd, inspector, () => over)
    const waits = askOnAndOn(workerd, () => over)
    const noting = times.watch(() => over)
    try {
      await poll(
        'the relay has it all',
        async () => {
          if (lost !== undefined) return true
          return (await height(workerd)) === sizes.blocks
        },
        { within: WITHIN_MS, every: 250 },
      )
      if (lost !== undefined) throw new Error(lost)
      const seconds = (performance.timeOrigin + performance.now() - start) / 1000
      over = true
      clock.stop()
      watch.stop()
      const [memory, slowest] = await Promise.all([heap, waits, noting])
      const { user, system } = watch.cpu()
      sayTime(seconds, user + system, sizes)
      sayMemory(before, memory, watch.highWaterMb())
      sayEvents(times.costs(clock), times.count)
      sayWaits(slowest)
      console.log(`  with all of that the ledger starts in ${await startMs(workerd)} ms`)
    } finally {
      over = true
      await Promise.allSettled([heap, waits, noting])
      await peer.terminate()
      inspector.close()
    }
  } finally {
    await remove()
  }
}

interface Memory {
  /** The highest seen, garbage included, and without. */
  most: HeapUse
  live: HeapUse
}

async function watchHeap(workerd: Workerd, inspector: Inspector, isOver: () => boolean): Promise<Memory> {
  const memory = { most: { heapMb: 0, buffersMb: 0 }, live: { heapMb: 0, buffersMb: 0 } }
  const more = (a: HeapUse, b: HeapUse) => (a.heapMb + a.buffersMb >= b.heapMb + b.buffersMb ? a : b)
  let collectAt = performance.now() + LIVE_EVERY_MS
  while (!isOver()) {
    await sleep(HEAP_EVERY_MS)
    memory.most = more(memory.most, await inspector.heap())
    if (performance.now() < collectAt) continue
    memory.live = more(memory.live, await liveHeap(workerd, inspector))
    collectAt = performance.now() + LIVE_EVERY_MS
  }
  memory.live = more(memory.live, await liveHeap(workerd, inspector))
  return memory
}

/** How long the ledger's object takes to open its store, in a new process. */
async function startMs(workerd: Workerd): Promise<number> {
  await workerd.kill()
  await workerd.launch()
  await height(workerd)
  const { events } = (await (await fetch(`${workerd.http}/bench/times`)).json()) as { events: TimedEvent[] }
  const { start, end } = events.find(({ what }) => what === 'ledger start')!
  return end - start
}

/** After everything that nobody holds was let go. */
async function liveHeap(workerd: Workerd, inspector: Inspector): Promise<HeapUse> {
  await fetch(`${workerd.http}/bench/collect`)
  return inspector.heap()
}

/** Milliseconds that each question took, in turns. */
async function askOnAndOn(workerd: Workerd, isOver: () => boolean): Promise<Map<string, number[]>> {
  const waits = new Map(QUESTIONS.map((path) => [path, [] as number[]]))
  for (let i = 0; !isOver(); i++) {
    const path = QUESTIONS[i % QUESTIONS.length]!
    const start = performance.now()
    const answer = await fetch(workerd.http + path)
    await answer.arrayBuffer()
    if (answer.status !== 200) throw new Error(`${path}: ${answer.status}`)
    waits.get(path)!.push(performance.now() - start)
    await sleep(ASK_EVERY_MS)
  }
  return waits
}

function sayTime(seconds: number, cpu: number, { blocks, txs }: ReturnType<typeof sizesOf>): void {
  const rates = [blocks, txs].map((n) => (n / seconds).toFixed(0))
  console.log(`  ${seconds.toFixed(1)} s, ${cpu.toFixed(1)} s of processor: ${rates[0]} blocks/s, ${rates[1]} tx/s`)
}

function sayMemory(before: HeapUse & { rssMb: number }, { most, live }: Memory, highWaterMb: number): void {
  const all = ({ heapMb, buffersMb }: HeapUse) => `${mb(heapMb + buffersMb)} (${mb(buffersMb)} of it in buffers)`
  console.log(
    `  isolate, of ${ISOLATE_MB} MB: ${all(before)} at first, at most ${all(live)}, garbage included ${all(most)}`,
  )
  const grown = live.heapMb + live.buffersMb - before.heapMb - before.buffersMb
  console.log(`  held more than at first: ${mb(grown)}, of ${OBJECTS_MB} MB for ledger and hub`)
  const more = highWaterMb - before.rssMb
  console.log(`  process: ${mb(before.rssMb)} at first, at most ${mb(highWaterMb)}: ${mb(more)} more`)
}

function sayEvents(costs: readonly Costs[], count: number): void {
  console.log(`  events: ${count}; the longest of each kind, of ${EVENT_MS} ms, ${WANTED_MS} wanted:`)
  for (const { what, count, wallMs, cpuMs } of costs.slice(0, 12)) {
    console.log(
      `    ${what.padEnd(30)} ${cpuMs.toFixed(0).padStart(6)} ms of processor, ${wallMs} on the clock (${count})`,
    )
  }
}

function sayWaits(waits: ReadonlyMap<string, number[]>): void {
  for (const [path, ms] of waits) {
    if (ms.length === 0) continue
    const [middle, most] = [median(ms), Math.max(...ms)].map((n) => n.toFixed(0))
    console.log(`    ${path.padEnd(30)} answered in ${middle} ms, at most ${most} (${ms.length} times)`)
  }
}

async function height(workerd: Workerd): Promise<number> {
  return Number(await (await fetch(`${workerd.http}/api/blocks/tip/height`)).text())
}

function sizesOf(path: string, most: number): { blocks: number; txs: number; megabytes: number } {
  const sizes = { blocks: 0, txs: 0, megabytes: 0 }
  for (const block of blocksOf(path)) {
    if (sizes.blocks >= most) break
    sizes.blocks++
    sizes.txs += txCountOf(block)
    sizes.megabytes += block.length / 1e6
  }
  return sizes
}

/** The compact size after the header. */
function txCountOf(block: Uint8Array): number {
  const view = new DataView(block.buffer, block.byteOffset)
  const first = view.getUint8(80)
  if (first < 0xfd) return first
  return first === 0xfd ? view.getUint16(81, true) : view.getUint32(81, true)
}

function mb(n: number): string {
  return `${n.toFixed(0)} MB`
}
