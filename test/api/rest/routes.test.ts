import { beforeAll, describe, expect, test } from 'vitest'
import { exampleValues, fillExample } from '../../../src/api/example-values.ts'
import { openApi } from '../../../src/api/openapi.ts'
import { filterHash, filterHeader, NO_FILTER_HEADER } from '../../../src/chain/block-filter.ts'
import { networks } from '../../../src/chain/network.ts'
import { regtest } from '../../../src/chain/networks/regtest.ts'
import { dropFilters } from '../../../src/ledger/block-filters.ts'
import { readSpentOutputs } from '../../../src/ledger/spent-outputs.ts'
import { Writer } from '../../../src/wire/codec.ts'
import { bytesToHex, hexToBytes, toDisplay } from '../../../src/wire/hash.ts'
import { parseTransaction } from '../../../src/wire/transaction.ts'
import { Contract, declaredGroups } from '../contract.ts'
import { frontOver } from '../front.ts'
import { outputsOf, type RealSample, realFront } from '../real-front.ts'

// biome-ignore lint/suspicious/noExplicitAny: JSON of many shapes
type Json = any

const contract = new Contract(declaredGroups(regtest))
const UNKNOWN = 'ab'.repeat(32)
const DAY = 'public, immutable, max-age=86400'
const NONE = 'no-store'
let sample: RealSample
let stale: string

beforeAll(async () => {
  sample = await realFront()
  const { ledger, blocks } = sample
  stale = toDisplay(ledger.mine([], {}, blocks.at(-2)!).hash)
})

const idOf = (raw: Uint8Array) => toDisplay(parseTransaction(raw).txid)
/** What stands for names in paths. */
const named = (): Record<string, string> => ({
  block: toDisplay(sample.fullBlock.hash),
  tip: toDisplay(sample.blocks.at(-1)!.hash),
  genesis: toDisplay(sample.blocks[0]!.hash),
  stale,
  unknown: UNKNOWN,
  mined: idOf(sample.everyKind),
  waiting: idOf(sample.parent),
})
const filled = (text: string) => text.replace(/:([a-z]+)\b/g, (whole, name: string) => named()[name] ?? whole)

/** Asks, and holds the answer against what its route declares. */
async function ask(path: string, init?: RequestInit): Promise<Response> {
  const request = () => new Request(`http://relay.example/rest${filled(path)}`, init)
  const response = await sample.front.fetch(request())
  await contract.expect(request(), response.clone())
  return response
}

const json = async (path: string): Promise<Json> => (await ask(`${path}`)).json()
const bytes = async (path: string) => new Uint8Array(await (await ask(path)).arrayBuffer())

