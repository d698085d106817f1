import { brotliDecompressSync, gunzipSync } from 'node:zlib'
import { beforeAll, describe, expect, test } from 'vitest'
import { regtest } from '../../src/chain/networks/regtest.ts'
import type { LedgerQueries } from '../../src/ledger/queries.ts'
import { zlibPacker } from '../../src/node/packer.ts'
import { toDisplay } from '../../src/wire/hash.ts'
import { parseTransaction } from '../../src/wire/transaction.ts'
import { type Front, frontOver } from './front.ts'
import { RealLedger, type RealSample, realFront } from './real-front.ts'
import { NOW } from './sample-chain.ts'

let sample: RealSample
let front: Front
let deepTx: string
let tipBlock: string

beforeAll(async () => {
  sample = await realFront()
  front = frontOver(regtest, sample.ledger.queries, { packer: zlibPacker })
  deepTx = `/api/tx/${toDisplay(parseTransaction(sample.everyKind).txid)}`
  tipBlock = `/api/block/${toDisplay(sample.ledger.maker.tip.hash)}`
})

const PACKED = { 'Accept-Encoding': 'gzip' }

describe('asking again', () => {
  test.each(['/api/blocks', '/api/mempool/txids', '/api/blocks/tip/height'])('%s is not sent twice', async (path) => {
    const first = await front.get(path)
    const tag = first.headers.get('ETag')!
    expect(tag).toMatch(/^"[0-9a-f]{24}"$/)
    for (const known of [tag, `W/${tag}`, `"other", ${tag}`, '*']) {
      const again = await front.get(path, { 'If-None-Match': known })
      expect(again.status).toBe(304)
      expect(await again.text()).toBe('')
      expect(again.headers.get('ETag')).toBe(tag)
      expect(again.headers.get('Cache-Control')).toBe(first.headers.get('Cache-Control'))
      expect(again.headers.get('Vary')).toBe(first.headers.get('Vary'))
      expect(again.headers.get('Access-Control-Allow-Origin')).toBe('*')
    }
    for (const other of ['"other"', tag.slice(1, -1), '']) {
      expect((await front.get(path, { 'If-None-Match': other })).status).toBe(200)
    }
  })

  test('another answer has another tag', async () => {
    const tags = await Promise.all(
      [deepTx, `${deepTx}/hex`, tipBlock, '/api/blocks', '/api/blocks/3'].map(async (path) =>
        (await front.get(path)).headers.get('ETag'),
      ),
    )
    expect(new Set(tags).size).toBe(tags.length)
  })

  test('a packed answer is another one than the plain, and both are known by either tag', async () => {
    const plain = (await front.get(deepTx)).headers.get('ETag')!
    const packed = (await front.get(deepTx, PACKED)).headers.get('ETag')!
    expect(packed).toBe(`${plain.slice(0, -1)}-gzip"`)
    for (const tag of [plain, packed]) {
      const again = await front.get(deepTx, { ...PACKED, 'If-None-Match': tag })
      expect([again.status, again.headers.get('ETag')]).toEqual([304, packed])
    }
  })

  test('a large block is named by its route, and a large answer that changes has no tag', async () => {
    const bytes = new Uint8Array(300_000)
    const queries: Partial<LedgerQueries> = {
      rawBlock: async () => ({ kind: 'found', bytes }),
      mempoolTxids: async () => bytes,
    }
    const site = frontOver(regtest, queries)
    const [one, other] = ['ab', 'cd'].map((pair) => `/api/block/${pair.repeat(32)}/raw`)
    const tag = (await site.get(one!)).headers.get('ETag')!
    expect(tag).toMatch(/^"[0-9a-f]{24}"$/)
    expect((await site.get(other!)).headers.get('ETag')).not.toBe(tag)
    expect((await site.get(one!, { 'If-None-Match': tag })).status).toBe(304)
    expect((await site.get('/api/mempool/txids')).headers.get('ETag')).toBeNull()
  })

  test('an error has no tag and is never not modified', async () => {
    const response = await front.get('/api/block/zz', { 'If-None-Match': '*' })
    expect([response.status, response.headers.get('ETag')]).toEqual([400, null])
  })
})

describe('packing', () => {
  test.each([
    ['gzip', gunzipSync],
    ['br', brotliDecompressSync],
  ] as const)('%s', async (coding, unpack) => {
    for (const path of [deepTx, '/tx/x', '/']) {
      const headers = { 'Accept-Encoding': coding, Accept: path === deepTx ? '*/*' : 'text/html' }
      const plain = await front.get(path, { Accept: headers.Accept })
      const packed = await front.get(path, headers)
      expect(plain.headers.get('Content-Encoding')).toBeNull()
      expect(packed.headers.get('Content-Encoding')).toBe(coding)
      expect(packed.status).toBe(plain.status)
      expect(packed.headers.get('Content-Type')).toBe(plain.headers.get('Content-Type'))
      expect(packed.headers.get('Vary')).toContain('Accept-Encoding')
      expect(plain.headers.get('Vary')).toBe(packed.headers.get('Vary'))
      expect(unpack(new Uint8Array(await packed.arrayBuffer())).toString()).toBe(await plain.text())
    }
  })

  test('what is short, is bytes, or is only asked about is sent as it is', async () => {
    for (const path of ['/api/blocks/tip/height', tipBlock, `${deepTx}/raw`, `/api/block/zz`]) {
      expect((await front.get(path, PACKED)).headers.get('Content-Encoding'), path).toBeNull()
    }
    const head = new Request(`http://relay.example${deepTx}`, { method: 'HEAD', headers: PACKED })
    const told = await front.fetch(head)
    expect([told.status, told.headers.get('Content-Encoding')]).toEqual([200, null])
    expect(told.headers.get('Vary')).toBe('Accept-Encoding')
  })

  test('both reasons to vary are told where a page may stand', async () => {
    expect((await front.get(deepTx.slice(4), PACKED)).headers.get('Vary')).toBe('Accept-Encoding, Accept')
  })

  test('a site without a packer says nothing of it', async () => {
    const plain = await frontOver(regtest, sample.ledger.queries).get(deepTx, PACKED)
    expect([plain.headers.get('Content-Encoding'), plain.headers.get('Vary')]).toEqual([null, null])
  })
})

