import { afterAll, beforeAll, expect, test } from 'vitest'
import { keyedKinds } from '../../src/demo/wallet-outputs.ts'
import { SIGHASH } from '../../src/script/sighash.ts'
import { bytesToHex } from '../../src/wire/hash.ts'
import { pollFor } from '../poll.ts'
import type { Program } from '../program.ts'
import { describeNodes, Litecoind } from './litecoind.ts'
import { NodeWallet } from './node-wallet.ts'
import { expectNoComplaints, removeAll, startRelay, waitForTip, waitForTx } from './sides.ts'

// biome-ignore lint/suspicious/noExplicitAny: JSON of many shapes, and of several versions
type Json = any

interface Answer {
  status: number
  type: string | null
  bytes: Uint8Array
  text: string
}

/**
 * Whatever is a scriptPubKey inside, in the words of today: older nodes list addresses and know fewer kinds. Litecoin adds
 * whether something is of its extension, which nothing here is.
 */
function ofToday(value: Json): Json {
  if (Array.isArray(value)) return value.map(ofToday)
  if (value === null || typeof value !== 'object') return value
  const { reqSigs, addresses, ismweb, ...rest } = value
  if ('asm' in value && 'type' in value) {
    const hasAddress = !['pubkey', 'multisig', 'nulldata', 'nonstandard'].includes(value.type)
    if (addresses?.length === 1 && hasAddress) rest.address = addresses[0]
    if (value.hex === '51024e73') rest.type = 'anchor'
  }
  return Object.fromEntries(Object.entries(rest).map(([name, inner]) => [name, ofToday(inner)]))
}

