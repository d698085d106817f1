import { describe, expect, test } from 'vitest'
import {
  type BlockWindow,
  lineThrough,
  MAINNET_PACE,
  type Measured,
  monthOf,
  priced,
  type Usage,
  type Window,
} from '../../bench/cost-model.ts'
import { PRICES } from '../../bench/prices.ts'
import { parseScrape, usageBetween } from '../../bench/scrape.ts'

const usage = (some: Partial<Usage> = {}): Usage => ({
  ...{ requests: 0, messagesIn: 0, alarms: 0, rowsRead: 0, rowsWritten: 0, awakeSeconds: 0 },
  ...some,
})
const window = (nodes: number, hub: Partial<Usage> = {}, ledger: Partial<Usage> = {}): Window => ({
  seconds: 10,
  nodes,
  transactions: 70,
  cpuSeconds: 0,
  hub: usage(hub),
  ledger: usage(ledger),
})
const blocks = (hub: Partial<Usage> = {}, ledger: Partial<Usage> = {}, storageBytes = 0): BlockWindow => ({
  ...window(20, hub, ledger),
  blocks: 2,
  storageBytes,
})
const measured = (some: Partial<Measured> = {}): Measured => ({
  few: window(10),
  many: window(20),
  blocks: blocks(),
  ...some,
})
const itemOf = (month: ReturnType<typeof monthOf>, name: string) =>
  month.items.find(({ item }) => item.startsWith(name))!
const SECONDS = 30 * 86_400
const TRANSACTIONS = 7 * SECONDS

describe('prices', () => {
  test.each([
    ['an object always awake', 'duration', 0.128 * SECONDS, 0],
    ['two of them', 'duration', 2 * 0.128 * SECONDS, 3.2944],
    ['518 M messages', 'objectRequests', 518.4e6 / 20, 3.738],
    ['9.05 bn rows', 'rowsWritten', 9.05e9, 9000],
    ['100 M requests', 'workerRequests', 100e6, 27],
    ['10 GB', 'storage', 10, 1],
  ] as const)('%s', (_, price, quantity, dollars) => {
    expect(priced('', quantity, PRICES[price]).dollars).toBeCloseTo(dollars, 3)
  })
})

