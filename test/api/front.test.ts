import { beforeAll, describe, expect, test } from 'vitest'
import { encode } from '../../src/wire/codec.ts'
import { bytesToHex, toDisplay } from '../../src/wire/hash.ts'
import { transaction, txid } from '../../src/wire/transaction.ts'
import { type Front, frontOver } from './front.ts'
import { makeTx, network, type Sample, SCRIPTS, sampleChain } from './sample-chain.ts'

const BROWSER = { Accept: 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8' }
let sample: Sample
let front: Front

beforeAll(async () => {
  sample = await sampleChain()
  front = frontOver(network, sample.ledger)
})

describe('one site for people and programs', () => {
  const paths = () => [
    '/blocks',
    '/mempool',
    `/block/${toDisplay(sample.ledger.tip.hash)}`,
    `/tx/${toDisplay(txid(sample.waiting))}`,
    '/address/bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080',
    `/scripthash/${'00'.repeat(32)}`,
  ]

  test('a browser gets a page where a program gets JSON, and caches are told', async () => {
    for (const path of paths()) {
      const page = await front.get(path, BROWSER)
      expect(page.headers.get('Content-Type'), path).toBe('text/html; charset=utf-8')
      expect(page.headers.get('Vary'), path).toBe('Accept')
      expect(page.status, path).toBe(200)
      for (const accept of ['*/*', 'application/json', 'text/html;q=0, */*']) {
        const answer = await front.get(path, { Accept: accept })
        expect(answer.headers.get('Content-Type'), path).toBe('application/json')
      }
      expect((await front.get(path)).headers.get('Vary'), path).toBe('Accept')
      const api = await front.get(`/api${path}`, BROWSER)
      expect(api.headers.get('Content-Type'), path).toBe('application/json')
    }
  })

  test('what no page shadows is the API at both places, even for browsers', async () => {
    for (const path of ['/blocks/tip/height', '/block-height/3', '/mempool/recent', '/blocks/tip/']) {
      const below = await front.get(`/api${path}`)
      const bare = await front.get(path)
      expect([bare.status, await bare.text()]).toEqual([below.status, await below.text()])
    }
    expect(await (await front.get('/blocks/tip/height', BROWSER)).text()).toBe('30')
  })

  test('a browser on a path that nothing answers gets a page, a program the text', async () => {
    const page = await front.get('/nonsense', BROWSER)
    expect([page.status, page.headers.get('Content-Type')]).toEqual([404, 'text/html; charset=utf-8'])
    expect(await (await front.get('/nonsense')).text()).toBe('endpoint does not exist "/nonsense"')
  })

  test('HEAD is GET without a body', async () => {
    for (const path of ['/api/blocks/tip/height', '/', '/api/nope', '/events', '/assets/live.js']) {
      const get = await front.fetch(new Request(`http://relay.example${path}`))
      const head = await front.fetch(new Request(`http://relay.example${path}`, { method: 'HEAD' }))
      expect(head.status).toBe(get.status)
      expect(head.headers.get('Content-Type')).toBe(get.headers.get('Content-Type'))
      expect(await head.text()).toBe('')
      await get.body?.cancel()
    }
  })

  test('a preflight is answered', async () => {
    const response = await front.fetch(new Request('http://relay.example/api/tx', { method: 'OPTIONS' }))
    expect(response.status).toBe(204)
    expect(response.headers.get('Access-Control-Allow-Origin')).toBe('*')
    expect(response.headers.get('Access-Control-Allow-Methods')).toContain('POST')
  })

  test('an asset whose address names its content is kept for good, any other for a minute', async () => {
    const named = /src="(\/assets\/live\.js\?[0-9a-f]{12})"/.exec(await (await front.get('/', BROWSER)).text())![1]!
    expect((await front.get(named)).headers.get('Cache-Control')).toContain('immutable')
    expect((await front.get('/assets/live.js?old')).headers.get('Cache-Control')).toBe('public, max-age=60')
    expect((await front.get('/assets/../secret')).status).toBe(404)
    expect((await front.get('/assets/none.js')).status).toBe(404)
    expect((await front.get('/favicon.svg')).headers.get('Content-Type')).toBe('image/svg+xml')
  })
})

describe('sending a transaction', () => {
  const fresh = () => makeTx([{ tx: sample.sweeping, vout: 39 }], [[1000, SCRIPTS.p2wpkh]])
  const hexOf = (tx: Sample['waiting']) => bytesToHex(encode(transaction, tx))

  test('the txid comes back, and again when it is known', async () => {
    const tx = makeTx([{ tx: sample.wide, vout: 7 }], [[1000, SCRIPTS.p2wpkh]])
    for (const body of [hexOf(tx), hexOf(tx).toUpperCase(), ` ${hexOf(tx)}\n`]) {
      const response = await front.post('/api/tx', body)
      expect(await response.text()).toBe(toDisplay(txid(tx)))
      expect(response.status).toBe(200)
      expect(response.headers.get('Content-Type')).toBe('text/plain')
      expect(response.headers.get('Cache-Control')).toBe('public, max-age=0')
    }
    expect(await (await front.get(`/api/broadcast?tx=${hexOf(tx)}`)).text()).toBe(toDisplay(txid(tx)))
    expect(await (await front.post('/tx', hexOf(tx))).text()).toBe(toDisplay(txid(tx)))
  })

  test.each([
    ['nothing', () => '', 'sendrawtransaction RPC error -22: TX decode failed.'],
    ['text', () => 'hello', 'sendrawtransaction RPC error -22: TX decode failed.'],
    ['half a byte', () => 'abc', 'sendrawtransaction RPC error -22: TX decode failed.'],
    ['other bytes', () => 'deadbeef', 'sendrawtransaction RPC error -22: TX decode failed.'],
    ['what is mined', () => hexOf(sample.everyKind), 'sendrawtransaction RPC error -27: '],
    [
      'a spend of nothing',
      () => hexOf(makeTx([{ tx: fresh(), vout: 0 }], [[1, SCRIPTS.p2wpkh]])),
      'sendrawtransaction RPC error -25: bad-txns-inputs-missingorspent',
    ],
  ])('%s is refused with the node’s number', async (_, body, text) => {
    const response = await front.post('/api/tx', body())
    expect(response.status).toBe(400)
    expect((await response.text()).startsWith(text)).toBe(true)
    expect(response.headers.get('Cache-Control')).toBeNull()
  })

  test('a body above 1,000,000 bytes is refused, whether or not it says its length', async () => {
    const body = 'a'.repeat(1_000_001)
    for (const response of [
      await front.post('/api/tx', body),
      await front.fetch(
        new Request('http://relay.example/api/tx', {
          method: 'POST',
          body: new Blob([body]).stream(),
          duplex: 'half',
        } as RequestInit),
      ),
    ]) {
      expect([response.status, await response.text()]).toEqual([413, 'Request body too large'])
    }
    expect((await front.post('/api/tx', 'a'.repeat(1_000_000))).status).toBe(400)
  })
})

describe('faults', () => {
  test('a ledger that does not answer is 503 in text and on a page, and is reported', async () => {
    const { ledger } = await sampleChain()
    const reports: [string, unknown][] = []
    const site = frontOver(network, ledger, { report: (where, error) => reports.push([where, error]) })
    const failing = new Error('disk on fire')
    ledger.failing = failing
    const text = await site.get('/api/blocks')
    expect([text.status, await text.text()]).toEqual([503, 'Lookup failed: the ledger is busy or cannot be read'])
    expect(text.headers.get('Retry-After')).toBe('2')
    const page = await site.get('/block/1', BROWSER)
    expect(page.status).toBe(503)
    expect(await page.text()).toContain('The relay is busy')
    expect(reports.map(([where]) => where)).toEqual([
      '/api/blocks/:start?',
      expect.stringMatching(/^page \/block\/:id/),
    ])
    expect(reports.every(([, error]) => error === failing)).toBe(true)
  })

  test('a history too long to read is the client’s to hear, and not reported', async () => {
    const { ledger } = await sampleChain()
    const site = frontOver(network, ledger, { report: () => expect.unreachable() })
    ledger.failing = Object.assign(new Error('too long'), { name: 'HistoryTooLong' })
    const response = await site.get(`/api/scripthash/${'00'.repeat(32)}`)
    expect([response.status, await response.text()]).toEqual([400, 'Too many history entries'])
  })

  test('a fault of our own is 500, with a number on the page that is in the report', async () => {
    const { ledger } = await sampleChain()
    const reports: string[] = []
    const site = frontOver(network, ledger, { report: (where) => reports.push(where) })
    const hash = toDisplay(ledger.tip.hash)
    ledger.tip.txs[0]!.raw = Uint8Array.of(1, 2, 3)
    const text = await site.get(`/api/block/${hash}/txs`)
    expect([text.status, await text.text()]).toEqual([500, 'Internal server error'])
    const page = await site.get(`/block/${hash}`, BROWSER)
    expect(page.status).toBe(500)
    const number = /report number <b>([0-9a-f]{8})<\/b>/.exec(await page.text())![1]!
    expect(reports[1]).toContain(number)
    expect(reports.join()).not.toContain(hash)
  })
})