describeNodes('the REST interface answers as the node’s own', (program) => {
  let node: Litecoind
  let relay: Program
  let ours: NodeWallet
  let hashes: string[]
  const waiting: string[] = []

  beforeAll(async () => {
    node = await Litecoind.start({ program, args: ['-rest=1', '-whitelist=noban@127.0.0.1'] })
    await node.createWallet()
    await node.rpc('generatetoaddress', [10, await node.rpc('getnewaddress')])
    ours = new NodeWallet(node)
    await ours.fund(3)
    const give = (bytes: Uint8Array) => node.rpc<string>('sendrawtransaction', [bytesToHex(bytes)])
    const mine = async () => {
      await node.mine(1)
      await ours.follow()
    }
    for (const kind of keyedKinds) await give(ours.send({ coins: [ours.coin(kind)], change: kind }).bytes)
    await mine()
    for (let i = 0; i < 2; i++) await give(ours.fanOut().bytes)
    await mine()
    for (const hashType of [SIGHASH.ALL, SIGHASH.NONE, SIGHASH.SINGLE, SIGHASH.ALL | SIGHASH.ANYONECANPAY]) {
      const coins = [ours.coin('p2pkh'), ours.coin('p2wsh'), ours.coin('p2tr')]
      const outputs = coins.map(({ script }) => ({ script, valueSat: 1_000_000 }))
      await give(ours.send({ coins, outputs, hashType }).bytes)
      await mine()
    }
    const anchored = ours.send({ coins: [ours.coin('p2a'), ours.coin('p2sh-p2wsh')] })
    await node.rpc('generateblock', [ours.wallet.receive('p2wpkh').address, [bytesToHex(anchored.bytes)]])
    await ours.follow()
    await node.mine(1, '6a0401020304')
    relay = await startRelay(program, node)
    await waitForTip(relay, node)
    for (let i = 0; i < 3; i++)
      waiting.push(
        await give(ours.send({ outputs: [{ script: ours.wallet.receive('p2wpkh').script, valueSat: 70_000 }] }).bytes),
      )
    for (const txid of waiting) await waitForTx(relay, txid)
    const height = await node.rpc<number>('getblockcount')
    hashes = []
    for (let at = 0; at <= height; at++) hashes.push(await node.rpc('getblockhash', [at]))
  })
  afterAll(() => removeAll(node, relay))

  async function read(response: Response): Promise<Answer> {
    const bytes = new Uint8Array(await response.arrayBuffer())
    const text = new TextDecoder().decode(bytes)
    return { status: response.status, type: response.headers.get('content-type'), bytes, text }
  }

  /** The node's answer and ours. */
  async function both(path: string, init: RequestInit = {}): Promise<[Answer, Answer]> {
    return [await read(await node.rest(path, init)), await read(await fetch(`${relay.http}/rest${path}`, init))]
  }

  async function expectSame(path: string, init: RequestInit = {}): Promise<Answer> {
    const [theirs, mine] = await both(path, init)
    expect(mine, path).toEqual(theirs)
    return mine
  }

  /** Every field that the node gives, with the same value; ours are of a newer version and may be more. */
  async function expectFields(path: string, except: readonly string[] = []): Promise<Json> {
    const [theirs, mine] = await both(path)
    expect([mine.status, mine.type], path).toEqual([theirs.status, theirs.type])
    const expected = ofToday(JSON.parse(theirs.text))
    const given = JSON.parse(mine.text)
    for (const name of except) delete expected[name]
    expect(given, path).toMatchObject(expected)
    return given
  }

  test('blocks and headers of every height', async () => {
    for (const [height, hash] of hashes.entries()) {
      await expectFields(`/block/notxdetails/${hash}.json`)
      await expectSame(`/blockhashbyheight/${height}.hex`)
      if (height < 100 && height % 10 > 0) continue
      await expectSame(`/block/${hash}.bin`)
      await expectSame(`/block/${hash}.hex`)
      await expectFields(`/block/${hash}.json`)
      await expectSame(`/blockhashbyheight/${height}.bin`)
      await expectSame(`/blockhashbyheight/${height}.json`)
    }
    for (const format of ['bin', 'hex']) await expectSame(`/headers/2000/${hashes[0]}.${format}`)
    await expectFields(`/headers/2000/${hashes[0]}.json`)
  })

  test('every transaction of the last blocks, and those that wait', async () => {
    const txids = [...waiting]
    for (const hash of hashes.slice(-12)) txids.push(...(await node.rpc<{ tx: string[] }>('getblock', [hash])).tx)
    for (const txid of txids) {
      await expectSame(`/tx/${txid}.bin`)
      await expectSame(`/tx/${txid}.hex`)
      await expectFields(`/tx/${txid}.json`)
    }
    expect(txids.length).toBeGreaterThan(30)
  })

  test('filters and their headers, which the node tells by RPC', async () => {
    const path = `${relay.http}/rest/blockfilterheaders/basic/${hashes[0]}.json?count=2000`
    const headers = async () => (await fetch(path)).json() as Promise<string[]>
    await pollFor('filters have come to the tip', async () => (await fetch(path)).status, 200)
    const given = await headers()
    expect(given).toHaveLength(hashes.length)
    for (const [height, hash] of hashes.entries()) {
      const theirs = await node.rpc<{ filter: string; header: string }>('getblockfilter', [hash])
      const { filter } = (await (await fetch(`${relay.http}/rest/blockfilter/basic/${hash}.json`)).json()) as Json
      expect([filter, given[height]]).toEqual([theirs.filter, theirs.header])
    }
  })

  test('unspent outputs, with and without the mempool, by path and by body', async () => {
    const { tx } = await node.rpc<{ tx: string[] }>('getblock', [hashes.at(-3)])
    const outpoints = [
      ...tx.slice(0, 4).flatMap((txid) => [`${txid}-0`, `${txid}-1`]),
      `${waiting[0]}-0`,
      `${waiting[2]}-1`,
    ]
    for (const path of [outpoints.join('/'), `checkmempool/${outpoints.join('/')}`]) {
      await expectSame(`/getutxos/${path}.bin`)
      await expectSame(`/getutxos/${path}.hex`)
      const { bitmap } = await expectFields(`/getutxos/${path}.json`)
      expect(bitmap).toContain('1')
    }
    // Without the flag that BIP 64 has before them: the node takes the length of a body for it.
    const question = Buffer.concat([
      Buffer.from([outpoints.length]),
      ...outpoints.map((outpoint) => {
        const [txid, index] = outpoint.split('-')
        return Buffer.concat([Buffer.from(txid!, 'hex').reverse(), Buffer.from([Number(index), 0, 0, 0])])
      }),
    ])
    const inPath = await fetch(`${relay.http}/rest/getutxos/checkmempool/${outpoints.join('/')}.bin`)
    const { bytes } = await expectSame('/getutxos.bin', { method: 'POST', body: question })
    expect(bytes).toEqual(new Uint8Array(await inPath.arrayBuffer()))
    await expectSame('/getutxos.hex', { method: 'POST', body: question.toString('hex') })
  })

  test('chain and mempool', async () => {
    // Sizes are of other stores, progress is an estimate, and REST told of soft forks and warnings in other forms.
    await expectFields('/chaininfo.json', [
      'size_on_disk',
      'verificationprogress',
      'softforks',
      'warnings',
      'softforks',
    ])
    const ownMemory = [
      'usage',
      'maxmempool',
      'mempoolminfee',
      'minrelaytxfee',
      'incrementalrelayfee',
      'unbroadcastcount',
    ]
    await expectFields('/mempool/info.json', ownMemory)
    const [theirs, mine] = await both('/mempool/contents.json')
    const [a, b] = [theirs, mine].map(({ text }) => JSON.parse(text))
    expect(Object.keys(b).sort()).toEqual(Object.keys(a).sort())
    const same = [
      'vsize',
      'weight',
      'height',
      'descendantcount',
      'descendantsize',
      'ancestorcount',
      'ancestorsize',
      'wtxid',
      'depends',
      'bip125-replaceable',
    ]
    for (const [txid, entry] of Object.entries<Json>(a)) {
      for (const name of same) expect(b[txid][name], name).toEqual(entry[name])
      expect(b[txid].fees).toMatchObject(entry.fees)
      expect([...b[txid].spentby].sort()).toEqual([...entry.spentby].sort())
    }
  })

  test('refusals have the same status and text', async () => {
    const unknown = 'ab'.repeat(32)
    const some = `${waiting[0]}-0`
    const paths = [
      '/tx/abc.json',
      `/tx/${unknown}.json`,
      `/tx/${waiting[0]}`,
      '/block/abc.bin',
      `/block/${unknown}.bin`,
      `/block/${hashes[1]}`,
      `/block/notxdetails/${unknown}.json`,
      `/headers/5/abc.bin`,
      `/headers/5/${unknown}.json`,
      `/headers/5/${unknown}.bin`,
      `/headers/5/${hashes[1]}`,
      '/blockhashbyheight/abc.json',
      '/blockhashbyheight/-1.json',
      '/blockhashbyheight/1000000.json',
      '/blockhashbyheight/1',
      '/getutxos.json',
      '/getutxos/checkmempool.json',
      `/getutxos/${some}`,
      `/getutxos/${waiting[0]}-x.json`,
      `/getutxos/${Array(16).fill(some).join('/')}.json`,
    ]
    for (const path of paths) {
      const [theirs, mine] = await both(path)
      expect([path, mine.status, mine.text]).toEqual([path, theirs.status, theirs.text])
    }
    for (const [format, body] of [
      ['bin', '{"checkmempool'],
      ['json', '{"checkmempool'],
    ]) {
      const [theirs, mine] = await both(`/getutxos.${format}`, { method: 'POST', body })
      expect([mine.status, mine.text]).toEqual([theirs.status, theirs.text])
    }
    const combined = await both(`/getutxos/${some}.bin`, { method: 'POST', body: '0000' })
    expect(combined[1].text).toBe(combined[0].text)
    await expectNoComplaints(node)
  })
})