describe('other manners', () => {
  test('a browser may ask whether it may, and may read what is said beside the body', async () => {
    const asked = new Request('http://relay.example/api/tx', {
      method: 'OPTIONS',
      headers: { Origin: 'https://wallet.example', 'Access-Control-Request-Method': 'POST' },
    })
    const told = await front.fetch(asked)
    expect(told.status).toBe(204)
    expect(told.headers.get('Access-Control-Allow-Headers')).toContain('If-None-Match')
    const exposed = (await front.get('/api/blocks')).headers.get('Access-Control-Expose-Headers')
    for (const name of ['ETag', 'Retry-After', 'X-Total-Results']) expect(exposed).toContain(name)
  })

  test('HEAD has the headers of GET', async () => {
    for (const path of ['/api/blocks', tipBlock, '/api/nope', deepTx]) {
      const get = await front.get(path)
      const head = await front.fetch(new Request(`http://relay.example${path}`, { method: 'HEAD' }))
      expect(head.status).toBe(get.status)
      expect(Object.fromEntries(head.headers)).toEqual(Object.fromEntries(get.headers))
      expect(await head.text()).toBe('')
    }
  })
})

describe('answers that are kept', () => {
  /** Counts questions, and keeps answers. */
  function keeping(ledger: RealLedger, answerCacheBytes = 1_000_000) {
    const asked: Record<string, number> = {}
    const queries = new Proxy(ledger.queries, {
      get(target, name: keyof LedgerQueries) {
        return (...args: never[]) => {
          asked[name] = (asked[name] ?? 0) + 1
          return (target[name] as (...args: never[]) => unknown)(...args)
        }
      },
    })
    return { site: frontOver(regtest, queries, { answerCacheBytes }), asked }
  }

  test('what is buried is asked for once, at either place and by any method; the rest each time', async () => {
    const { site, asked } = keeping(sample.ledger)
    const bodies = []
    for (const path of [deepTx, deepTx, deepTx.slice(4)]) bodies.push(await (await site.get(path)).text())
    expect(new Set(bodies).size).toBe(1)
    await site.fetch(new Request(`http://relay.example${deepTx}`, { method: 'HEAD' }))
    expect(asked.tx).toBe(1)
    expect((await site.get(deepTx)).headers.get('Cache-Control')).toContain('immutable')
    for (const path of ['/api/blocks', '/api/blocks', `${deepTx}?a`, `${deepTx}?b`]) await site.get(path)
    expect([asked.blocks, asked.tx]).toEqual([2, 3])
  })

  test('nothing that fails is kept', async () => {
    const { site, asked } = keeping(sample.ledger)
    for (let i = 0; i < 2; i++) expect((await site.get(`/api/tx/${'ab'.repeat(32)}`)).status).toBe(404)
    expect(asked.tx).toBe(2)
  })

  test('memory stays within its bound', async () => {
    const { site, asked } = keeping(sample.ledger, 40_000)
    const paths = sample.blocks.slice(1, 101).map(({ hash }) => `/api/block/${toDisplay(hash)}`)
    for (const path of paths) await site.get(path)
    expect(asked.block).toBe(100)
    for (const path of paths.slice(-20).reverse()) await site.get(path)
    expect(asked.block).toBe(100)
    await site.get(paths[0]!)
    expect(asked.block).toBe(101)
  })

  test('a reorganisation that takes their blocks away is noticed', async () => {
    const ledger = new RealLedger(NOW * 1000)
    const fork = ledger.maker.tip
    const blocks = Array.from({ length: 13 }, () => ledger.mine())
    const { site, asked } = keeping(ledger)
    const path = `/api/block/${toDisplay(blocks[0]!.hash)}`
    const height = '/api/block-height/1'
    const ask = async () => [(await site.get(path)).status, await (await site.get(height)).text()]
    expect(await ask()).toEqual([200, toDisplay(blocks[0]!.hash)])
    ledger.mine()
    site.pass(1000)
    await ask()
    expect(asked.block).toBe(1)
    let parent = fork
    for (let i = 0; i < 15; i++) parent = ledger.mine([], {}, parent)
    site.pass(1000)
    expect(await ask()).toEqual([404, toDisplay(ledger.maker.chain()[0]!.hash)])
  })
})
