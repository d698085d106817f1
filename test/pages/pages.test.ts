import { createHash } from 'node:crypto'
import { gzipSync } from 'node:zlib'
import { beforeAll, describe, expect, test } from 'vitest'
import type { LinkStatus } from '../../src/api/deps.ts'
import { addressOf } from '../../src/script/address.ts'
import { toDisplay } from '../../src/wire/hash.ts'
import { txid } from '../../src/wire/transaction.ts'
import { type Front, frontOver } from '../api/front.ts'
import { HOSTILE, HOSTILE_DATA, MINER, NOW, network, type Sample, SCRIPTS, sampleChain } from '../api/sample-chain.ts'
import { byTag, type Element, readHtml } from './html.ts'

const BROWSER = { Accept: 'text/html' }
/** Most bytes of a page, uncompressed. */
const LIMIT = 40 * 1024
const HOSTILE_AGENT = '</span><script>alert("agent")</script>\u202e/evil:1/'
const LINKS: LinkStatus[] = [
  link(1, '/Satoshi:30.0.0/', 30, false),
  link(2, HOSTILE_AGENT, 12, true),
  link(3, '', 30, true),
  ...Array.from({ length: 100 }, (_, i) => link(4 + i, `/crowd:${i}/${'x'.repeat(200)}`, 30, true)),
]

let sample: Sample
let front: Front
beforeAll(async () => {
  sample = await sampleChain()
  front = frontOver(network, sample.ledger, { links: LINKS })
})

function link(id: number, client: string, height: number, inbound: boolean): LinkStatus {
  return { id, client, height, inbound, since: NOW - 1000 + id, version: 70_016, services: 9n }
}

interface Page {
  status: number
  html: string
  elements: Element[]
  /** What there is to read on it. */
  text: string
}

async function page(path: string, site = front): Promise<Page> {
  const response = await site.get(path, BROWSER)
  const html = await response.text()
  const elements = readHtml(html)
  return { status: response.status, html, elements, text: byTag(elements, 'body')[0]!.text.replace(/\s+/g, ' ') }
}

const idOf = (tx: Sample['waiting']) => toDisplay(txid(tx))
const minerAddress = addressOf(MINER, network.address)!

/** Every kind of page, by name; paths are made when the sample exists. */
const PAGES: [name: string, path: () => string, status: number][] = [
  ['home', () => '/', 200],
  ['blocks', () => '/blocks', 200],
  ['older blocks', () => '/blocks?from=3', 200],
  ['a full block by height', () => '/block/17', 200],
  ['its last page by hash', () => `/block/${toDisplay(sample.ledger.blocksByHeight[17]!.hash)}?start=50`, 200],
  ['the genesis', () => '/block/0', 200],
  ['a transaction with every kind of output', () => `/tx/${idOf(sample.everyKind)}`, 200],
  ['a transaction with 300 inputs', () => `/tx/${idOf(sample.sweeping)}`, 200],
  ['a later page of it', () => `/tx/${idOf(sample.sweeping)}?in=280&out=20`, 200],
  ['a waiting transaction', () => `/tx/${idOf(sample.waiting)}`, 200],
  ['a hostile coinbase', () => `/tx/${toDisplay(sample.ledger.blocksByHeight[14]!.txs[0]!.txid)}`, 200],
  ['a busy address', () => `/address/${minerAddress}`, 200],
  ['an unused address', () => '/address/bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080', 200],
  ['a scripthash', () => `/scripthash/${'0f'.repeat(32)}`, 200],
  ['mempool', () => '/mempool', 200],
  ['network', () => '/network', 200],
  ['docs', () => '/docs', 200],
  ['an empty search', () => '/search', 400],
  ['a hostile search', () => `/search?q=${encodeURIComponent(HOSTILE)}`, 400],
  ['a txid one digit short', () => `/tx/${'ab'.repeat(31)}a`, 400],
  ['an unknown transaction', () => `/tx/${'ab'.repeat(32)}`, 404],
  ['an unknown block', () => `/block/${'ab'.repeat(32)}`, 404],
  ['a future block', () => '/block/976412', 404],
  ['a mistyped address', () => '/address/bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt08q', 404],
  ['another network’s address', () => '/address/1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa', 404],
  ['no page', () => '/nonsense', 404],
  ['a path that looks like another host', () => '//evil.example/x', 404],
  ['no page of a block', () => '/block/17?start=1000', 404],
]

