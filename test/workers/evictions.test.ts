import { evictDurableObject, runInDurableObject } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { expect, test } from 'vitest'
import { hubOf, ledgerOf } from '../../src/cloudflare/env.ts'
import { toDisplay } from '../../src/wire/hash.ts'
import { poll } from '../poll.ts'
import { ChainMaker, type MadeBlock } from '../sim/chain-maker.ts'
import { SeededRandom } from '../sim/random.ts'
import { ask, WsPeer } from './ws-peer.ts'

const BLOCKS = 300
/** Most that are mined at once. */
const BURST = 5

const heightOf = async () => Number(await (await ask('/api/blocks/tip/height')).text())
const hashAt = async (height: number) => (await ask(`/api/block-height/${height}`)).text()

/** One that is not running has no memory already. */
const evict = (stub: DurableObjectStub) =>
  evictDurableObject(stub).catch((error) => expect(String(error)).toContain('running'))

/** What it has not stored by now is lost, and whoever asked it something gets an error. */
const breakDown = (stub: DurableObjectStub) =>
  runInDurableObject(stub, (_, state) => state.abort('a test')).catch(() => {})

test('300 blocks pass while the objects are evicted every few of them, and nothing is lost that was said', async () => {
  const random = new SeededRandom(Math.floor(Math.random() * 2 ** 32))
  const maker = new ChainMaker({ seed: 11 })
  const ends = { hub: 0, ledger: 0, broken: 0 }
  // Shown where the test fails.
  console.log('seed', random.seed)

  /** A peer with the chain up to a height. */
  const comeIn = (height: number) => {
    const blocks = maker.chain().slice(0, height)
    return WsPeer.dial({ blocks: blocks.map(({ bytes }) => bytes), cut: 10_000 })
  }
  let miner = await comeIn(0)
  let follower = await comeIn(0)
  /** Those whose handshake or message went with the hub's memory are told to; they come again, as nodes do. */
  const comeAgain = async () => {
    for (const { closed } of [miner, follower]) expect(closed?.reason ?? 'evicted').toBe('evicted')
    if (miner.closed) miner = await comeIn(maker.tip.height)
    if (follower.closed) follower = await comeIn(follower.peer.shelf.tip.height)
  }
  /** Greatest height that the relay told of, to programs or to peers. */
  let said = 0
  const listen = async () => {
    const height = await heightOf()
    expect(height).toBeGreaterThanOrEqual(said)
    said = Math.max(height, follower.peer.shelf.tip.height)
  }
  const follows = async ({ hash }: MadeBlock) => {
    await poll('the follower has it', async () => {
      await comeAgain()
      return follower.peer.shelf.find(hash)
    })
  }

  while (maker.tip.height < BLOCKS) {
    await comeAgain()
    const burst = maker.mine(Math.min(1 + random.below(BURST), BLOCKS - maker.tip.height))
    for (const { bytes } of burst) miner.send(miner.peer.mined(bytes))
    // Some of it is on its way, or all of it has arrived.
    if (random.chance(0.3)) await follows(maker.tip)
    else if (random.chance(0.5)) await listen()
    const fate = random.below(100)
    if (fate < 25) {
      ends.hub++
      await evict(hubOf(env))
    }
    // Sometimes both.
    if (fate >= 15 && fate < 40) {
      ends.ledger++
      await evict(ledgerOf(env))
    }
    if (fate >= 95) {
      ends.broken++
      await breakDown(ledgerOf(env))
    }
    await listen()
  }
  await comeAgain()
  await follows(maker.tip)
  expect(await heightOf()).toBe(BLOCKS)
  for (const { hash, height } of maker.chain()) expect(await hashAt(height)).toBe(toDisplay(hash))
  // Else it has shown nothing.
  expect(Math.min(ends.hub, ends.ledger)).toBeGreaterThan(5)
})
