import { beforeAll, describe, expect, test } from 'vitest'
import { rootFromBranch } from '../../src/chain/merkle.ts'
import { readPartialMerkle } from '../../src/chain/partial-merkle.ts'
import { addressOf } from '../../src/script/address.ts'
import { decode, encode } from '../../src/wire/codec.ts'
import { bytesToHex, fromDisplay, hexToBytes, sha256, toDisplay } from '../../src/wire/hash.ts'
import { merkleblock } from '../../src/wire/merkleblock.ts'
import { transaction, txid } from '../../src/wire/transaction.ts'
import { type Front, frontOver } from './front.ts'
import { MINER, makeTx, network, type Sample, SCRIPTS, sampleChain } from './sample-chain.ts'

let sample: Sample
let front: Front
let block17: string
const LONG = 'public, max-age=157784630, immutable'
const SHORT = 'public, max-age=10'
const UNKNOWN = 'ab'.repeat(32)
const minerAddress = addressOf(MINER, network.address)!
const minerScripthash = bytesToHex(sha256(MINER))

beforeAll(async () => {
  sample = await sampleChain()
  front = frontOver(network, sample.ledger)
  block17 = toDisplay(sample.ledger.blocksByHeight[17]!.hash)
})

const idOf = (tx: Sample['waiting']) => toDisplay(txid(tx))
const textOf = async (path: string) => (await front.get(`/api${path}`)).text()
// biome-ignore lint/suspicious/noExplicitAny: an answer has whatever shape the test looks for
const jsonOf = async (path: string): Promise<any> => JSON.parse(await textOf(path))

/** Paths are made when the sample exists. */
type Path = () => string
const hashAt = (height: number) => toDisplay(sample.ledger.blocksByHeight[height]!.hash)

describe('types and lifetimes', () => {
  test.each<[name: string, path: Path, type: string, cache: string]>([
    ['tip height', () => '/blocks/tip/height', 'text/plain', SHORT],
    ['blocks', () => '/blocks', 'application/json', SHORT],
    ['height of a deep block', () => '/block-height/20', 'text/plain', LONG],
    ['height of a young block', () => '/block-height/21', 'text/plain', SHORT],
    ['a block', () => `/block/${hashAt(30)}`, 'application/json', LONG],
    ['a raw header', () => `/block/${hashAt(30)}/header`, 'text/plain', LONG],
    ['a raw block', () => `/block/${hashAt(30)}/raw`, 'application/octet-stream', LONG],
    ['status of a deep block', () => `/block/${hashAt(20)}/status`, 'application/json', LONG],
    ['status of a young block', () => `/block/${hashAt(21)}/status`, 'application/json', SHORT],
    ['status of no block', () => `/block/${UNKNOWN}/status`, 'application/json', SHORT],
    ['txids', () => `/block/${hashAt(30)}/txids`, 'application/json', LONG],
    ['one txid', () => `/block/${hashAt(30)}/txid/0`, 'text/plain', LONG],
    ['transactions of a deep block', () => `/block/${hashAt(17)}/txs`, 'application/json', LONG],
    ['transactions of a young block', () => `/block/${hashAt(30)}/txs`, 'application/json', SHORT],
    ['a deep transaction', () => `/tx/${idOf(sample.everyKind)}`, 'application/json', LONG],
    ['a waiting transaction', () => `/tx/${idOf(sample.waiting)}`, 'application/json', SHORT],
    ['hex', () => `/tx/${idOf(sample.everyKind)}/hex`, 'text/plain', LONG],
    ['bytes', () => `/tx/${idOf(sample.everyKind)}/raw`, 'application/octet-stream', LONG],
    ['status of no transaction', () => `/tx/${UNKNOWN}/status`, 'application/json', SHORT],
    ['a proof', () => `/tx/${idOf(sample.everyKind)}/merkle-proof`, 'application/json', LONG],
    ['a merkleblock', () => `/tx/${idOf(sample.everyKind)}/merkleblock-proof`, 'text/plain', LONG],
    ['a deep spend', () => `/tx/${idOf(sample.everyKind)}/outspend/3`, 'application/json', LONG],
    ['no spend', () => `/tx/${idOf(sample.everyKind)}/outspend/0`, 'application/json', SHORT],
    ['all spends', () => `/tx/${idOf(sample.everyKind)}/outspends`, 'application/json', SHORT],
    ['an address', () => `/address/${minerAddress}`, 'application/json', SHORT],
    ['its outputs', () => `/address/${minerAddress}/utxo`, 'application/json', SHORT],
    ['the mempool', () => '/mempool', 'application/json', SHORT],
    ['its txids', () => '/mempool/txids', 'application/json', SHORT],
    ['its latest', () => '/mempool/recent', 'application/json', 'public, max-age=5'],
  ])('%s', async (_, path, type, cache) => {
    const response = await front.get(`/api${path()}`)
    expect(response.status).toBe(200)
    expect(response.headers.get('Content-Type')).toBe(type)
    expect(response.headers.get('Cache-Control')).toBe(cache)
    expect(response.headers.get('Access-Control-Allow-Origin')).toBe('*')
    expect(response.headers.get('X-Content-Type-Options')).toBe('nosniff')
  })
})