describe.each(PAGES)('%s', (name, path, status) => {
  let shown: Page
  beforeAll(async () => {
    shown = await page(path())
  })

  test(`answers ${status} in at most 40 KB`, () => {
    expect(shown.status).toBe(status)
    // The list of everything is long, and packs well; the others need no packing.
    const sent = name === 'docs' ? gzipSync(shown.html) : new TextEncoder().encode(shown.html)
    expect(sent.length).toBeLessThanOrEqual(LIMIT)
  })

  test('has one heading of the first rank, a title, landmarks and a way past them', () => {
    const { elements } = shown
    expect(byTag(elements, 'h1')).toHaveLength(1)
    expect(byTag(elements, 'h1')[0]!.text.trim()).not.toBe('')
    expect(byTag(elements, 'title')[0]!.text).toContain('Causeway')
    for (const tag of ['header', 'main', 'footer', 'search']) expect(byTag(elements, tag), tag).toHaveLength(1)
    expect(byTag(elements, 'html')[0]!.attributes.lang).toBe('en')
    expect(elements.find(({ attributes }) => attributes.href === '#main')).toBeDefined()
  })

  test('has no style or script but the one sheet and the one file', () => {
    const { elements } = shown
    expect(elements.filter(({ attributes }) => 'style' in attributes)).toEqual([])
    expect(
      elements.flatMap(({ attributes }) => Object.keys(attributes)).filter((name) => name.startsWith('on')),
    ).toEqual([])
    expect(byTag(elements, 'style')).toHaveLength(1)
    expect(byTag(elements, 'script').map(({ attributes, text }) => [attributes.src?.split('?')[0], text])).toEqual([
      ['/assets/live.js', ''],
    ])
  })

  test('names its fields and tables, and no id twice', () => {
    const { elements } = shown
    const ids = elements.map(({ attributes }) => attributes.id).filter((id) => id !== undefined)
    expect(new Set(ids).size).toBe(ids.length)
    const labels = byTag(elements, 'label').map(({ attributes }) => attributes.for)
    for (const { attributes } of byTag(elements, 'input')) {
      if (attributes.type !== 'hidden') expect('aria-label' in attributes || labels.includes(attributes.id!)).toBe(true)
    }
    expect(byTag(elements, 'caption')).toHaveLength(byTag(elements, 'table').length)
    expect(byTag(elements, 'th').every(({ attributes }) => attributes.scope === 'col')).toBe(true)
  })

  test('has links only within the site', () => {
    const hrefs = byTag(shown.elements, 'a').map(({ attributes }) => attributes.href)
    expect(hrefs.every((href) => /^[/#](?!\/)/.test(href ?? ''))).toBe(true)
  })
})

describe('what a browser is told about a page', () => {
  test('the policy allows the sheet by its hash and nothing inline', async () => {
    const response = await front.get('/', BROWSER)
    const sheet = byTag(readHtml(await response.text()), 'style')[0]!.text
    const policy = response.headers.get('Content-Security-Policy')!
    const hash = createHash('sha256').update(sheet).digest('base64')
    expect(policy).toContain(`style-src 'sha256-${hash}'`)
    expect(policy).toContain("default-src 'none'")
    expect(policy).toContain("frame-ancestors 'none'")
    expect(policy).not.toContain('unsafe')
  })

  test('it is not to guess types, leak addresses or keep errors', async () => {
    const { headers } = await front.get('/', BROWSER)
    expect(headers.get('X-Content-Type-Options')).toBe('nosniff')
    expect(headers.get('Referrer-Policy')).toBe('no-referrer')
    expect((await front.get('/nonsense', BROWSER)).headers.get('Cache-Control')).toBe('no-store')
  })
})

describe('words of strangers', () => {
  test('what a miner wrote is text', async () => {
    const { html, text } = await page(`/tx/${toDisplay(sample.ledger.blocksByHeight[14]!.txs[0]!.txid)}`)
    expect(text).toContain(`The miner wrote: ${HOSTILE}`)
    expect(html).not.toContain('<script>')
  })

  test('what a payer wrote is text', async () => {
    const { html, text } = await page(`/tx/${idOf(sample.everyKind)}`)
    expect(text).toContain(`it says: ${HOSTILE_DATA}`)
    expect(html).not.toContain('<img')
  })

  test('a user agent is text, and cannot turn what follows it around', async () => {
    const { html, text } = await page('/network')
    expect(text).toContain('</span><script>alert("agent")</script>\ufffd/evil:1/')
    expect(html).not.toContain('\u202e')
    expect(html).not.toContain('<script>')
  })

  test('what was searched for is text, in the page and in the field', async () => {
    const { elements, html } = await page(`/search?q=${encodeURIComponent(`"><b onclick=x>${HOSTILE}`)}`)
    expect(byTag(elements, 'input').some(({ attributes }) => attributes.value?.includes(HOSTILE))).toBe(true)
    expect(html).not.toContain('<script>')
    expect(html).not.toContain('<b onclick')
  })

  test('parameters that nobody asked for come back only as parameters', async () => {
    const { html, elements } = await page(`/?x=${encodeURIComponent('"><script>')}&theme=purple&unit=bananas`)
    expect(html).not.toContain('<script>')
    expect(byTag(elements, 'html')[0]!.attributes['data-theme']).toBeUndefined()
  })
})

describe('what the pages say', () => {
  test('home opens with the last block and what waits', async () => {
    const { text } = await page('/')
    expect(text).toContain('Block 30 was found 6 minutes ago. 12 transactions wait for a place.')
    expect(text).toContain('Latest blocks')
  })

  test('a block says how full it is and how deep it lies', async () => {
    const { text } = await page('/block/17')
    expect(text).toContain('It holds 60 transactions and is 0.7 % full; it has 14 confirmations.')
    expect(text).toContain('1 to 25 of 60')
    expect((await page('/block/17?start=50')).text).toContain('51 to 60 of 60')
    expect((await page('/block/30')).text).toContain('It holds 1 transaction and')
  })

  test('a transaction says how much it paid, where it is and who spent it', async () => {
    const { html, text } = await page(`/tx/${idOf(sample.everyKind)}`)
    expect(text).toContain('Paid 36.00007326 BTC to 13 outputs.')
    expect(text).toContain('in block 13 and has 18 confirmations')
    expect(text).toContain('spent in block 14')
    expect(html).toContain(`href="/tx/${idOf(sample.revealing)}#in-0"`)
    expect(text).toContain('1 hash leads from the txid to the merkle root')
    expect(text).toContain('Not checked by your browser.')
  })

  test('a waiting transaction says so, and that nothing proves it', async () => {
    const { text } = await page(`/tx/${idOf(sample.waiting)}`)
    expect(text).toContain('It waits for a place in a block, at 31.1 sat/vB')
    expect(text).toContain('Heard here 1 minute ago.')
    expect(text).toContain('No block holds it yet')
    expect(text).toContain('spent, but that waits too')
  })

  test('an address says what it holds, what waits, and that the relay now knows', async () => {
    const { text } = await page(`/address/${minerAddress}`)
    expect(text).toContain('Holds 1400 BTC in 28 unspent outputs. Used in 43 transactions.')
    expect(text).toContain('This relay was just told that you are interested in this address.')
    expect(text).toContain('−550.00000000 BTC')
    expect((await page('/address/bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080')).text).toContain(
      'Nothing was ever paid',
    )
  })

  test('a long history goes on where the page ends', async () => {
    let next: string | undefined = `/address/${minerAddress}`
    const seen: string[] = []
    for (let pages = 0; next && pages < 5; pages++) {
      const { elements }: Page = await page(next)
      const txs = byTag(elements, 'a').map(({ attributes }) => attributes.href!)
      seen.push(...txs.filter((href) => href.startsWith('/tx/')))
      next = byTag(elements, 'a').find(({ attributes }) => attributes.rel === 'next')?.attributes.href
    }
    expect(next).toBeUndefined()
    expect(seen.length).toBe(43)
    expect(new Set(seen).size).toBe(43)
  })

  test('peers are links with a client, a height and a direction, and no address', async () => {
    const { text } = await page('/network')
    expect(text).toContain('This relay talks with 103 nodes: 1 that it called, 102 that called it.')
    expect(text).toContain('12, behind')
    expect(text).toContain('and 43 more nodes')
    expect((await page('/network', frontOver(network, sample.ledger))).text).toContain('talks with nobody')
  })

  test('a future block says about when', async () => {
    const { text } = await page('/block/36')
    expect(text).toContain('Block 36 does not exist yet')
    expect(text).toContain('It is 6 blocks away: about 60 minutes.')
  })

  test('while the chain is read every page says how far', async () => {
    const { ledger } = await sampleChain()
    ledger.synced = false
    ledger.headers = 976_412
    const site = frontOver(network, ledger)
    for (const path of ['/', '/mempool', '/block/3', '/nonsense']) {
      expect((await page(path, site)).text).toContain('It has checked 30 of 976,412 blocks')
    }
    expect((await page('/block/31', site)).text).toContain('that block’s turn comes')
    expect((await page('/')).text).not.toContain('still reading')
  })

  test('a mempool without transactions says so', async () => {
    const { ledger } = await sampleChain()
    ledger.pool.length = 0
    const site = frontOver(network, ledger)
    expect((await page('/mempool', site)).text).toContain('the mempool of this relay is empty')
    expect((await page('/', site)).text).toContain('No transaction waits.')
  })
})

describe('a visitor’s choices', () => {
  test('stand in the page and in every link of it', async () => {
    const { elements, text } = await page('/block/17?unit=sat&theme=dark')
    expect(byTag(elements, 'html')[0]!.attributes['data-theme']).toBe('dark')
    expect(text).toContain('Amount, sat')
    expect(text).toContain('60,000,000')
    const inside = byTag(elements, 'a').filter(
      ({ attributes }) => attributes.rel !== 'nofollow' && /^\/(?!api)/.test(attributes.href!),
    )
    expect(inside.length).toBeGreaterThan(30)
    for (const { attributes } of inside) expect(attributes.href).toContain('unit=sat&theme=dark')
    const hidden = byTag(elements, 'input').filter(({ attributes }) => attributes.type === 'hidden')
    expect(hidden.map(({ attributes }) => [attributes.name, attributes.value])).toEqual([
      ['unit', 'sat'],
      ['theme', 'dark'],
    ])
  })

  test('are taken back by links that lead to the same page', async () => {
    const { elements } = await page('/block/17?start=25&unit=sat&theme=dark')
    const switches = byTag(elements, 'a').filter(({ attributes }) => attributes.rel === 'nofollow')
    expect(switches.map(({ attributes, text }) => [text, attributes.href, attributes['aria-current']])).toEqual([
      ['BTC', '/block/17?start=25&theme=dark', undefined],
      ['sat', '/block/17?start=25&unit=sat&theme=dark', 'true'],
      ['System', '/block/17?start=25&unit=sat', undefined],
      ['Light', '/block/17?start=25&unit=sat&theme=light', undefined],
      ['Dark', '/block/17?start=25&unit=sat&theme=dark', 'true'],
    ])
  })

  test('amounts copy as they are pasted into a wallet', async () => {
    const { elements } = await page(`/tx/${idOf(sample.waiting)}`)
    const amounts = byTag(elements, 'data').map(({ attributes, text }) => [attributes.value, text])
    expect(amounts).toContainEqual(['132415260', '1.32415260'])
  })
})

describe('searching', () => {
  test.each<[what: string, q: () => string, to: () => string]>([
    ['a height', () => '17', () => '/block/17'],
    ['a height as people write it', () => ' 976,412 ', () => '/block/976412'],
    ['a block hash', () => toDisplay(sample.ledger.tip.hash), () => `/block/${toDisplay(sample.ledger.tip.hash)}`],
    ['a txid in upper case', () => idOf(sample.wide).toUpperCase(), () => `/tx/${idOf(sample.wide)}`],
    ['an outpoint', () => `${idOf(sample.wide)}:27`, () => `/tx/${idOf(sample.wide)}?out=20#out-27`],
    ['an address', () => minerAddress, () => `/address/${minerAddress}`],
    ['an address in a URI', () => `bitcoin:${minerAddress.toUpperCase()}?amount=1`, () => `/address/${minerAddress}`],
  ])('%s leads to its page', async (_, q, to) => {
    const response = await front.get(`/search?q=${encodeURIComponent(q())}`, BROWSER)
    expect([response.status, response.headers.get('Location')]).toEqual([302, to()])
  })

  test('choices travel along', async () => {
    const response = await front.get('/search?q=17&theme=dark', BROWSER)
    expect(response.headers.get('Location')).toBe('/block/17?theme=dark')
  })

  test.each([
    ['ab'.repeat(32), 404, 'Neither a block nor a transaction has that name here'],
    ['ab'.repeat(31), 400, 'this one is 2 digits short'],
    [`${'ab'.repeat(32)}c`, 400, 'this one has 1 digit too many'],
    ['hello', 400, 'It is no height, hash, txid or address.'],
    ['z'.repeat(201), 400, 'It is no height, hash, txid or address.'],
    ['bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq', 404, 'This is a mainnet address; this relay serves regtest.'],
    ['bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt08q', 404, 'most likely at the 44th character'],
    ['bcrt1qw508d6qejxtdg4y5r3zarvaby0c5xw7kygt080', 404, 'its 30th character never stands in one'],
    ['mfcGAzvis9JQAb6avB6WBGiGrgWzLxuGaD', 404, 'its checksum does not fit'],
  ])('%s is explained', async (q, status, says) => {
    const shown = await page(`/search?q=${q}`)
    expect(shown.status).toBe(status)
    expect(shown.text).toContain(says)
  })

  test('a mistyped address is marked where it is wrong, and no other is offered', async () => {
    const right = 'bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080'
    const { elements, html } = await page(`/search?q=${right.replace('arvary', 'arvqry')}`)
    const [mark] = byTag(elements, 'mark')
    expect(mark!.text).toBe('q')
    expect(html).not.toContain(right)
  })
})

test('every link on every page leads to something', async () => {
  const seen = new Set<string>(['/'])
  const queue = ['/', '/block/17', '/block/13', `/tx/${idOf(sample.sweeping)}`, `/address/${minerAddress}`]
  for (let pages = 0; pages < 60 && queue.length > 0; pages++) {
    const path = queue.shift()!
    const response = await front.get(path, BROWSER)
    expect(response.status, path).toBe(200)
    if (!response.headers.get('Content-Type')!.startsWith('text/html')) continue
    for (const { attributes, inert } of byTag(readHtml(await response.text()), 'a')) {
      const href = attributes.href!.split('#')[0]!
      if (inert || href === '' || attributes.rel === 'nofollow' || seen.has(href)) continue
      seen.add(href)
      queue.push(href)
    }
  }
  expect(seen.size).toBeGreaterThan(100)
})

test('a page for the unspent outputs of other kinds names what no address names', async () => {
  const { text } = await page(`/tx/${idOf(sample.everyKind)}`)
  for (const word of [
    'P2PK',
    'P2PKH',
    'P2SH',
    'P2WPKH',
    'P2WSH',
    'P2TR',
    'other witness program',
    'empty script',
    'Data',
  ])
    expect(text).toContain(word)
  expect(addressOf(SCRIPTS.anchor, network.address)).toBeDefined()
})
