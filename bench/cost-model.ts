import { MAX_OBJECT_GB, MESSAGES_PER_REQUEST, OBJECT_GB, PRICES, type Price } from './prices.ts'

/** What an object did in a window of time. */
export interface Usage {
  /** Requests and calls; alarms that rang are apart. */
  requests: number
  messagesIn: number
  alarms: number
  rowsRead: number
  rowsWritten: number
  awakeSeconds: number
}

export interface Window {
  seconds: number
  /** Nodes connected all through it. */
  nodes: number
  /** New transactions that the relay took in. */
  transactions: number
  /** Processor time of the whole runtime. */
  cpuSeconds: number
  hub: Usage
  ledger: Usage
}

/** Blocks alone; `transactions` are those that they confirmed. */
export interface BlockWindow extends Window {
  blocks: number
  storageBytes: number
}

/** The same transactions with a few nodes and with many tell what a node costs from what the relay costs by itself. */
export interface Measured {
  few: Window
  many: Window
  blocks: BlockWindow
}

/** What a month is made of. */
export interface Pace {
  txPerSecond: number
  blocksPerDay: number
  days: number
  /** How often a node connects anew. */
  connectionsPerNodeDay: number
  frontCpuMsPerConnection: number
}

/** Bitcoin's main network in 2026, as it is usually told. */
export const MAINNET_PACE: Pace = {
  txPerSecond: 7,
  blocksPerDay: 144,
  days: 30,
  connectionsPerNodeDay: 1,
  frontCpuMsPerConnection: 2,
}

export interface Item {
  item: string
  quantity: number
  included: number
  dollars: number
}

export interface Month {
  nodes: number
  items: Item[]
  dollars: number
  dollarsPerNode: number
  /** Part of the month for which each is awake; a hub above 1 has to be several. */
  awake: { hub: number; ledger: number }
  /** What the blocks of the month add to the ledger. */
  storageGb: number
  fitsOneObject: boolean
}

/**
 * A month with so many nodes. Of what transactions cause, a straight line through the two windows. Of what blocks cause,
 * messages and calls go by block and node, rows of the hub by block and of the ledger by transaction, time awake by
 * transaction and, in the hub, by node. Alarms go by time. With each node beyond those measured the hub is awake for at
 * least the processor time that a node took, and that of all the runtime; as what overlaps counts once, it comes out too
 * high rather than too low.
 */
export function monthOf(measured: Measured, nodes: number, pace: Pace = MAINNET_PACE): Month {
  const hub = objectMonth(measured, 'hub', nodes, pace)
  const ledger = objectMonth(measured, 'ledger', nodes, pace)
  const { blocks } = measured
  const seconds = pace.days * 86_400
  const connections = nodes * pace.connectionsPerNodeDay * pace.days
  const storageGb = ((blocks.storageBytes / blocks.transactions) * pace.txPerSecond * seconds) / 1e9
  const both = (key: keyof Usage) => hub[key] + ledger[key]
  // The rest of a ledger that is awake more than all the time is work that it cannot do.
  const awake = hub.awakeSeconds + Math.min(ledger.awakeSeconds, seconds)
  const items = [
    { item: 'plan', quantity: 1, included: 0, dollars: PRICES.plan },
    priced('Worker requests (connections)', connections, PRICES.workerRequests),
    priced('Worker CPU ms', connections * pace.frontCpuMsPerConnection, PRICES.workerCpuMs),
    ...shared(PRICES.objectRequests, [
      ['WebSocket messages in, 20 to a request', both('messagesIn') / MESSAGES_PER_REQUEST],
      ['object requests: connections', connections],
      ['object requests: calls between objects', both('requests')],
      ['object requests: alarms', both('alarms')],
    ]),
    priced('duration, GB-s', awake * OBJECT_GB, PRICES.duration),
    priced('rows read', both('rowsRead'), PRICES.rowsRead),
    priced('rows written', both('rowsWritten'), PRICES.rowsWritten),
    priced('storage, GB after the first month', storageGb, PRICES.storage),
  ]
  const dollars = items.reduce((sum, item) => sum + item.dollars, 0)
  return {
    nodes,
    items,
    dollars,
    dollarsPerNode: dollars / nodes,
    awake: { hub: hub.awakeSeconds / seconds, ledger: ledger.awakeSeconds / seconds },
    storageGb,
    fitsOneObject: storageGb <= MAX_OBJECT_GB,
  }
}