describe('refusals', () => {
  test.each([
    ['/block-height/x', 400, 'Invalid number'],
    ['/block-height/-1', 400, 'Invalid number'],
    ['/block-height/', 400, 'Invalid number'],
    ['/block-height/18446744073709551616', 400, 'Invalid number'],
    ['/block-height/18446744073709551615', 404, 'Block not found'],
    ['/block-height/31', 404, 'Block not found'],
    ['/blocks/31', 404, 'Block not found'],
    ['/block/:unknown', 404, 'Block not found'],
    ['/block/', 400, 'Invalid hex string'],
    ['/block/17', 400, 'Invalid hex string'],
    ['/block/:unknown0', 400, 'Invalid hex string'],
    ['/block/:unknown/header', 404, 'Block not found'],
    ['/block/:unknown/raw', 404, 'Block not found'],
    ['/block/:unknown/txids', 404, 'Block not found'],
    ['/block/xyz/txid/y', 400, 'Invalid hex string'],
    ['/block/:unknown/txid/y', 400, 'Invalid number'],
    ['/block/:unknown/txid/0', 404, 'Block not found'],
    ['/block/:block17/txid/60', 404, 'tx index out of range'],
    ['/block/:unknown/txs/7', 404, 'Block not found'],
    ['/block/:block17/txs/7', 400, 'start index must be a multiple of 25'],
    ['/block/:block17/txs/107', 400, 'start index must be a multiple of 25'],
    ['/block/:block17/txs/75', 400, 'start index out of range'],
    ['/tx/:unknown', 404, 'Transaction not found'],
    ['/tx/', 400, 'Invalid hex string'],
    ['/tx/zz', 400, 'Invalid hex string'],
    ['/tx/:unknown/hex', 404, 'Transaction not found'],
    ['/tx/:unknown/outspends', 404, 'Transaction not found'],
    ['/tx/:unknown/outspend/x', 400, 'Invalid number'],
    ['/tx/:unknown/outspend/4294967296', 400, 'Invalid number'],
    ['/tx/zz/outspend/x', 400, 'Invalid hex string'],
    ['/tx/:unknown/merkle-proof', 404, 'Transaction not found or is unconfirmed'],
    ['/tx/:waiting/merkle-proof', 404, 'Transaction not found or is unconfirmed'],
    ['/tx/:waiting/merkleblock-proof', 404, 'Transaction not found or is unconfirmed'],
    ['/address/nonsense', 400, 'base58 error'],
    ['/address/', 400, 'base58 error'],
    ['/address/:cutAddress', 400, 'base58 error'],
    ['/address/zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz', 400, 'legacy address base58 string'],
    ['/address/1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa', 400, 'Address on invalid network'],
    ['/address/bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq/txs', 400, 'Address on invalid network'],
    ['/scripthash/zz', 400, 'Invalid scripthash'],
    ['/scripthash/zz/utxo', 400, 'Invalid scripthash'],
    ['/broadcast', 400, 'Missing tx'],
    ['/', 404, 'endpoint does not exist "/"'],
    ['/nope', 404, 'endpoint does not exist "/nope"'],
    ['/nope/%22', 404, 'endpoint does not exist "/nope/%22"'],
    ['/blocks/tip/height/', 404, 'endpoint does not exist "/blocks/tip/height/"'],
    ['/blocks/5/', 404, 'endpoint does not exist "/blocks/5/"'],
    ['/tx/:unknown/', 404, 'endpoint does not exist "/tx/:unknown/"'],
    ['/mempool/', 404, 'endpoint does not exist "/mempool/"'],
    ['/tx', 404, 'endpoint does not exist "/tx"'],
  ])('%s is %i %s', async (path, status, body) => {
    const names: Record<string, string> = {
      unknown: UNKNOWN,
      block17,
      waiting: idOf(sample.waiting),
      cutAddress: minerAddress.slice(0, -1),
    }
    const filled = (text: string) => text.replace(/:(\w+)/, (_, name: string) => names[name]!)
    const response = await front.get(`/api${filled(path)}`)
    expect(await response.text()).toBe(body.startsWith('endpoint') ? filled(body) : body)
    expect(response.status).toBe(status)
    expect(response.headers.get('Content-Type')).toBe('text/plain')
    expect(response.headers.get('Cache-Control')).toBeNull()
  })

  test('the bare /api is the root that does not exist', async () => {
    expect(await (await front.get('/api')).text()).toBe('endpoint does not exist "/"')
  })

  test('a wrong method is an unknown route', async () => {
    const response = await front.post('/api/blocks', '')
    expect(response.status).toBe(404)
    expect(await response.text()).toBe('endpoint does not exist "/blocks"')
  })
})