describe('a month', () => {
  test('in which nothing happens costs the plan', () => {
    const month = monthOf(measured(), 1000)
    expect(month.dollars).toBe(5)
    expect(month.dollarsPerNode).toBe(0.005)
    expect(month.awake).toEqual({ hub: 0, ledger: 0 })
  })

  test('has as many messages as nodes send for each transaction, twenty to a request', () => {
    // One that offers it, and one that fetches it, from each node.
    const many = measured({ few: window(10, { messagesIn: 70 * 11 }), many: window(20, { messagesIn: 70 * 21 }) })
    const item = itemOf(monthOf(many, 1000), 'WebSocket messages')
    expect(item.quantity).toBeCloseTo((TRANSACTIONS * 1001) / 20)
    expect(item.dollars).toBeCloseTo(
      ((item.quantity + 30_000 - 1e6) * 0.15 * (item.quantity / (item.quantity + 30_000))) / 1e6,
    )
  })

  test('has blocks at their real pace, by node for messages', () => {
    const item = itemOf(monthOf(measured({ blocks: blocks({ messagesIn: 40 }) }), 100), 'WebSocket messages')
    expect(item.quantity).toBeCloseTo((144 * 30 * 100) / 20)
  })

  test('has the ledger’s rows by transaction and the hub’s by block, whatever the nodes', () => {
    const rows = measured({ blocks: blocks({ rowsWritten: 2 }, { rowsWritten: 700, rowsRead: 70 }) })
    for (const nodes of [1, 1000]) {
      const month = monthOf(rows, nodes)
      expect(itemOf(month, 'rows written').quantity).toBeCloseTo(TRANSACTIONS * 10 + 144 * 30)
      expect(itemOf(month, 'rows read').quantity).toBeCloseTo(TRANSACTIONS)
    }
  })

  test('has alarms by time', () => {
    const month = monthOf(measured({ few: window(10, { alarms: 3 }) }), 100)
    expect(itemOf(month, 'object requests: alarms').quantity).toBeCloseTo((3 / 30) * SECONDS)
  })

  test('is awake as long as its parts, and says when one hub is not enough', () => {
    // 1 s in 10 for the relay by itself and 0.01 s for each node; 0.5 s in 10 for the ledger.
    const awake = measured({
      few: window(10, { awakeSeconds: 1.1 }, { awakeSeconds: 0.5 }),
      many: window(20, { awakeSeconds: 1.2 }, { awakeSeconds: 0.5 }),
    })
    const month = monthOf(awake, 100)
    expect(month.awake.hub).toBeCloseTo(0.2)
    expect(month.awake.ledger).toBeCloseTo(0.05)
    expect(itemOf(month, 'duration').quantity).toBeCloseTo(0.25 * SECONDS * 0.128)
    expect(monthOf(awake, 1000).awake.hub).toBeCloseTo(1.1)
  })

  test('goes by the processor where a busy machine has stretched the time with few nodes', () => {
    const stretched = measured({
      few: { ...window(10, { awakeSeconds: 3 }), cpuSeconds: 0.5 },
      many: { ...window(20, { awakeSeconds: 1 }), cpuSeconds: 0.6 },
    })
    expect(monthOf(stretched, 20).awake.hub).toBeCloseTo(0.1)
    expect(monthOf(stretched, 120).awake.hub).toBeCloseTo(0.2)
  })

  test('says what it adds to the ledger, and whether that fits', () => {
    const small = monthOf(measured({ blocks: blocks({}, {}, 70 * 500) }), 1)
    expect(small.storageGb).toBeCloseTo((TRANSACTIONS * 500) / 1e9)
    expect(small.fitsOneObject).toBe(true)
    expect(monthOf(measured({ blocks: blocks({}, {}, 70 * 600) }), 1).fitsOneObject).toBe(false)
  })

  test('goes by the pace that it is given', () => {
    const each = measured({ few: window(10, { requests: 70 }), many: window(20, { requests: 70 }) })
    const month = monthOf(each, 10, { ...MAINNET_PACE, txPerSecond: 1, days: 1 })
    expect(itemOf(month, 'object requests: calls').quantity).toBeCloseTo(86_400)
  })

  test('adds up', () => {
    const busy = usage({ requests: 90, messagesIn: 900, alarms: 3, rowsRead: 50, rowsWritten: 80, awakeSeconds: 4 })
    const month = monthOf(
      { few: window(10, busy, busy), many: window(20, busy, busy), blocks: blocks(busy, busy) },
      500,
    )
    expect(month.items.reduce((sum, { dollars }) => sum + dollars, 0)).toBeCloseTo(month.dollars)
    expect(month.dollarsPerNode * 500).toBeCloseTo(month.dollars)
  })
})

test.each([
  ['rises as measured', [10, 20], [20, 30], 30, 40],
  ['begins where it is measured to', [10, 20], [20, 30], 0, 10],
  ['does not fall', [10, 30], [20, 20], 1000, 25],
  ['does not begin below nothing', [10, 1], [20, 30], 40, 60],
] as const)('a line %s', (_, few, many, x, y) => {
  expect(lineThrough([...few], [...many])(x)).toBeCloseTo(y)
})

describe('two looks at the meters', () => {
  const text = (start: number, requests: number, messages: number) => `# HELP x y
causeway_count_start_seconds{object="hub"} ${start}
causeway_requests_total{object="hub"} ${requests}
causeway_websocket_messages_total{object="hub",direction="in"} ${messages}
causeway_alarms_fired_total{object="hub"} 0
causeway_sql_rows_read_total{object="hub"} 3
causeway_sql_rows_written_total{object="hub"} 4
causeway_awake_seconds_total{object="hub"} 0.5
`

  test('tell what was done between them, the second look left out', () => {
    const between = usageBetween(parseScrape(text(1, 10, 5)), parseScrape(text(1, 21, 9)), 'hub')
    expect(between).toEqual(usage({ requests: 10, messagesIn: 4 }))
  })

  test('tell nothing where the object started over, or did not answer', () => {
    const before = parseScrape(text(1, 10, 5))
    expect(() => usageBetween(before, parseScrape(text(2, 1, 0)), 'hub')).toThrow('lost its memory')
    expect(() => usageBetween(before, parseScrape(''), 'hub')).toThrow('has no causeway_count_start_seconds')
  })
})
