import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { filterHash, filterHeader } from '../../src/chain/block-filter.ts'
import { regtest } from '../../src/chain/networks/regtest.ts'
import { CloseCode, MAX_FRAME, SUBPROTOCOL } from '../../src/host/door.ts'
import { addressOf } from '../../src/script/address.ts'
import { encodeFrame } from '../../src/wire/frame.ts'
import { bytesToHex, equalBytes, fromDisplay, hashKey, hexToBytes, sha256, toDisplay } from '../../src/wire/hash.ts'
import { InvType } from '../../src/wire/inventory.ts'
import { parseTransaction } from '../../src/wire/transaction.ts'
import { poll, pollFor } from '../poll.ts'
import { ChainMaker, COINBASE_SCRIPT, P2WSH_TRUE } from '../sim/chain-maker.ts'
import type { Misdeed } from '../sim/misdeeds.ts'
import { BCOIN, CORE, LITECOIN } from '../sim/node-styles.ts'
import { EventReader } from './event-reader.ts'
import { LiveClient } from './live-client.ts'
import { BIG_BYTES, hexOf, LIVE, Scene } from './scene.ts'
import type { Shell } from './shell.ts'
import { transactionCases } from './transaction-cases.ts'

/** Whole chains move. */
const SYNC = { within: 20_000 }
const BLOCKS = 300
const ADDRESS = addressOf(P2WSH_TRUE, regtest.address)!
const COINBASE_HASH = bytesToHex(sha256(COINBASE_SCRIPT))

interface Tx {
  txid: string
  status: { confirmed: boolean; block_height?: number; block_hash?: string }
}

interface RestBlock {
  tx: { txid: string; vin: { txid: string; prevout: object }[] }[]
}

const txidOf = (bytes: Uint8Array) => parseTransaction(bytes).txid

/**
 * What a relay has to do, whatever runtime it is in: seen from outside, by HTTP and through the door, by peers that are
 * scripts. Tests go on from where the ones before have left the chain.
 */