describe('blocks', () => {
  test.each([
    ['/blocks', 30, 10],
    ['/blocks/', 30, 10],
    ['/blocks/tip', 30, 10],
    ['/blocks/+7', 7, 8],
    ['/blocks/0', 0, 1],
  ])('%s begins at %i and has %i', async (path, top, length) => {
    const heights = (await jsonOf(path)).map((block: { height: number }) => block.height)
    expect(heights).toEqual(Array.from({ length }, (_, i) => top - i))
  })

  test('a negative version wraps to above 2^31', async () => {
    expect((await jsonOf(`/block/${block17}`)).version).toBe(0x2000_0000)
    const odd = makeTx([{ tx: sample.wide, vout: 0 }], [[1, SCRIPTS.p2wpkh]])
    odd.version = -1
    const ledger = (await sampleChain()).ledger
    ledger.pool.length = 0
    ledger.disconnect()
    await ledger.broadcast(encode(transaction, odd))
    const tx = JSON.parse(await (await frontOver(network, ledger).get(`/api/tx/${idOf(odd)}`)).text())
    expect(tx.version).toBe(4_294_967_295)
  })

  test('transactions come 25 at a time', async () => {
    const pages = [0, 25, 50].map((start) => jsonOf(`/block/${block17}/txs/${start}`))
    const txids = (await Promise.all(pages)).flat().map((tx: { txid: string }) => tx.txid)
    expect(txids).toEqual(await jsonOf(`/block/${block17}/txids`))
    expect((await pages[0])!.length).toBe(25)
    expect(await jsonOf(`/block/${block17}/txs/`)).toEqual(await pages[0])
    expect(await jsonOf(`/block/${block17}/txs/x`)).toEqual(await pages[0])
  })

  test('raw, header and status agree with the block', async () => {
    const raw = new Uint8Array(await (await front.get(`/api/block/${block17}/raw`)).arrayBuffer())
    expect(raw).toEqual(sample.ledger.blocksByHeight[17]!.raw)
    expect(await textOf(`/block/${block17}/header`)).toBe(bytesToHex(raw.subarray(0, 80)))
    expect(await textOf(`/block/${block17.toUpperCase()}/status`)).toBe(
      `{"in_best_chain":true,"height":17,"next_best":"${hashAt(18)}"}`,
    )
    expect(await textOf(`/block/${UNKNOWN}/status`)).toBe('{"in_best_chain":false,"height":null,"next_best":null}')
  })

  test.each([
    ['pruned', 404, 'Block body not kept: this relay is pruned'],
    ['damaged', 503, 'Block body damaged in this relay'],
  ] as const)('a %s body is a plain error', async (kind, status, body) => {
    sample.ledger.bodies.set(5, kind)
    const response = await front.get(`/api/block/${hashAt(5)}/raw`)
    expect([response.status, await response.text()]).toEqual([status, body])
  })
})

