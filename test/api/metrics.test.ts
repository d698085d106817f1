import { expect, test } from 'vitest'
import { prometheusText } from '../../src/api/metrics.ts'
import { COUNTS, Meter } from '../../src/host/meter.ts'
import { gatherSamples, type Sample, samplesOf } from '../../src/host/metrics.ts'
import { frontOver } from './front.ts'
import { network, sampleChain } from './sample-chain.ts'

const sample = (name: string, value: number, labels = {}, help = 'Help.'): Sample => ({
  name,
  type: 'gauge',
  help,
  labels,
  value,
})

test('samples of a name stand together below one help and type', () => {
  const text = prometheusText([
    sample('a', 1, { object: 'hub', direction: 'in' }),
    sample('b', 2.5),
    sample('a', 3, { object: 'ledger' }),
  ])
  expect(text).toBe(`# HELP a Help.
# TYPE a gauge
a{object="hub",direction="in"} 1
a{object="ledger"} 3
# HELP b Help.
# TYPE b gauge
b 2.5
`)
})

test('backslashes, quotes and line ends are escaped, quotes in labels only', () => {
  const text = prometheusText([sample('a', 1, { reason: 'a "b" \\ c\nd' }, 'x "y" \\ z\nw')])
  expect(text).toBe('# HELP a x "y" \\\\ z\\nw\n# TYPE a gauge\na{reason="a \\"b\\" \\\\ c\\nd"} 1\n')
})

test.each([
  [0, '0'],
  [1.5, '1.5'],
  [1e21, '1e+21'],
  [Number.POSITIVE_INFINITY, '+Inf'],
  [Number.NEGATIVE_INFINITY, '-Inf'],
  [Number.NaN, 'NaN'],
])('%d is written as %s', (value, text) => {
  expect(prometheusText([sample('a', value)])).toContain(`\na ${text}\n`)
})

test('every name is ours and well formed, counters end in _total, and no series is there twice', async () => {
  const meter = new Meter(() => 5000)
  meter.refused('link', 'bad-magic')
  const levels = { linksIn: 1, linksOut: 2, mempoolTransactions: 3, mempoolVbytes: 4 }
  const all = () => meter.snapshot({ ...levels, tipHeight: 5, headersHeight: 6, storageBytes: 7 })
  const samples = await gatherSamples({ version: '1', network: 'regtest' }, { hub: all, ledger: all, front: all })
  const series = samples.map(({ name, labels }) => `${name} ${JSON.stringify(labels)}`)
  expect(new Set(series).size).toBe(series.length)
  for (const { name, type, labels, help } of samples) {
    expect(name).toMatch(/^causeway_[a-z_]+$/)
    expect(name.endsWith('_total')).toBe(type === 'counter')
    expect(help).toMatch(/^\S.*\.$/)
    for (const label of Object.keys(labels)) {
      expect(['object', 'direction', 'fate', 'what', 'reason', 'version', 'network']).toContain(label)
    }
  }
})

test('what was counted is found under its name', () => {
  const meter = new Meter(() => 2_000)
  for (const [i, count] of COUNTS.entries()) meter.counts[count] = i + 1
  meter.refused('transaction', 'bad-txns')
  const text = prometheusText(samplesOf('hub', meter.snapshot({ linksIn: 9 })))
  for (const line of [
    'causeway_count_start_seconds{object="hub"} 2',
    'causeway_requests_total{object="hub"} 1',
    'causeway_websocket_messages_total{object="hub",direction="in"} 2',
    'causeway_websocket_messages_total{object="hub",direction="out"} 3',
    'causeway_sql_rows_written_total{object="hub"} 10',
    'causeway_refused_total{object="hub",what="transaction",reason="bad-txns"} 1',
    'causeway_links{object="hub",direction="in"} 9',
  ]) {
    expect(text).toContain(`\n${line}\n`)
  }
  // What a hub never does is not there to be zero.
  expect(text).not.toContain('causeway_reorgs_total')
})

test('an actor that does not answer is down, and the others are told of', async () => {
  const up = new Meter(() => 0)
  const text = prometheusText(
    await gatherSamples(
      { version: '1.2.3', network: 'regtest' },
      { hub: () => Promise.reject(new Error('overloaded')), ledger: () => up.snapshot({ tipHeight: 3 }) },
    ),
  )
  expect(text).toContain('causeway_info{version="1.2.3",network="regtest"} 1\n')
  expect(text).toContain('causeway_up{object="hub"} 0\n')
  expect(text).toContain('causeway_up{object="ledger"} 1\n')
  expect(text).toContain('causeway_tip_height{object="ledger"} 3\n')
  expect(text).not.toContain('causeway_links')
})

test('the site serves them where it has them, kept by nobody, and else knows no such page', async () => {
  const { ledger } = await sampleChain()
  const front = frontOver(network, ledger, { metrics: { metrics: async () => [sample('a', 1)] } })
  const answer = await front.get('/metrics', { Accept: 'text/html' })
  expect(answer.status).toBe(200)
  expect(answer.headers.get('Content-Type')).toBe('text/plain; version=0.0.4; charset=utf-8')
  expect(answer.headers.get('Cache-Control')).toBe('no-store')
  expect(await answer.text()).toBe('# HELP a Help.\n# TYPE a gauge\na 1\n')
  expect((await frontOver(network, ledger).get('/metrics')).status).toBe(404)
})
