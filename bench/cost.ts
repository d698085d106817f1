// What the edge relay would cost: a measured minute of relay traffic in local workerd, at the platform's published prices.
//   node bench/cost.ts [--seconds N] [--nodes N] [--json]
import { readFileSync } from 'node:fs'
import { cpus, loadavg, release, totalmem } from 'node:os'
import { parseArgs } from 'node:util'
import { poll } from '../test/poll.ts'
import { Workerd } from '../test/workerd.ts'
import { MAINNET_PACE, type Measured, monthOf, type Window } from './cost-model.ts'
import { assumptionsText, monthsText, windowsText } from './cost-report.ts'
import { Gossip } from './gossip.ts'
import { PRICES } from './prices.ts'
import { type Scrape, scrape, usageBetween, valueIn } from './scrape.ts'

const { values: options } = parseArgs({
  options: {
    seconds: { type: 'string', default: '60' },
    nodes: { type: 'string', default: '50' },
    json: { type: 'boolean', default: false },
  },
})
const seconds = Number(options.seconds)
const nodes = Number(options.nodes)
if (!(seconds >= 6) || !(nodes >= 4)) {
  console.error('at least --seconds 6 and --nodes 4')
  process.exit(2)
}
const fewNodes = Math.max(1, Math.round(nodes / 5))
/** Before anything is measured: code that has run for a while runs faster. */
const WARM_UP_SECONDS = 4
const gossipSeconds = seconds * 0.4
const blocks = Math.max(2, Math.round((seconds * 0.2) / 2))
const blockMs = (seconds * 200) / blocks
const pace = MAINNET_PACE
const LEDGER = '{object="ledger"}'

function say(text: string): void {
  if (!options.json) console.log(text)
}

/** Runs the work between two looks at the meters. */
async function measure<T>(relay: Workerd, nodes: number, work: () => Promise<T>) {
  const cpuBefore = cpuSeconds(relay)
  const before = await scrape(relay.http)
  const start = performance.now()
  const result = await work()
  const elapsed = (performance.now() - start) / 1000
  const after = await scrape(relay.http)
  const usage = { hub: usageBetween(before, after, 'hub'), ledger: usageBetween(before, after, 'ledger') }
  const window = { seconds: elapsed, nodes, cpuSeconds: cpuSeconds(relay) - cpuBefore, ...usage }
  return { result, after, window }
}

/** Processor time of the whole process so far. */
function cpuSeconds({ pid }: Workerd): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]!.split(' ')
  return (Number(fields[11]) + Number(fields[12])) / 100
}

async function until(relay: Workerd, what: string, metric: string, wanted: number): Promise<void> {
  await poll(what, async () => valueIn(await scrape(relay.http), metric) === wanted, { within: 30_000, every: 500 })
}

async function gossipWindow(relay: Workerd, gossip: Gossip, nodes: number): Promise<Window> {
  await gossip.grow(nodes)
  await until(relay, 'the relay counts its links', 'causeway_links{object="hub",direction="in"}', nodes)
  const before = gossip.loose
  const { window } = await measure(relay, nodes, () => gossip.gossip(gossipSeconds, pace.txPerSecond))
  await until(relay, 'the mempool holds all', `causeway_mempool_transactions${LEDGER}`, gossip.loose)
  return { ...window, transactions: gossip.loose - before }
}

function size(look: Scrape): number {
  return valueIn(look, `causeway_storage_bytes${LEDGER}`)
}

async function run(relay: Workerd): Promise<Measured> {
  const gossip = new Gossip(
    `${relay.http.replace('http', 'ws')}/p2p`,
    (seconds + WARM_UP_SECONDS) * pace.txPerSecond * 1.5 + 100,
  )
  try {
    say(`chain of ${gossip.height} blocks; ${fewNodes} nodes for ${gossipSeconds} s …`)
    await gossip.grow(fewNodes)
    await until(relay, 'the relay has the chain', `causeway_tip_height${LEDGER}`, gossip.height)
    const sizeBefore = size(await scrape(relay.http))
    await gossip.gossip(WARM_UP_SECONDS, pace.txPerSecond)
    const few = await gossipWindow(relay, gossip, fewNodes)
    say(`${nodes} nodes for ${gossipSeconds} s …`)
    const many = await gossipWindow(relay, gossip, nodes)
    say(`${gossip.loose} transactions in ${blocks} blocks, one each ${blockMs / 1000} s …`)
    const third = await measure(relay, nodes, () => gossip.mine(blocks, blockMs))
    // Since before the first transaction: those that wait for a block are kept, too, and leave room for it behind.
    const storageBytes = size(third.after) - sizeBefore
    return { few, many, blocks: { ...third.window, ...third.result, storageBytes } }
  } finally {
    gossip.close()
  }
}

const relay = await Workerd.start({ env: { CAUSEWAY_NETWORK: 'regtest' } })
try {
  const load = loadavg()[0]!.toFixed(1)
  const measured = await run(relay)
  const months = [100, 1000].map((nodes) => monthOf(measured, nodes))
  const machine = {
    processor: cpus()[0]!.model,
    cores: cpus().length,
    memoryGb: Math.round(totalmem() / 1e9),
    loadBefore: Number(load),
    loadAfter: Number(loadavg()[0]!.toFixed(1)),
    system: `Linux ${release()}`,
    node: process.version,
    workerd: workerdVersion(),
  }
  if (options.json) {
    console.log(JSON.stringify({ machine, prices: PRICES, pace, measured, months }, undefined, 2))
  } else {
    console.log(windowsText(measured))
    console.log(`\n${monthsText(months)}`)
    console.log(`\n${assumptionsText(pace, blockMs / 1000)}`)
    console.log(
      `\n${machine.cores} × ${machine.processor}, load ${machine.loadBefore} before and ${machine.loadAfter} after`,
    )
    console.log(`${machine.memoryGb} GB, ${machine.system}, Node ${machine.node}, workerd ${machine.workerd}`)
  }
} finally {
  await relay.remove()
}

function workerdVersion(): string {
  const file = new URL('../node_modules/workerd/package.json', import.meta.url)
  return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version
}