describe('answers in three forms', () => {
  test.each([
    ['/tx/:mined', NONE],
    ['/tx/:waiting', NONE],
    ['/block/:block', DAY],
    ['/block/notxdetails/:block', DAY],
    ['/block/:stale', DAY],
    ['/headers/:block', NONE],
    ['/headers/:unknown', NONE],
    ['/blockfilterheaders/basic/:block', NONE],
    ['/blockfilter/basic/:block', DAY],
    ['/spenttxouts/:block', DAY],
    ['/getutxos/:mined-0/:mined-999', NONE],
  ])('%s has the same bytes in hex', async (path, caching) => {
    const inBytes = await ask(`${path}.bin`)
    expect(inBytes.headers.get('Content-Type')).toBe('application/octet-stream')
    expect(inBytes.headers.get('Cache-Control')).toBe(caching)
    const inHex = await ask(`${path}.hex`)
    expect(inHex.headers.get('Content-Type')).toBe('text/plain')
    expect(inHex.headers.get('Cache-Control')).toBe(caching)
    expect(await inHex.text()).toBe(`${bytesToHex(new Uint8Array(await inBytes.arrayBuffer()))}\n`)
    const inJson = await ask(`${path}.json`)
    expect(inJson.headers.get('Content-Type')).toBe('application/json')
    // What JSON says of a block's depth changes.
    expect(inJson.headers.get('Cache-Control')).toBe(path.startsWith('/block/') ? NONE : caching)
    const text = await inJson.text()
    expect(text.endsWith('\n')).toBe(true)
    expect(text.slice(0, -1)).not.toMatch(/\s[{[]|\n/)
  })

  test('a hash by height is written as people write it', async () => {
    expect(await (await ask('/blockhashbyheight/104.hex')).text()).toBe(filled(':block\n'))
    expect(await json('/blockhashbyheight/104.json')).toEqual({ blockhash: named().block })
    expect(toDisplay(await bytes('/blockhashbyheight/104.bin'))).toBe(named().block)
  })
})

describe('blocks', () => {
  test('are as they are stored, and as JSON say what their transactions spend', async () => {
    expect(await bytes('/block/:block.bin')).toEqual(sample.fullBlock.bytes)
    const block = await json('/block/:block.json')
    expect(block).toMatchObject({ height: 104, confirmations: 27, nTx: 39, size: sample.fullBlock.bytes.length })
    expect(block.tx).toHaveLength(39)
    const { vin, fee } = block.tx[1]
    expect(vin[0].prevout).toMatchObject({ generated: false, height: 103, value: 1.2 })
    expect(fee).toBe(0.000002)
    const names = await json('/block/notxdetails/:block.json')
    expect({ ...block, tx: block.tx.map(({ txid }: Json) => txid) }).toEqual(names)
    const header = await json('/headers/:block.json?count=1')
    expect(names).toMatchObject(header[0])
    expect((await json('/block/:genesis.json')).tx[0].vin).toEqual([
      { coinbase: expect.any(String), sequence: 0xffff_ffff },
    ])
  })

  test('off the best chain have no depth, no successor and nothing to say of what they spend', async () => {
    const block = await json('/block/:stale.json')
    expect(block).toMatchObject({ hash: stale, confirmations: -1, height: 130 })
    expect(block).not.toHaveProperty('nextblockhash')
    expect(block.mediantime).toBe((await json('/block/:tip.json')).mediantime)
  })

  test('come in parts', async () => {
    const { bytes: whole } = sample.fullBlock
    expect(await bytes('/blockpart/:block.bin?offset=4&size=32')).toEqual(whole.slice(4, 36))
    expect(await (await ask(`/blockpart/:block.hex?size=2&offset=${whole.length - 2}`)).text()).toBe(
      `${bytesToHex(whole.slice(-2))}\n`,
    )
    expect((await ask('/blockpart/:block.bin?offset=0&size=80')).headers.get('Cache-Control')).toBe(DAY)
    expect(await bytes('/blockpart/:stale.bin?offset=0&size=80')).toEqual(
      await bytes('/block/:stale.bin').then((b) => b.slice(0, 80)),
    )
  })

  test('say what they spend without being read', async () => {
    const block = await json('/block/:block.json')
    const spent = await json('/spenttxouts/:block.json')
    const expected = block.tx.map(({ vin }: Json) =>
      vin.flatMap(({ prevout }: Json) =>
        prevout ? [{ value: prevout.value, scriptPubKey: prevout.scriptPubKey }] : [],
      ),
    )
    expect(spent).toEqual(expected)
    const read = [...readSpentOutputs(await bytes('/spenttxouts/:block.bin'))]
    expect(read.map((tx) => tx.map(({ value, script }) => [value, bytesToHex(script)]))).toEqual(
      spent.map((tx: Json) => tx.map(({ value, scriptPubKey }: Json) => [Math.round(value * 1e8), scriptPubKey.hex])),
    )
  })
})

describe('headers', () => {
  test('go upwards, five unless more or fewer are wanted', async () => {
    expect(await json('/headers/:genesis.json')).toHaveLength(5)
    expect(await json('/headers/:genesis.json?count=2000')).toHaveLength(131)
    expect(await json('/headers/7/:genesis.json')).toHaveLength(7)
    expect((await bytes('/headers/:block.bin?count=2')).slice(0, 80)).toEqual(sample.fullBlock.header)
    const [first, second] = await json('/headers/:genesis.json?count=2')
    expect(first).not.toHaveProperty('previousblockhash')
    expect(first.nextblockhash).toBe(second.hash)
  })

  test.each([':unknown', ':stale'])('are none from %s', async (hash) => {
    expect(await json(`/headers/${hash}.json`)).toEqual([])
    expect(await bytes(`/headers/${hash}.bin`)).toHaveLength(0)
    expect(await json(`/blockfilterheaders/basic/${hash}.json`)).toEqual([])
  })
})

describe('filters', () => {
  test('hash to their headers, from the first block on', async () => {
    const headers: string[] = await json('/blockfilterheaders/basic/:genesis.json?count=2000')
    expect(headers).toHaveLength(131)
    expect(await json('/blockfilterheaders/basic/3/:genesis.json')).toEqual(headers.slice(0, 3))
    let previous = NO_FILTER_HEADER
    for (const [height, header] of headers.slice(0, 6).entries()) {
      const hash = toDisplay(sample.blocks[height]!.hash)
      const { filter } = await json(`/blockfilter/basic/${hash}.json`)
      previous = filterHeader(filterHash(hexToBytes(filter)), previous)
      expect(toDisplay(previous)).toBe(header)
      const whole = await bytes(`/blockfilter/basic/${hash}.bin`)
      expect(bytesToHex(whole)).toBe(
        `00${bytesToHex(sample.blocks[height]!.hash)}${(filter.length / 2).toString(16).padStart(2, '0')}${filter}`,
      )
    }
  })

  test('are refused where they are not kept', async () => {
    const other = await realFront()
    dropFilters(other.ledger.sql)
    for (const path of ['blockfilter/basic/:block.bin', 'blockfilterheaders/basic/:block.json']) {
      const response = await other.front.get(`/rest/${filled(path)}`)
      expect(response.status).toBe(400)
      expect(await response.text()).toBe('Index is not enabled for filtertype basic\r\n')
    }
  })

  test('that have not come so far are not found', async () => {
    const queries = {
      blockFilter: async () => ({ kind: 'behind' }),
      filterHeadersFrom: async () => ({ kind: 'behind' }),
    }
    const front = frontOver(regtest, queries as never)
    for (const path of [`blockfilter/basic/${UNKNOWN}.bin`, `blockfilterheaders/basic/${UNKNOWN}.json`]) {
      const response = await front.get(`/rest/${path}`)
      expect(response.status).toBe(404)
      expect(await response.text()).toBe(
        'Filter not found. Block filters are still in the process of being indexed.\r\n',
      )
    }
  })
})

describe('unspent outputs', () => {
  test('without and with the mempool', async () => {
    const [coin] = outputsOf(sample.parent)
    const spent = parseTransaction(sample.parent).tx.inputs[0]!.prevout
    const outpoint = `${toDisplay(spent.hash)}-${spent.index}`
    const path = `${outpoint}/:waiting-0/:waiting-1`
    const chain = await json(`/getutxos/${path}.json`)
    expect(chain).toMatchObject({ chainHeight: 130, chaintipHash: named().tip, bitmap: '100' })
    expect(chain.utxos).toMatchObject([{ height: 3, value: 50 }])
    const both = await json(`/getutxos/checkmempool/${path}.json`)
    expect(both).toMatchObject({ bitmap: '001' })
    expect(both.utxos).toMatchObject([{ height: 0x7fff_ffff, value: coin!.valueSat / 1e8 }])
  })

  test('asked for in a body, in bytes or hex', async () => {
    const question = (mempool: number) => {
      const writer = new Writer()
      writer.u8(mempool)
      writer.compactSize(2)
      for (const vout of [1, 7]) {
        writer.bytes(parseTransaction(sample.parent).txid)
        writer.u32(vout)
      }
      return writer.finish()
    }
    for (const [mempool, path] of [
      [0, '/getutxos/:waiting-1/:waiting-7'],
      [1, '/getutxos/checkmempool/:waiting-1/:waiting-7'],
    ] as const) {
      const inPath = await bytes(`${path}.bin`)
      const answer = await ask('/getutxos.bin', { method: 'POST', body: question(mempool) })
      expect(new Uint8Array(await answer.arrayBuffer())).toEqual(inPath)
      const hex = await ask('/getutxos.hex', { method: 'POST', body: `${bytesToHex(question(mempool))}\n` })
      expect(await hex.text()).toBe(`${bytesToHex(inPath)}\n`)
      const post = await ask(`${path}.bin`, { method: 'POST' })
      expect(new Uint8Array(await post.arrayBuffer())).toEqual(inPath)
      // As Core reads a body: its flag is not there, and the mempool counts.
      const bare = await ask('/getutxos.bin', { method: 'POST', body: question(1).slice(1) })
      if (mempool) expect(new Uint8Array(await bare.arrayBuffer())).toEqual(inPath)
      // BIP 64: height, tip, bitmap, coins.
      const view = new DataView(inPath.buffer)
      expect(view.getUint32(0, true)).toBe(130)
      expect(inPath.slice(4, 36)).toEqual(sample.blocks.at(-1)!.hash)
      expect([...inPath.slice(36, 39)]).toEqual([1, mempool, mempool])
    }
  })

  test.each([
    ['', 'bin', undefined, 'Error: empty request'],
    ['/', 'json', undefined, 'Error: empty request'],
    ['/checkmempool', 'json', undefined, 'Error: empty request'],
    ['', 'json', '00', 'Error: empty request'],
    ['/:mined', 'json', undefined, 'Parse error'],
    ['/:mined-x', 'json', undefined, 'Parse error'],
    ['/:mined--1', 'json', undefined, 'Parse error'],
    ['/:mined-4294967296', 'json', undefined, 'Parse error'],
    ['/abc-0', 'json', undefined, 'Parse error'],
    ['/:mined-0', 'hex', '0000', 'Combination of URI scheme inputs and raw post data is not allowed'],
    ['', 'bin', '{"checkmempool', 'Parse error'],
    ['', 'hex', '00ff', 'Parse error'],
    [`${'/:mined-0'.repeat(16)}`, 'json', undefined, 'Error: max outpoints exceeded (max: 15, tried: 16)'],
    [`/checkmempool${'/:mined-0'.repeat(20)}`, 'bin', undefined, 'Error: max outpoints exceeded (max: 15, tried: 20)'],
  ])('/getutxos%s as %s with the body %s is refused: %s', async (path, format, body, text) => {
    const response = await ask(`/getutxos${path}.${format}`, body === undefined ? {} : { method: 'POST', body })
    expect(response.status).toBe(400)
    expect(await response.text()).toBe(`${text}\r\n`)
  })

  test('fifteen are not too many', async () => {
    expect((await json(`/getutxos${'/:mined-0'.repeat(15)}.json`)).bitmap).toHaveLength(15)
  })
})

describe('chain and mempool', () => {
  test('chaininfo', async () => {
    const info = await json('/chaininfo.json')
    const tip = await json('/block/:tip.json')
    for (const field of ['bits', 'target', 'difficulty', 'time', 'mediantime', 'chainwork']) {
      expect(info[field]).toEqual(tip[field])
    }
    expect(info).toMatchObject({
      chain: 'regtest',
      blocks: 130,
      headers: 130,
      bestblockhash: named().tip,
      verificationprogress: 1,
      initialblockdownload: false,
      pruned: false,
      warnings: [],
    })
  })

  test.each([
    ['main', 'main'],
    ['testnet3', 'test'],
    ['testnet4', 'testnet4'],
    ['signet', 'signet'],
    ['litecoin-regtest', 'regtest'],
  ] as const)('%s is called %s, and a signet tells its challenge', async (name, chain) => {
    const network = networks[name]
    const tip = {
      header: network.genesis.subarray(0, 80),
      hash: network.genesisHash,
      height: 0,
      medianTime: 1,
      work: new Uint8Array(32),
    }
    const queries = { chainInfo: async () => ({ tip, headers: 3, synced: false, sizeOnDisk: 5 }) }
    const info = (await (await frontOver(network, queries as never).get('/rest/chaininfo.json')).json()) as Json
    expect(info).toMatchObject({ chain, verificationprogress: 0.25, initialblockdownload: true, size_on_disk: 5 })
    expect('signet_challenge' in info).toBe(name === 'signet')
  })

  test('mempool', async () => {
    const info = await json('/mempool/info.json')
    const contents = await json('/mempool/contents.json')
    const txids = Object.keys(contents)
    expect(info).toMatchObject({ loaded: true, size: txids.length, minrelaytxfee: 0.000001 })
    expect(info).toMatchObject({ permitbaremultisig: true, maxdatacarriersize: 100_000 })
    const entries: Json[] = Object.values(contents)
    expect(entries.reduce((sum, { vsize }) => sum + vsize, 0)).toBe(info.bytes)
    expect(entries.reduce((sum, { fees }) => sum + Math.round(fees.base * 1e8), 0)).toBe(
      Math.round(info.total_fee * 1e8),
    )
    const parent = contents[idOf(sample.parent)]
    const child = contents[idOf(sample.child)]
    expect(parent).toMatchObject({ depends: [], spentby: [idOf(sample.child)], descendantcount: 2, ancestorcount: 1 })
    expect(child).toMatchObject({ depends: [idOf(sample.parent)], spentby: [], descendantcount: 1, ancestorcount: 2 })
    expect(child.fees.ancestor).toBeCloseTo(parent.fees.base + child.fees.base, 8)
    expect(await json('/mempool/contents.json?verbose=true')).toEqual(contents)
    expect(await json('/mempool/contents.json?verbose=false')).toEqual(txids)
    expect(await json('/mempool/contents.json?verbose=false&mempool_sequence=true')).toEqual({
      txids,
      mempool_sequence: expect.any(Number),
    })
    const { blockhash } = await json('/tx/:mined.json')
    expect(blockhash).toBe(toDisplay(sample.blocks[102]!.hash))
    expect(await json('/tx/:waiting.json')).not.toHaveProperty('blockhash')
  })
})

const FORMATS = 'output format not found (available: .bin, .hex, .json)'
const COUNT = 'Header count is invalid or out of acceptable range (1-2000)'

describe('refusals, in Core’s words', () => {
  test.each([
    ['/tx/abc.json', 400, 'Invalid hash: abc'],
    ['/tx/abc', 400, 'Invalid hash: abc'],
    ['/tx/abc.xml', 400, 'Invalid hash: abc.xml'],
    ['/tx/a/b.json', 400, 'Invalid hash: a/b'],
    ['/tx/:unknown.json', 404, `${UNKNOWN} not found`],
    ['/tx/:unknown', 404, `${UNKNOWN} not found`],
    ['/tx/:mined', 404, FORMATS],
    ['/tx/:mined.', 404, FORMATS],
    ['/block/abc.bin', 400, 'Invalid hash: abc'],
    ['/block/:unknown.json', 404, `${UNKNOWN} not found`],
    ['/block/:unknown.bin', 404, `${UNKNOWN} not found`],
    ['/block/notxdetails/:unknown.json', 404, `${UNKNOWN} not found`],
    ['/block/:block', 404, FORMATS],
    ['/blockpart/:block.bin', 400, 'Block part offset missing or invalid'],
    ['/blockpart/:block.bin?offset=-1&size=1', 400, 'Block part offset missing or invalid'],
    ['/blockpart/:block.bin?offset=1', 400, 'Block part size missing or invalid'],
    ['/blockpart/:block.bin?offset=1&size=x', 400, 'Block part size missing or invalid'],
    ['/blockpart/abc.bin?offset=1&size=1', 400, 'Invalid hash: abc'],
    ['/blockpart/:unknown.bin?offset=1&size=1', 404, `${UNKNOWN} not found`],
    ['/blockpart/:block.json?offset=0&size=80', 400, 'JSON output is not supported for this request type'],
    ['/blockpart/:block?offset=0&size=80', 404, FORMATS],
    ['/headers/abc.json', 400, 'Invalid hash: abc'],
    ['/headers/:block', 404, FORMATS],
    ['/headers/:block.json?count=0', 400, `${COUNT}: 0`],
    ['/headers/:block.json?count=2001', 400, `${COUNT}: 2001`],
    ['/headers/:block.json?count=5a', 400, `${COUNT}: 5a`],
    ['/headers/:block.json?count=-5', 400, `${COUNT}: -5`],
    [
      '/headers/:block.json?count=99999999999999999999999999999999999',
      400,
      `${COUNT}: 99999999999999999999999999999999999`,
    ],
    ['/headers/x/:block.json', 400, `${COUNT}: x`],
    ['/headers/1/2/:block.json', 400, 'Invalid URI format. Expected /rest/headers/<hash>.<ext>?count=<count>'],
    ['/blockhashbyheight/abc.json', 400, 'Invalid height: abc'],
    ['/blockhashbyheight/-1.json', 400, 'Invalid height: -1'],
    ['/blockhashbyheight/.json', 400, 'Invalid height: '],
    ['/blockhashbyheight/2147483648.json', 400, 'Invalid height: 2147483648'],
    ['/blockhashbyheight/1000000.json', 404, 'Block height out of range'],
    ['/blockhashbyheight/1', 404, FORMATS],
    ['/spenttxouts/abc.json', 400, 'Invalid hash: abc'],
    ['/spenttxouts/a/b.json', 400, 'Invalid URI format. Expected /rest/spenttxouts/<hash>.<ext>'],
    ['/spenttxouts/:unknown.bin', 404, `${UNKNOWN} not found`],
    ['/spenttxouts/:unknown.json', 404, `${UNKNOWN} not found`],
    ['/spenttxouts/:block', 404, FORMATS],
    ['/blockfilter/abc/:block.json', 400, 'Unknown filtertype abc'],
    ['/blockfilter/basic/abc.json', 400, 'Invalid hash: abc'],
    [
      '/blockfilter/basic/1/:block.json',
      400,
      'Invalid URI format. Expected /rest/blockfilter/<filtertype>/<blockhash>',
    ],
    ['/blockfilter/basic/:unknown.json', 404, `${UNKNOWN} not found`],
    ['/blockfilter/basic/:block', 404, FORMATS],
    ['/blockfilterheaders/abc/:block.json', 400, 'Unknown filtertype abc'],
    ['/blockfilterheaders/basic/abc.json', 400, 'Invalid hash: abc'],
    ['/blockfilterheaders/basic/:block.json?count=0', 400, `${COUNT}: 0`],
    [
      '/blockfilterheaders/basic/1/2/:block.json',
      400,
      'Invalid URI format. Expected /rest/blockfilterheaders/<filtertype>/<blockhash>.<ext>?count=<count>',
    ],
    ['/chaininfo', 404, 'output format not found (available: json)'],
    ['/chaininfo.bin', 404, 'output format not found (available: json)'],
    ['/mempool/info.bin', 404, 'output format not found (available: json)'],
    ['/mempool/nothing.json', 400, 'Invalid URI format. Expected /rest/mempool/<info|contents>.json'],
    ['/mempool/contents.json?verbose=1', 400, 'The "verbose" query parameter must be either "true" or "false".'],
    [
      '/mempool/contents.json?mempool_sequence=1',
      400,
      'The "mempool_sequence" query parameter must be either "true" or "false".',
    ],
    [
      '/mempool/contents.json?mempool_sequence=true',
      400,
      'Verbose results cannot contain mempool sequence values. (hint: set "verbose=false")',
    ],
    ['/getutxos/:mined-0', 404, FORMATS],
    ['/nonsense', 404, 'Not Found'],
    ['/deploymentinfo.json', 404, 'Not Found'],
  ])('%s: %i %s', async (path, status, text) => {
    const response = await ask(path)
    expect(response.status).toBe(status)
    expect(response.headers.get('Content-Type')).toBe('text/plain')
    expect(response.headers.get('Cache-Control')).toBe(NONE)
    expect(await response.text()).toBe(`${text}\r\n`)
  })

  test.each([
    [0, 0],
    [0, 100_000_000],
    [100_000_000, 1],
  ])('a part from %i of %i bytes does not lie in the block', async (offset, size) => {
    const response = await ask(`/blockpart/:block.bin?offset=${offset}&size=${size}`)
    expect(response.status).toBe(400)
    expect(await response.text()).toBe(filled(`Bad block part offset/size ${offset}/${size} for :block\r\n`))
  })

  test('what a stale block spent is not known', async () => {
    expect(await (await ask('/spenttxouts/:stale.bin')).text()).toBe(`${stale} undo not available\r\n`)
    expect(await (await ask('/blockfilter/basic/:stale.bin')).text()).toBe(
      'Filter not found. Block was not connected to active chain.\r\n',
    )
  })

  test.each([
    ['absent', 404, `${UNKNOWN} not available (not fully downloaded)`],
    ['pruned', 404, `${UNKNOWN} not available (pruned data)`],
    ['damaged', 503, 'Block body damaged in this relay'],
  ])('a body that is %s: %i %s', async (kind, status, text) => {
    const answer = async () => ({ kind })
    const front = frontOver(regtest, { storedBlock: answer, blockDetail: answer, blockPart: answer } as never)
    for (const path of [
      `block/${UNKNOWN}.bin`,
      `block/${UNKNOWN}.json`,
      `block/notxdetails/${UNKNOWN}.json`,
      `blockpart/${UNKNOWN}.hex?offset=0&size=1`,
    ]) {
      const response = await front.get(`/rest/${path}`)
      expect(response.status).toBe(status)
      expect(await response.text()).toBe(`${text}\r\n`)
    }
  })
})

test('what the document gives as examples is answered', async () => {
  const examples = await exampleValues(sample.ledger.queries, regtest)
  const { paths } = openApi(declaredGroups(regtest), '1.2.3')
  let asked = 0
  for (const [path, { get }] of Object.entries(paths)) {
    if (!get || !path.startsWith('/rest/') || path === '/rest/getutxos.{format}') continue
    const url = new URL(`http://relay.example${path}`)
    const values = (get.parameters ?? []).map((one) => ({
      ...one,
      value: fillExample(one['x-example'] ?? '', examples),
    }))
    for (const { name, value } of values.filter((one) => one.in === 'path')) {
      url.pathname = decodeURI(url.pathname).replace(`{${name}}`, value!)
    }
    for (const { name, value } of values.filter((one) => one.in === 'query' && one.required)) {
      url.searchParams.set(name, value!)
    }
    const response = await sample.front.fetch(new Request(url))
    expect(response.status, String(url)).toBe(200)
    await response.body?.cancel()
    asked++
  }
  expect(asked).toBeGreaterThan(10)
})

test('long answers that nobody reads, and those asked for by HEAD, take no turn for long', async () => {
  for (let n = 0; n < 20; n++) {
    const head = await sample.front.fetch(
      new Request(`http://relay.example${filled('/rest/block/:block.json')}`, { method: 'HEAD' }),
    )
    expect(head.status).toBe(200)
    expect(await head.text()).toBe('')
    await (await ask('/block/:block.json')).body!.cancel()
  }
  expect((await ask('/block/:block.json')).status).toBe(200)
})
