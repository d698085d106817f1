import type { Count, Level, MeterSnapshot } from './meter.ts'

/** An actor that is metered. */
export type Metered = 'hub' | 'ledger' | 'front' | 'dialer'

/** One value of one metric at this moment, as monitoring programs know them. */
export interface Sample {
  name: string
  type: 'counter' | 'gauge'
  /** One line; the same in all samples of a name. */
  help: string
  /** Each has few values, and none names a peer. */
  labels: Readonly<Record<string, string>>
  value: number
}

interface Kind {
  name: string
  help: string
  /** Where it means something. */
  of: readonly Metered[]
  labels?: Readonly<Record<string, string>>
}

const ALL = ['hub', 'ledger', 'front', 'dialer'] as const
const OBJECTS = ['hub', 'ledger', 'dialer'] as const
const LINKS = ['hub', 'dialer'] as const
const IN = { direction: 'in' }
const OUT = { direction: 'out' }

const MESSAGES = { name: 'causeway_websocket_messages_total', help: 'WebSocket messages of the door.', of: LINKS }
const BYTES = { name: 'causeway_link_bytes_total', help: 'Bytes of P2P streams.', of: LINKS }
const BLOCKS = { name: 'causeway_blocks_total', help: 'Blocks taken up from links and given to links.', of: LINKS }
const TXS = {
  name: 'causeway_transactions_total',
  help: 'Transactions taken up from links and given to links.',
  of: LINKS,
}
const SCRIPTS: Kind = {
  name: 'causeway_block_scripts_total',
  help: 'Scripts of inputs of blocks: run, assumed to pass as the block is long buried, known to from the mempool.',
  of: ['ledger'],
}

const COUNTERS: Record<Count, Kind> = {
  requests: { name: 'causeway_requests_total', help: 'HTTP requests and calls answered.', of: ALL },
  messagesIn: { ...MESSAGES, labels: IN },
  messagesOut: { ...MESSAGES, labels: OUT },
  bytesIn: { ...BYTES, labels: IN },
  bytesOut: { ...BYTES, labels: OUT },
  alarmsSet: { name: 'causeway_alarms_set_total', help: 'Alarms set, one row each.', of: OBJECTS },
  alarmsFired: { name: 'causeway_alarms_fired_total', help: 'Alarms that rang.', of: OBJECTS },
  statements: { name: 'causeway_sql_statements_total', help: 'SQL statements run.', of: ALL },
  rowsRead: {
    name: 'causeway_sql_rows_read_total',
    help: 'Rows read: on Workers as charged, rows passed over included; on Node those returned.',
    of: ALL,
  },
  rowsWritten: {
    name: 'causeway_sql_rows_written_total',
    help: 'Rows written: on Workers as charged, entries of indices included; on Node those changed.',
    of: OBJECTS,
  },
  blocksIn: { ...BLOCKS, labels: IN },
  blocksOut: { ...BLOCKS, labels: OUT },
  transactionsIn: { ...TXS, labels: IN },
  transactionsOut: { ...TXS, labels: OUT },
  blocksConnected: { name: 'causeway_blocks_connected_total', help: 'Blocks added to the tip.', of: ['ledger'] },
  scriptsChecked: { ...SCRIPTS, labels: { fate: 'checked' } },
  scriptsAssumed: { ...SCRIPTS, labels: { fate: 'assumed' } },
  scriptsKnown: { ...SCRIPTS, labels: { fate: 'known' } },
  reorgs: { name: 'causeway_reorgs_total', help: 'Times that the tip left its branch.', of: ['ledger'] },
  blocksDamaged: { name: 'causeway_blocks_damaged_total', help: 'Stored blocks found damaged.', of: ['ledger'] },
  blocksMended: { name: 'causeway_blocks_mended_total', help: 'Damaged blocks written anew.', of: ['ledger'] },
}

const ESTABLISHED = { name: 'causeway_links', help: 'Links whose handshake is done, by who dialled.', of: LINKS }

const GAUGES: Record<Level, Omit<Kind, 'of'>> = {
  linksIn: { ...ESTABLISHED, labels: IN },
  linksOut: { ...ESTABLISHED, labels: OUT },
  mempoolTransactions: { name: 'causeway_mempool_transactions', help: 'Transactions in the mempool.' },
  mempoolVbytes: { name: 'causeway_mempool_vbytes', help: 'Virtual size of the mempool.' },
  tipHeight: { name: 'causeway_tip_height', help: 'Height of the connected tip.' },
  headersHeight: { name: 'causeway_headers_height', help: 'Height of the best header.' },
  storageBytes: { name: 'causeway_storage_bytes', help: 'Size of the database.' },
}

const AWAKE = `Seconds awake: at work or, on Workers, kept from resting by a timer, call or socket. \
There the clock stands still while code runs.`

/** What a meter says, for a monitoring program. */
export function samplesOf(object: Metered, { since, awakeMs, counts, refused, levels }: MeterSnapshot): Sample[] {
  const samples: Sample[] = [
    gauge('causeway_count_start_seconds', 'Since when is counted, Unix seconds.', since / 1000, { object }),
    counter('causeway_awake_seconds_total', AWAKE, awakeMs / 1000, { object }),
  ]
  for (const [count, value] of Object.entries(counts) as [Count, number][]) {
    const { name, help, of, labels } = COUNTERS[count]
    if (of.includes(object)) samples.push(counter(name, help, value, { object, ...labels }))
  }
  for (const { what, reason, count } of refused) {
    const labels = { object, what, reason }
    samples.push(counter('causeway_refused_total', 'Links closed, blocks and transactions refused.', count, labels))
  }
  for (const [level, value] of Object.entries(levels) as [Level, number][]) {
    const { name, help, labels } = GAUGES[level]
    samples.push(gauge(name, help, value, { object, ...labels }))
  }
  return samples
}

/** Asks all meters at once. One that does not answer is `causeway_up` 0, and keeps nobody from the others. */
export async function gatherSamples(
  about: { version: string; network: string },
  meters: Partial<Record<Metered, () => MeterSnapshot | Promise<MeterSnapshot>>>,
): Promise<Sample[]> {
  const samples = [gauge('causeway_info', 'Which version runs, and for which network.', 1, about)]
  const asked = Object.entries(meters).map(async ([name, read]): Promise<Sample[]> => {
    const object = name as Metered
    const up = (value: number) => gauge('causeway_up', 'Whether it answers.', value, { object })
    try {
      return [up(1), ...samplesOf(object, await read())]
    } catch {
      return [up(0)]
    }
  })
  return samples.concat(...(await Promise.all(asked)))
}

function counter(name: string, help: string, value: number, labels: Sample['labels']): Sample {
  return { name, type: 'counter', help, labels, value }
}

function gauge(name: string, help: string, value: number, labels: Sample['labels']): Sample {
  return { name, type: 'gauge', help, labels, value }
}
