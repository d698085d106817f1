import type { Measured, Month, Pace } from './cost-model.ts'
import { OBJECT_GB, PRICES } from './prices.ts'

const number = (value: number) => value.toLocaleString('en', { maximumFractionDigits: value < 100 ? 2 : 0 })
const dollars = (value: number) => `$${value.toFixed(2)}`

export function windowsText({ few, many, blocks }: Measured): string {
  const lines = ['measured, hub / ledger']
  const say = (line: string) => lines.push(line)
  const windows = [
    [`${few.nodes} nodes`, few],
    [`${many.nodes} nodes`, many],
    ['blocks', blocks],
  ] as const
  for (const [name, { seconds, transactions, cpuSeconds, hub, ledger }] of windows) {
    const both = (key: keyof typeof hub) => `${number(hub[key])} / ${number(ledger[key])}`
    say(
      `  ${name.padEnd(10)}${seconds.toFixed(1)} s, ${transactions} transactions, processor ${cpuSeconds.toFixed(2)} s`,
    )
    say(`    WebSocket messages in ${hub.messagesIn}, calls ${both('requests')}, alarms ${both('alarms')}`)
    say(`    rows read ${both('rowsRead')}, written ${both('rowsWritten')}, awake s ${both('awakeSeconds')}`)
  }
  say(`  storage grew by ${number(blocks.storageBytes / blocks.transactions)} bytes a transaction`)
  return lines.join('\n')
}

/** Item by item, a column for each. */
export function monthsText(months: readonly Month[]): string {
  const lines = [`a month at ${PRICES.asOf} prices (${PRICES.source})`]
  const say = (line: string) => lines.push(line)
  say(`  ${''.padEnd(42)}${months.map(({ nodes }) => `${number(nodes)} nodes`.padStart(28)).join('')}`)
  for (const [i, { item }] of months[0]!.items.entries()) {
    const cells = months.map(({ items }) => {
      const { quantity, dollars: cost } = items[i]!
      return `${number(quantity).padStart(18)}${dollars(cost).padStart(10)}`
    })
    say(`  ${item.padEnd(42)}${cells.join('')}`)
  }
  const line = (name: string, cell: (month: Month) => string) =>
    say(`  ${name.padEnd(42)}${months.map((month) => cell(month).padStart(28)).join('')}`)
  line('sum', (month) => dollars(month.dollars))
  line('a node', (month) => `$${month.dollarsPerNode.toFixed(4)}`)
  line('hub awake, ledger awake', ({ awake }) => `${percent(awake.hub)}, ${percent(awake.ledger)}`)
  for (const { nodes, awake, storageGb, fitsOneObject } of months) {
    if (awake.hub > 1)
      say(`  ${nodes} nodes are more than one hub can serve: ${Math.ceil(awake.hub)} of them would be needed`)
    if (awake.ledger > 1) say(`  with ${nodes} nodes there is more for the ledger to do than it can`)
    if (!fitsOneObject) say(`  a month adds ${number(storageGb)} GB to the ledger: more than one object keeps`)
  }
  return lines.join('\n')
}

const percent = (share: number) => `${(share * 100).toFixed(1)} %`

export function assumptionsText(pace: Pace, blockSeconds: number): string {
  const lines = [
    `a month is ${pace.days} days of ${pace.txPerSecond} transactions a second and ${pace.blocksPerDay} blocks a day, as on the main network; transactions`,
    '  came at that rate while they were measured, with 2 inputs and 2 outputs, every script once, however many nodes',
    `blocks came much faster (one each ${blockSeconds} s in place of 600 s) and smaller: messages and calls they cause count by block`,
    '  and node, the hub’s rows by block, the ledger’s rows, time awake and storage by transaction confirmed, time awake of',
    '  the hub by node, too; alarms count by time; each node fetches each block whole, from the relay',
    'each node fetches every transaction from the relay, at once, and knows no other peer: the most that it can cause',
    `each node pings every 2 minutes and connects anew ${pace.connectionsPerNodeDay} time a day; nobody reads pages or the API`,
    'between few nodes and many, and beyond, a straight line; each node beyond those measured keeps the hub awake for at',
    '  least the processor time of all workerd that a node took, sockets included',
    `an object awake is charged as ${OBJECT_GB} GB; awake is inside an event, with a timer, or with a call under way, on this machine`,
    'the network is a regtest’s: nothing is measured of a chain of the main network’s size',
  ]
  return ['assumed', ...lines.map((line) => (line.startsWith(' ') ? line : `- ${line}`))].join('\n')
}