/** Dollars for what goes beyond the included part. */
export function priced(item: string, quantity: number, price: Price): Item {
  const { included, dollars, per } = price
  return { item, quantity, included, dollars: (Math.max(0, quantity - included) / per) * dollars }
}

/** Several quantities under one allowance, each charged its part of what goes beyond. */
function shared(price: Price, quantities: [string, number][]): Item[] {
  const total = quantities.reduce((sum, [, quantity]) => sum + quantity, 0)
  const whole = priced('', total, price)
  return quantities.map(([item, quantity]) => {
    const part = total === 0 ? 0 : quantity / total
    return { item, quantity, included: price.included * part, dollars: whole.dollars * part }
  })
}

function objectMonth({ few, many, blocks }: Measured, object: 'hub' | 'ledger', nodes: number, pace: Pace): Usage {
  const seconds = pace.days * 86_400
  const transactions = pace.txPerSecond * seconds
  const growth = nodes / blocks.nodes
  /** What transactions cause before they are in a block. */
  const gossip = (key: keyof Usage) => {
    const each = (window: Window) => window[object][key] / window.transactions
    return lineThrough([few.nodes, each(few)], [many.nodes, each(many)])(nodes) * transactions
  }
  const byBlock = (key: keyof Usage) => (blocks[object][key] / blocks.blocks) * pace.blocksPerDay * pace.days
  const byTransaction = (key: keyof Usage) => (blocks[object][key] / blocks.transactions) * transactions
  const rows = object === 'hub' ? byBlock : byTransaction
  const all = [few, many, blocks]
  const alarms = all.reduce((sum, window) => sum + window[object].alarms, 0)
  const measuredSeconds = all.reduce((sum, window) => sum + window.seconds, 0)
  return {
    requests: gossip('requests') + byBlock('requests') * growth,
    messagesIn: gossip('messagesIn') + byBlock('messagesIn') * growth,
    alarms: (alarms / measuredSeconds) * seconds,
    rowsRead: gossip('rowsRead') + rows('rowsRead'),
    rowsWritten: gossip('rowsWritten') + rows('rowsWritten'),
    awakeSeconds:
      object === 'hub'
        ? hubAwake(few, many, nodes) * transactions + byTransaction('awakeSeconds') * growth
        : gossip('awakeSeconds') + byTransaction('awakeSeconds'),
  }
}

/** Seconds for each transaction. A busy machine stretches what a clock measures, and the fewer nodes the more so. */
function hubAwake(few: Window, many: Window, nodes: number): number {
  const each = (window: Window, seconds: number) => seconds / window.transactions
  const awake = each(many, many.hub.awakeSeconds)
  const byClock = awake - each(few, few.hub.awakeSeconds)
  const byProcessor = each(many, many.cpuSeconds) - each(few, few.cpuSeconds)
  const slope = Math.max(0, byClock, byProcessor) / (many.nodes - few.nodes)
  return Math.max(0, awake + slope * (nodes - many.nodes))
}

/** Nothing costs less with more nodes, or less than nothing with none: noise that says so is evened out. */
export function lineThrough([x1, y1]: [number, number], [x2, y2]: [number, number]): (x: number) => number {
  const slope = Math.max(0, (y2 - y1) / (x2 - x1))
  const start = y2 - slope * x2
  if (start < 0) return (x) => (y2 / x2) * x
  return (x) => (slope === 0 ? (y1 + y2) / 2 : start + slope * x)
}