describe('transactions', () => {
  test('every kind of output has its type, and an address where it has one', async () => {
    const { vout } = await jsonOf(`/tx/${idOf(sample.everyKind)}`)
    const kinds = vout.map((o: Record<string, string>) => [
      o.scriptpubkey_type,
      o.scriptpubkey_address?.slice(0, 6) ?? null,
    ])
    expect(kinds).toEqual([
      ['p2pk', null],
      ['p2pkh', expect.stringMatching(/^[mn]/)],
      ['p2sh', expect.stringMatching(/^2/)],
      ['p2sh', expect.stringMatching(/^2/)],
      ['v0_p2wpkh', 'bcrt1q'],
      ['v0_p2wsh', 'bcrt1q'],
      ['v0_p2wsh', 'bcrt1q'],
      ['v1_p2tr', 'bcrt1p'],
      ['unknown', 'bcrt1p'],
      ['unknown', 'bcrt18'],
      ['unknown', null],
      ['empty', null],
      ['op_return', null],
    ])
  })

  test('what an input reveals is shown, and an empty witness is not', async () => {
    const { vin, fee, status } = await jsonOf(`/tx/${idOf(sample.revealing)}`)
    expect(Object.keys(vin[0])).toEqual([
      'txid',
      'vout',
      'prevout',
      'scriptsig',
      'scriptsig_asm',
      'is_coinbase',
      'sequence',
      'inner_redeemscript_asm',
    ])
    expect(vin[0].inner_redeemscript_asm).toMatch(/^OP_PUSHNUM_1 .* OP_CHECKMULTISIG$/)
    expect(Object.keys(vin[1])).toEqual([
      'txid',
      'vout',
      'prevout',
      'scriptsig',
      'scriptsig_asm',
      'witness',
      'is_coinbase',
      'sequence',
      'inner_witnessscript_asm',
    ])
    expect(fee).toBe(100_000_999)
    expect(status.block_height).toBe(14)
  })

  test('hex and bytes are the transaction', async () => {
    const raw = encode(transaction, sample.everyKind)
    expect(await textOf(`/tx/${idOf(sample.everyKind)}/hex`)).toBe(bytesToHex(raw))
    const response = await front.get(`/api/tx/${idOf(sample.everyKind)}/raw`)
    expect(new Uint8Array(await response.arrayBuffer())).toEqual(raw)
  })

  test('an unconfirmed transaction has a status of one field', async () => {
    expect(await textOf(`/tx/${idOf(sample.waiting)}/status`)).toBe('{"confirmed":false}')
    expect((await jsonOf(`/tx/${idOf(sample.waiting)}`)).status).toEqual({ confirmed: false })
    expect(await textOf(`/tx/${UNKNOWN}/status`)).toBe('{"confirmed":false}')
  })

  test('both proofs lead to the merkle root', async () => {
    const txids: string[] = await jsonOf(`/block/${block17}/txids`)
    const { merkle_root } = await jsonOf(`/block/${block17}`)
    for (const pos of [0, 1, 31, 32, 58, 59]) {
      const proof = await jsonOf(`/tx/${txids[pos]}/merkle-proof`)
      expect([proof.block_height, proof.pos]).toEqual([17, pos])
      const root = rootFromBranch(fromDisplay(txids[pos]!), pos, proof.merkle.map(fromDisplay))
      expect(toDisplay(root)).toBe(merkle_root)

      const tree = decode(merkleblock, hexToBytes(await textOf(`/tx/${txids[pos]}/merkleblock-proof`)))
      expect(bytesToHex(tree.header)).toBe(await textOf(`/block/${block17}/header`))
      const read = readPartialMerkle(tree)!
      expect(toDisplay(read.root)).toBe(merkle_root)
      expect(read.matches.map(({ index, txid }) => [index, toDisplay(txid)])).toEqual([[pos, txids[pos]]])
    }
  })

  test('spends are told for every output, and unknown ones count as unspent', async () => {
    const txidHex = idOf(sample.everyKind)
    const all = await jsonOf(`/tx/${txidHex}/outspends`)
    expect(all.length).toBe(13)
    expect(all[3]).toEqual({
      spent: true,
      txid: idOf(sample.revealing),
      vin: 0,
      status: { confirmed: true, block_height: 14, block_hash: hashAt(14), block_time: expect.any(Number) },
    })
    expect(await jsonOf(`/tx/${txidHex}/outspend/3`)).toEqual(all[3])
    expect(await textOf(`/tx/${txidHex}/outspend/99`)).toBe('{"spent":false}')
    expect(await textOf(`/tx/${UNKNOWN}/outspend/0`)).toBe('{"spent":false}')
    expect((await jsonOf(`/tx/${idOf(sample.waiting)}/outspends`))[1].status).toEqual({ confirmed: false })
  })
})