export function smokeSuite(name: string, start: () => Promise<Shell>): void {
  describe(`a relay on ${name}`, () => {
    const scene = new Scene()
    const { maker } = scene

    beforeAll(async () => {
      scene.relay = await start()
    }, 30_000)
    afterEach(({ task }) => {
      if (task.result?.state === 'fail') console.log(`${name}, last words:\n${scene.relay?.log().slice(-4000)}`)
    })
    afterAll(() => scene.end())

    test('one that has seen nobody shows the genesis block', async () => {
      expect(await scene.tipHeight()).toBe(0)
      expect(await scene.tipHash()).toBe(hexOf(maker.genesis))
      expect(await scene.text('/')).toContain('regtest')
      expect(await scene.json(`/api/block/${hexOf(maker.genesis)}`)).toMatchObject({ height: 0, tx_count: 1 })
    })

    test('it takes in 300 blocks and one of 4 MB from a peer that comes in by the door', async () => {
      scene.mineFirst(BLOCKS - 1)
      scene.mineBig()
      scene.giver = await scene.comeInWithAll()
      await pollFor('the relay has it all', () => scene.tipHeight(), BLOCKS, SYNC)
      expect(await scene.tipHash()).toBe(hexOf(maker.tip))
      const raw = new Uint8Array(await (await scene.get(`/api/block/${hexOf(maker.tip)}/raw`)).arrayBuffer())
      expect(equalBytes(raw, maker.tip.bytes)).toBe(true)
    }, 30_000)

    test.each([
      ['Bitcoin Core', CORE],
      ['Litecoin Core', LITECOIN],
      ['bcoin', BCOIN],
    ])(
      'a peer like %s takes it all from the relay',
      async (_, style) => {
        // The stream may be cut anywhere.
        const peer = await scene.comeIn({ style, piece: 37 })
        await pollFor('it has all', () => peer.peer.shelf.tip.height, BLOCKS, SYNC)
        const theirs = peer.peer.shelf.chain
        const ours = maker.chain()
        expect(theirs.every(({ bytes }, i) => equalBytes(bytes, ours[i]!.bytes))).toBe(true)
        if (style === CORE) scene.taker = peer
        else peer.close()
      },
      30_000,
    )

    test('blocks and transactions of either peer reach the other at once', async () => {
      expect(await scene.followsBoth()).toBe(true)
      const [byGiver, byTaker] = [scene.payment(10), scene.payment(11)]
      scene.giver.send(scene.giver.peer.offer(byGiver))
      scene.taker.send(scene.taker.peer.offer(byTaker))
      await poll('the taker has the giver’s', () => scene.taker.peer.txs.has(hashKey(txidOf(byGiver))), LIVE)
      await poll('the giver has the taker’s', () => scene.giver.peer.txs.has(hashKey(txidOf(byTaker))), LIVE)
      const waiting = [byGiver, byTaker].map((tx) => toDisplay(txidOf(tx)))
      expect((await scene.json<string[]>('/api/mempool/txids')).sort()).toEqual(waiting.sort())

      await scene.announce(scene.taker, maker.mine(1, { transactions: [byGiver, byTaker] }))
      expect(await scene.json('/api/mempool/txids')).toEqual([])
    })

    test('a transaction handed in by HTTP reaches every peer, and what is wrong with another is told', async () => {
      const tx = scene.payment(12)
      const post = (body: string) => scene.ask('/api/tx', { method: 'POST', body })
      expect(await (await post(bytesToHex(tx))).text()).toBe(toDisplay(txidOf(tx)))
      const key = hashKey(txidOf(tx))
      await poll('both have it', () => scene.giver.peer.txs.has(key) && scene.taker.peer.txs.has(key), LIVE)
      for (const body of ['', 'zz', bytesToHex(tx).slice(2), bytesToHex(scene.payment(10))]) {
        expect((await post(body)).status, body.slice(0, 8)).toBe(400)
      }
      await scene.announce(scene.giver, maker.mine(1, { transactions: [tx] }))
    })

    test('programs that read blocks from a node read them here, 4 MB at a time', async () => {
      const rest = (path: string) => scene.get(`/rest${path}`)
      const bytes = async (path: string) => new Uint8Array(await (await rest(path)).arrayBuffer())
      const big = maker.chain()[BLOCKS - 1]!
      const name = hexOf(big)
      expect(equalBytes(await bytes(`/block/${name}.bin`), big.bytes)).toBe(true)
      expect(await (await rest(`/block/${name}.hex`)).text()).toBe(`${bytesToHex(big.bytes)}\n`)
      expect(await bytes(`/blockpart/${name}.bin?offset=${BIG_BYTES}&size=100`)).toEqual(
        big.bytes.slice(BIG_BYTES, BIG_BYTES + 100),
      )
      // Three times as long as the block, and made while it is sent.
      const block = (await (await rest(`/block/${name}.json`)).json()) as RestBlock
      expect(block).toMatchObject({ height: BLOCKS, nTx: 2, size: big.bytes.length })
      const spends = block.tx[1]!
      expect(spends.vin[0]!.prevout).toMatchObject({ generated: true, height: 1, value: 50 })
      const spent = (await (await rest(`/spenttxouts/${name}.json`)).json()) as unknown[][]
      expect(spent.map(({ length }) => length)).toEqual([0, 1])
      expect(await bytes(`/headers/${name}.bin?count=1`)).toEqual(big.header)
      const { blocks } = (await (await rest('/chaininfo.json')).json()) as { blocks: number }
      expect(blocks).toBe(maker.tip.height)
      const utxos = await rest(`/getutxos/checkmempool/${spends.txid}-0/${spends.vin[0]!.txid}-0.json`)
      expect(await utxos.json()).toMatchObject({ chainHeight: blocks, bitmap: '10' })
    }, 30_000)

    test('filters for light clients follow the chain', async () => {
      const { length } = maker.chain()
      const headers = async () => {
        const answer = await scene.ask(`/rest/blockfilterheaders/basic/${hexOf(maker.genesis)}.json?count=2000`)
        return answer.status === 200 ? ((await answer.json()) as string[]) : []
      }
      await pollFor('there is one for every block', async () => (await headers()).length, length + 1, SYNC)
      const [before, last] = (await headers()).slice(-2)
      const { filter } = await scene.json<{ filter: string }>(`/rest/blockfilter/basic/${hexOf(maker.tip)}.json`)
      const header = filterHeader(filterHash(hexToBytes(filter)), fromDisplay(before!))
      expect(toDisplay(header)).toBe(last)
    }, 30_000)

    test('the API answers for what the peers gave', async () => {
      const chain = maker.chain()
      const big = chain[BLOCKS - 1]!
      expect(await scene.json<{ id: string }[]>('/api/blocks')).toMatchObject(
        chain
          .slice(-10)
          .reverse()
          .map((block) => ({ id: hexOf(block), height: block.height })),
      )
      expect(await scene.text(`/api/block-height/${BLOCKS}`)).toBe(hexOf(big))
      expect(await scene.json(`/api/block/${hexOf(big)}`)).toMatchObject({ tx_count: 2, size: big.bytes.length })
      expect(await scene.json(`/api/block/${hexOf(big)}/txids`)).toEqual(big.txids.map((txid) => toDisplay(txid)))
      expect(await scene.text(`/api/block/${hexOf(big)}/header`)).toBe(bytesToHex(big.header))

      const paid = chain.find(({ txids }) => txids.length === 3)!
      const txid = toDisplay(paid.txids[1]!)
      const tx = await scene.json<Tx & { vout: { scriptpubkey_address: string; value: number }[] }>(`/api/tx/${txid}`)
      expect(tx).toMatchObject({ txid, status: { confirmed: true, block_hash: hexOf(paid) } })
      expect(tx.vout[0]).toMatchObject({ scriptpubkey_address: ADDRESS, value: 2_0000_0000 })
      expect(await scene.json(`/api/tx/${txid}/merkle-proof`)).toMatchObject({ block_height: paid.height, pos: 1 })
      expect(await scene.json(`/api/tx/${toDisplay(chain[9]!.txids[0]!)}/outspend/0`)).toMatchObject({ spent: true })
      expect(await scene.json(`/api/address/${ADDRESS}`)).toMatchObject({
        chain_stats: { funded_txo_count: 3, funded_txo_sum: 6_0000_0000 },
      })
      expect(await scene.json(`/api/address/${ADDRESS}/txs`)).toHaveLength(3)
      expect(await scene.json(`/api/address/${ADDRESS}/utxo`)).toHaveLength(3)
      expect(await scene.json('/blocks/tip/height')).toBe(await scene.tipHeight())
      expect(await scene.json('/openapi.json')).toMatchObject({ openapi: '3.1.1' })
      expect(await scene.json(`/api/address/${ADDRESS}/txs/summary`)).toHaveLength(3)
      expect(await scene.json(`/api/address/${ADDRESS}/txs?max_txs=2`)).toHaveLength(2)
      expect(await scene.json('/api/fee-estimates')).toBeTypeOf('object')
    })

    test('it answers what mempool.space adds, of the chain and of what waits', async () => {
      const chain = maker.chain()
      const v1 = <T>(path: string) => scene.json<T>(`/api/v1${path}`)
      const tip = { id: hexOf(maker.tip), height: maker.tip.height, extras: { header: bytesToHex(maker.tip.header) } }
      const blocks = await v1<object[]>('/blocks')
      expect(blocks).toHaveLength(15)
      expect(blocks[0]).toMatchObject(tip)
      expect(await v1(`/block/${tip.id}`)).toEqual(blocks[0])
      const big = chain[BLOCKS - 1]!
      expect(await v1<{ txid: string }[]>(`/block/${hexOf(big)}/summary`)).toMatchObject(
        big.txids.map((txid) => ({ txid: toDisplay(txid) })),
      )
      const { hash, height, time } = chain[99]!
      expect(await v1(`/mining/blocks/timestamp/${time}`)).toMatchObject({ height, hash: toDisplay(hash) })
      expect(await v1('/mining/reward-stats/144')).toMatchObject({ endBlock: tip.height })
      expect(await v1('/mining/hashrate/all')).toMatchObject({ difficulty: [], currentHashrate: expect.any(Number) })
      expect(await v1('/difficulty-adjustment')).toMatchObject({ nextRetargetHeight: 2016 })
      expect(await v1('/chain-tips')).toMatchObject([{ hash: tip.id, branchlen: 0, status: 'active' }])
      expect(await v1('/fees/recommended')).toMatchObject({ fastestFee: 1, minimumFee: 1 })
      expect(await v1('/fees/mempool-blocks')).toEqual([])
      expect(await v1('/replacements')).toEqual([])
      const coinbase = toDisplay(chain[200]!.txids[0]!)
      expect(await v1(`/transaction-times?txId[]=${coinbase}`)).toEqual([0])
      const body = JSON.stringify([{ txid: coinbase, vout: 0 }])
      const prevouts = await scene.ask('/api/v1/prevouts', { method: 'POST', body })
      expect(await prevouts.json()).toMatchObject([{ unconfirmed: false }])
      expect(await scene.json('/api/fee-estimates')).toMatchObject({ 1: expect.any(Number), 1008: expect.any(Number) })
    })

    test('the pages show it to people', async () => {
      const [paid] = maker.chain().filter(({ txids }) => txids.length === 3)
      const txid = toDisplay(paid!.txids[1]!)
      for (const [path, shown] of [
        ['/', maker.tip.height.toLocaleString('en')],
        ['/blocks', String(maker.tip.height)],
        [`/block/${hexOf(paid!)}`, txid],
        [`/block/${BLOCKS}`, '4.'],
        [`/tx/${txid}`, ADDRESS],
        [`/address/${ADDRESS}`, txid],
        ['/mempool', 'mempool'],
        ['/network', '/Satoshi:31.99.0/'],
        ['/docs', 'GET /api/tx/{txid}'],
      ] as const) {
        const answer = await scene.get(path, { headers: { Accept: 'text/html' } })
        expect(answer.headers.get('Content-Type'), path).toMatch(/^text\/html/)
        const page = await answer.text()
        expect(page, path).toContain('</html>')
        expect(page.replaceAll(/<[^>]*>/g, ''), path).toContain(shown)
      }
      const script = /<script type="module" src="([^"]+)"/.exec(await scene.text('/'))![1]!
      const answer = await scene.get(script)
      expect(answer.headers.get('Content-Type')).toMatch(/^text\/javascript/)
      expect(answer.headers.get('Cache-Control')).toContain('immutable')
    })

    test.each([
      [`/api/block/${'00'.repeat(32)}`, 404, 'Block not found'],
      ['/api/block/xyz', 400, 'Invalid hex string'],
      ['/api/block-height/100000', 404, 'Block not found'],
      [`/api/tx/${'00'.repeat(32)}`, 404, 'Transaction not found'],
      ['/api/address/nobody', 400, /./],
      ['/api/nothing', 404, 'endpoint does not exist "/nothing"'],
    ])('%s is answered with %i and a text that programs know', async (path, status, message) => {
      const answer = await scene.ask(path)
      expect(answer.status).toBe(status)
      expect(await answer.text()).toMatch(message instanceof RegExp ? message : new RegExp(`^${message}$`))
      expect(answer.headers.get('Content-Type')).toBe('text/plain')
      expect(answer.headers.get('Access-Control-Allow-Origin')).toBe('*')
    })

    test('pages of other sites may ask, and people who ask for what is not there get a page', async () => {
      expect((await scene.get('/api/blocks/tip/height')).headers.get('Access-Control-Allow-Origin')).toBe('*')
      const preflight = await scene.ask('/api/tx', { method: 'OPTIONS', headers: { Origin: 'https://wallet.example' } })
      expect(preflight.status).toBe(204)
      expect(preflight.headers.get('Access-Control-Allow-Methods')).toContain('POST')
      const lost = await scene.ask('/nowhere', { headers: { Accept: 'text/html' } })
      expect(lost.status).toBe(404)
      expect(await lost.text()).toContain('</html>')
    })

    test('answers and pages go packed to those who can unpack them, and not again to those who have them', async () => {
      for (const [path, accept] of [
        ['/api/blocks', '*/*'],
        ['/blocks', 'text/html'],
      ] as const) {
        const ask = (coding: string) => scene.get(path, { headers: { Accept: accept, 'Accept-Encoding': coding } })
        const plain = await ask('identity')
        expect(plain.headers.get('Content-Encoding'), path).toBeNull()
        const text = await plain.text()
        for (const coding of ['gzip', 'br']) {
          const packed = await ask(coding)
          expect(packed.headers.get('Content-Encoding'), path).toBe(coding)
          expect(packed.headers.get('Vary'), path).toContain('Accept-Encoding')
          // The ages on a page go on.
          const unpacked = await packed.text()
          expect(path === '/blocks' ? unpacked.slice(0, 100) : unpacked).toBe(
            path === '/blocks' ? text.slice(0, 100) : text,
          )
        }
      }
      const { headers } = await scene.get('/api/blocks')
      const again = await scene.ask('/api/blocks', { headers: { 'If-None-Match': headers.get('ETag')! } })
      expect([again.status, await again.text()]).toEqual([304, ''])
    })

    test('a program follows blocks, a transaction and an address by the WebSocket of mempool.space', async () => {
      const live = await LiveClient.open(scene.relay.http)
      live.say({ action: 'ping' })
      expect(await live.hears('pong')).toBe(true)
      live.say({ action: 'init' })
      const blocks: { id: string; height: number }[] = await live.hears('blocks')
      expect(blocks.map(({ height }) => height)).toEqual(Array.from({ length: 8 }, (_, i) => maker.tip.height - 7 + i))
      expect(blocks.at(-1)!.id).toBe(hexOf(maker.tip))
      expect(Object.keys(live.told[1]!)).toEqual(
        expect.arrayContaining(['mempoolInfo', 'fees', 'da', 'mempool-blocks']),
      )

      const tx = scene.payment(14)
      const txid = toDisplay(txidOf(tx))
      live.say({ action: 'want', data: ['blocks', 'stats'] })
      live.say({ 'track-tx': txid, 'watch-mempool': true })
      live.say({ 'track-address': ADDRESS })
      live.say({ 'track-mempool-txids': true })
      // Whatever was said before is done.
      live.say({ 'track-addresses': Array(101).fill(ADDRESS) })
      await live.hears('track-addresses-error')
      await live.hears('mempoolInfo')
      scene.giver.send(scene.giver.peer.offer(tx))
      expect(await live.hears('tx')).toMatchObject({ txid, status: { confirmed: false } })
      expect(await live.hears('txPosition')).toMatchObject({ txid, position: { block: 0 } })
      expect(await live.hears('address-transactions')).toMatchObject([{ txid }])
      expect(await live.hears('mempool-txids')).toMatchObject({ added: [txid], mined: [] })

      await scene.announce(scene.taker, maker.mine(1, { transactions: [tx] }))
      expect(await live.hears('block')).toMatchObject({ id: hexOf(maker.tip), extras: { totalFees: 10_000 } })
      expect(await live.hears('txConfirmed')).toBe(txid)
      expect(await live.hears('block-transactions')).toMatchObject([{ txid, status: { block_hash: hexOf(maker.tip) } }])
      live.close()
    }, 30_000)

    test.each([
      ['what is no JSON', '{"action":', 1007],
      ['a message of a byte too many', `"${'x'.repeat(49_999)}"`, 1009],
      ['messages without end', undefined, 1008],
    ])('by that, %s ends the connection with what it is', async (_, message, code) => {
      const live = await LiveClient.open(scene.relay.http)
      if (message === undefined) for (let i = 0; i < 101; i++) live.say({ action: 'ping' })
      else live.say(message)
      await poll('it is closed', () => live.closedWith !== undefined, LIVE)
      expect(live.closedWith).toBe(code)
      const plain = await scene.ask('/api/v1/ws')
      expect([plain.status, plain.headers.get('Access-Control-Allow-Origin')]).toEqual([426, '*'])
    })

    test('a program that comes back to the events gets what it missed', async () => {
      const first = await EventReader.open(scene.relay.http)
      await first.hears('tip')
      await first.close()
      const tx = scene.payment(15)
      scene.giver.send(scene.giver.peer.offer(tx))
      await pollFor('it waits', async () => (await scene.json<string[]>('/api/mempool/txids')).length, 1, LIVE)
      await scene.announce(scene.taker, maker.mine(1, { transactions: [tx] }))
      const again = await EventReader.open(scene.relay.http, first.lastId)
      expect(await again.hears('tx')).toMatchObject({ txid: toDisplay(txidOf(tx)) })
      expect(await again.hears('block')).toMatchObject({ id: hexOf(maker.tip), height: maker.tip.height, tx_count: 2 })
      await scene.announce(scene.giver, maker.mine(1))
      expect(await again.hears('block')).toMatchObject({ id: hexOf(maker.tip) })
      await again.close()
      expect((await scene.ask('/events?types=all')).status).toBe(400)
    })

    transactionCases(scene)

    test('a longer branch takes over, and what only the other one had waits again', async () => {
      const at = maker.tip
      const tx = scene.payment(13)
      const short = maker.mine(3, {}, maker.block({ transactions: [tx] }, at))
      const loser = maker.find(short[0]!.prev)!
      await scene.announce(scene.giver, [loser, ...short])
      const long = maker.mine(6, {}, at)
      await scene.announce(scene.taker, long)
      expect(await scene.json(`/api/block/${hexOf(loser)}/status`)).toMatchObject({ in_best_chain: false })
      expect(await scene.text(`/api/block-height/${loser.height}`)).toBe(hexOf(long[0]!))
      expect(await scene.json(`/api/tx/${toDisplay(txidOf(tx))}/status`)).toEqual({ confirmed: false })
      expect(await scene.json('/api/mempool/txids')).toEqual([toDisplay(txidOf(tx))])
      await scene.announce(scene.giver, maker.mine(1, { transactions: [tx] }))
      expect(await scene.json(`/api/tx/${toDisplay(txidOf(tx))}/status`)).toMatchObject({
        block_hash: hexOf(maker.tip),
      })
    })

    test('questions asked while branches take over are all answered, each from one state of the chain', async () => {
      const fixed = [`/api/block/${hexOf(maker.chain()[99]!)}`, `/api/tx/${toDisplay(maker.chain()[99]!.txids[0]!)}`]
      const before = await Promise.all(fixed.map((path) => scene.text(path)))
      let told = 0
      let answered = 0
      let over = false
      const checks: ((known: number) => Promise<void>)[] = [
        async () => expect(await Promise.all(fixed.map((path) => scene.text(path)))).toEqual(before),
        async (known) => {
          const height = await scene.tipHeight()
          expect(height).toBeGreaterThanOrEqual(known)
          told = Math.max(told, height)
        },
        async () => expect(maker.find(fromDisplay(await scene.tipHash()))).toBeDefined(),
        async () => {
          const blocks = await scene.json<{ id: string; previousblockhash: string }[]>('/api/blocks')
          for (let i = 1; i < blocks.length; i++) expect(blocks[i - 1]!.previousblockhash).toBe(blocks[i]!.id)
        },
        async () => {
          const txs = await scene.json<Tx[]>(`/api/scripthash/${COINBASE_HASH}/txs/chain`)
          expect(txs).toHaveLength(25)
          const first = maker.find(fromDisplay(txs[0]!.status.block_hash!))!
          const chain = maker.chain(first)
          for (const { status } of txs) expect(hexOf(chain[status.block_height! - 1]!)).toBe(status.block_hash)
        },
        async () => expect(await scene.text('/')).toContain('</html>'),
        async () => expect(await scene.page('/blocks')).toContain('</html>'),
      ]
      const asking = Promise.all(
        Array.from({ length: 6 }, async (_, first) => {
          for (let i = first; !over || answered < 300; i++) {
            await checks[i % checks.length]!(told)
            answered++
          }
        }),
      )
      const reorganising = (async () => {
        for (let round = 0; round < 5; round++) {
          const parent = maker.chain().at(-1 - 2 * round)!
          await scene.announce(round % 2 ? scene.giver : scene.taker, maker.mine(2 * round + 1, {}, parent))
        }
      })().finally(() => {
        over = true
      })
      await Promise.all([asking, reorganising])
      expect(await scene.tipHeight()).toBe(maker.tip.height)
    }, 30_000)

    test.each<[string, number, (ws: WebSocket) => void]>([
      ['a text message', CloseCode.NOT_BINARY, (ws) => ws.send('version')],
      ['a message of a byte too many', CloseCode.TOO_LARGE, (ws) => ws.send(new Uint8Array(MAX_FRAME + 1))],
      ['junk', CloseCode.NORMAL, (ws) => ws.send(new Uint8Array(10_000).fill(0x5a))],
      [
        'a message that another one was written over',
        CloseCode.NORMAL,
        (ws) => ws.send(encodeFrame(regtest.magic, 'version', new Uint8Array(100)).fill(1, 80)),
      ],
      [
        'a message that claims 4 GB',
        CloseCode.NORMAL,
        (ws) => {
          const frame = encodeFrame(regtest.magic, 'block', new Uint8Array(0))
          frame.fill(0xff, 16, 20)
          ws.send(frame)
        },
      ],
    ])('%s ends the link with %i, and nothing else', async (_, code, act) => {
      const ws = new WebSocket(scene.relay.door, SUBPROTOCOL, { perMessageDeflate: false })
      await once(ws, 'open')
      act(ws)
      expect((await once(ws, 'close'))[0]).toBe(code)
      expect(await scene.followsBoth()).toBe(true)
    })

    test.each<[string, Misdeed[]]>([
      ['blocks with a byte changed', ['bad-blocks']],
      ['headers without work', ['bad-work']],
      ['garbage after the handshake', ['garbage']],
    ])('a peer that gives %s is let go, and nobody else', async (_, misdeeds) => {
      const fork = new ChainMaker({ seed: 72 })
      const blocks = fork.mine(maker.tip.height + 10).map(({ bytes }) => bytes)
      const bad = await scene.comeIn({ blocks, misdeeds, syncs: false })
      await poll('it is let go', () => bad.closeCode !== undefined, LIVE)
      expect(await scene.followsBoth()).toBe(true)
    })

    test.each([
      ['without a subprotocol', []],
      ['for another version', ['causeway.p2p.v0']],
    ])('a guest %s is refused', async (_, protocols) => {
      const ws = new WebSocket(scene.relay.door, protocols)
      ws.once('error', () => {})
      const [, response] = await once(ws, 'unexpected-response')
      expect(response.statusCode).toBe(400)
      ws.terminate()
    })

    test('it goes on where it was when its operator starts it again', async () => {
      const told = () =>
        Promise.all(['/api/blocks', `/api/address/${ADDRESS}/txs/chain`].map((path) => scene.text(path)))
      const before = await told()
      await scene.relay.restart()
      expect(await told()).toEqual(before)
      await poll(
        'the links are gone',
        () => scene.giver.closeCode !== undefined && scene.taker.closeCode !== undefined,
        LIVE,
      )
      await scene.meetFollowers()
      expect(await scene.followsBoth()).toBe(true)
    }, 30_000)

    test('a guest that stops reading holds up nobody, and gets the rest when it reads on', async () => {
      const guest = await scene.comeIn({ syncs: false })
      guest.ws.pause()
      const big = { type: InvType.WITNESS_BLOCK, hash: maker.chain()[BLOCKS - 1]!.hash }
      for (let i = 0; i < 4; i++) guest.send(guest.peer.say({ command: 'getdata', items: [big] }))
      expect(await scene.followsBoth()).toBe(true)
      let came = 0
      guest.ws.on('message', (data: Buffer) => {
        came += data.length
      })
      guest.ws.resume()
      await poll('it has all', () => came > 4 * BIG_BYTES, SYNC)
      expect(guest.closeCode).toBeUndefined()
      guest.close()
    }, 30_000)

    test('a transaction taken from a wallet outlives a crash right after', async () => {
      const tx = scene.payment(20)
      const txidHex = toDisplay(txidOf(tx))
      const body = bytesToHex(tx)
      expect(await (await scene.ask('/api/tx', { method: 'POST', body })).text()).toBe(txidHex)
      const waiting = (await scene.json<string[]>('/api/mempool/txids')).sort()
      expect(waiting).toContain(txidHex)
      await scene.relay.crash()
      expect((await scene.json<string[]>('/api/mempool/txids')).sort()).toEqual(waiting)
      await scene.meetFollowers()
      await scene.announce(scene.giver, maker.mine(1, { transactions: [tx] }))
      expect(await scene.json('/api/mempool/txids')).not.toContain(txidHex)
    }, 30_000)

    test('nothing that it told is lost in a crash, whenever that comes', async () => {
      let told = 0
      let toldBefore = 0
      let progressed = 0
      const crash = async (what: string) => {
        await scene.relay.crash()
        if (told > toldBefore) progressed++
        toldBefore = told
        expect(await scene.tipHeight(), what).toBeGreaterThanOrEqual(told)
        await scene.meetFollowers()
        await pollFor(`it catches up after ${what}`, () => scene.tipHash(), hexOf(maker.tip), SYNC)
      }
      for (let round = 0; round < 3; round++) {
        const until = Date.now() + 150 + 170 * round
        while (Date.now() < until) {
          // Now and then the last block is left behind.
          const parent = maker.tip.height % 9 === 0 ? maker.find(maker.tip.prev)! : maker.tip
          for (const { bytes } of maker.mine(parent === maker.tip ? 1 : 2, {}, parent)) {
            scene.giver.send(scene.giver.peer.mined(bytes))
          }
          told = Math.max(told, await scene.tipHeight())
          await sleep(5)
        }
        await crash(`crash ${round} while blocks come`)
      }
      for (let round = 0; round < 3; round++) {
        scene.giver.close()
        maker.mine(80)
        scene.mineBig()
        maker.mine(80)
        scene.giver = await scene.comeInWithAll()
        const until = Date.now() + 40 + 80 * round
        while (Date.now() < until) told = Math.max(told, await scene.tipHeight())
        await crash(`crash ${round} in a download`)
      }
      expect(progressed, 'crashes after progress').toBeGreaterThanOrEqual(3)
      expect(await scene.followsBoth()).toBe(true)
      const fresh = await scene.comeIn()
      await pollFor('somebody new takes all of it', () => fresh.peer.shelf.tip.height, maker.tip.height, SYNC)
      expect(toDisplay(fresh.peer.shelf.tip.hash)).toBe(hexOf(maker.tip))
    }, 120_000)
  })
}