describe('addresses and scripthashes', () => {
  test('an address is named as typed, and its figures are alphabetical', async () => {
    const typed = minerAddress.toUpperCase()
    const body = await textOf(`/address/${typed}`)
    expect(body).toMatch(
      new RegExp(`^{"address":"${typed}","chain_stats":{"funded_txo_count":30,"funded_txo_sum":150000000000,`),
    )
    const byHash = await jsonOf(`/scripthash/${minerScripthash.toUpperCase()}`)
    expect(Object.keys(byHash)).toEqual(['chain_stats', 'mempool_stats', 'scripthash'])
    expect(byHash.chain_stats).toEqual(JSON.parse(body).chain_stats)
    expect(byHash.mempool_stats.spent_txo_count).toBe(11)
  })

  test('the history begins with what waits and pages through the chain to an empty list', async () => {
    const first = await jsonOf(`/address/${minerAddress}/txs`)
    const waiting = await jsonOf(`/address/${minerAddress}/txs/mempool`)
    expect(waiting.length).toBe(11)
    expect(first.slice(0, 11)).toEqual(waiting)
    expect(first.length).toBe(11 + 25)
    const chain: { txid: string; status: { block_height: number } }[] = []
    for (let last = ''; ; last = chain.at(-1)!.txid) {
      const page = await jsonOf(`/scripthash/${minerScripthash}/txs/chain${last && `/${last}`}`)
      if (page.length === 0) break
      chain.push(...page)
    }
    expect(chain.length).toBe(32)
    expect(new Set(chain.map(({ txid }) => txid)).size).toBe(32)
    const heights = chain.map(({ status }) => status.block_height)
    expect(heights).toEqual(heights.toSorted((a, b) => b - a))
  })

  test('an unreadable last_seen gives the first page, an unknown one none', async () => {
    const path = `/address/${minerAddress}/txs/chain`
    expect(await jsonOf(`${path}/zz`)).toEqual(await jsonOf(path))
    expect(await jsonOf(`${path}/`)).toEqual(await jsonOf(path))
    expect(await textOf(`${path}/${UNKNOWN}`)).toBe('[]')
  })

  test('an unused address has zeros and no history', async () => {
    const unused = addressOf(SCRIPTS.p2sh.with(5, 0xee), network.address)!
    expect((await jsonOf(`/address/${unused}`)).chain_stats.tx_count).toBe(0)
    expect(await textOf(`/address/${unused}/utxo`)).toBe('[]')
    expect(await textOf(`/address/${unused}/txs`)).toBe('[]')
  })

  test('unspent outputs leave out what the mempool spends', async () => {
    const utxos = await jsonOf(`/address/${minerAddress}/utxo`)
    expect(utxos.length).toBe(30 - 2 - 11)
    expect(Object.keys(utxos[0])).toEqual(['txid', 'vout', 'status', 'value'])
  })

  test('too many of them are refused', async () => {
    const busy = Object.create(sample.ledger, { scriptUtxos: { value: async () => 'too-many' } })
    const response = await frontOver(network, busy).get(`/api/address/${minerAddress}/utxo`)
    expect([response.status, await response.text()]).toEqual([400, 'Too many unspent outputs'])
  })
})

describe('the mempool', () => {
  test('is summed up with rates that carry a point', async () => {
    const body = await textOf('/mempool')
    expect(body).toMatch(/^{"count":12,"vsize":\d+,"total_fee":\d+,"fee_histogram":\[\[\d+\.\d+,\d+\]/)
    expect((await jsonOf('/mempool/txids')).length).toBe(12)
  })

  test('its latest come newest first with the value that they spend', async () => {
    const recent = await jsonOf('/mempool/recent')
    expect(recent.length).toBe(10)
    expect(Object.keys(recent[0])).toEqual(['txid', 'fee', 'vsize', 'value'])
    expect(recent[0].value).toBe(5_000_000_000)
  })
})
