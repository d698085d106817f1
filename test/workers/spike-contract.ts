import { describe, expect, test } from 'vitest'
import type { ToHub, ToLedger } from '../../src/peer/queues.ts'
import { sha256, sha256d } from '../../src/wire/hash.ts'
import { spikeBlock } from './spike-ledger.ts'

/** A `SpikeLedger` behind the queues of one runtime. */
export interface SpikeRuntime {
  /** Up; resolves when the ledger has worked it off. */
  feed(values: ToLedger[]): Promise<void>
  /** All that came down since the last call. */
  received(): Promise<ToHub[]>
  /** The ledger loses its memory and starts again over what it stored. */
  restart(): Promise<void>
}

const LINK = 7
const info = {
  version: 70_016,
  services: 0xc4dn,
  userAgent: '/spike:1/',
  startHeight: -1,
  inbound: true,
  relay: true,
  wtxidrelay: true,
}
const message = (command: string, payload: Uint8Array<ArrayBuffer>): ToLedger => ({
  kind: 'message',
  link: LINK,
  command,
  payload,
})
const hashOf = (block: Uint8Array) => sha256d(block.subarray(0, 80))

/** What the two queues must carry in every runtime. */
export function spikeContract(
  name: string,
  withRuntime: (body: (ledger: SpikeRuntime) => Promise<void>) => Promise<void>,
) {
  describe(name, () => {
    test('a 4 MB block goes up, is kept in parts and comes back the same', () =>
      withRuntime(async (ledger) => {
        const block = spikeBlock(1)
        const [hash, digest, size] = [hashOf(block), sha256(block), block.length]
        await ledger.feed([message('block', block)])
        const [, announced, tip, taken] = await ledger.received()
        expect(announced).toMatchObject({ kind: 'announce-block', hash, height: 0, from: LINK })
        expect(tip).toMatchObject({ kind: 'tip', height: 0, hash, synced: false })
        expect(taken).toEqual({ kind: 'taken', link: LINK, bytes: size })

        await ledger.feed([message('getdata', hash)])
        const [sent] = await ledger.received()
        if (sent?.kind !== 'send') throw new Error('nothing was sent')
        expect(sent).toMatchObject({ link: LINK, command: 'block' })
        expect(sent.payload).toHaveLength(size)
        expect(sha256(sent.payload)).toEqual(digest)
      }))

    test('every kind of field survives: bigint, text, flags, numbers, bytes, absent ones', () =>
      withRuntime(async (ledger) => {
        await ledger.feed([
          { kind: 'link-up', link: LINK, info },
          { kind: 'drained', link: LINK },
          message('getdata', new Uint8Array(32)),
          { kind: 'link-down', link: LINK },
        ])
        expect(await ledger.received()).toEqual([
          { kind: 'epoch', epoch: 1, height: -1 },
          { kind: 'disconnect', link: LINK, reason: 'services 3149' },
          { kind: 'send', link: LINK, command: 'notfound', payload: new Uint8Array(32) },
          { kind: 'taken', link: LINK, bytes: 32 },
        ])
      }))

    test('bytes that own their buffer arrive as owners, and small ones stay small', () =>
      withRuntime(async (ledger) => {
        await ledger.feed([message('block', spikeBlock(2, 500_000))])
        const announced = (await ledger.received()).find((value) => value.kind === 'announce-block')
        expect(announced?.hash.buffer.byteLength).toBe(32)
        expect(announced?.header.buffer.byteLength).toBe(80)
      }))

    test('what is sent without waiting arrives in order', () =>
      withRuntime(async (ledger) => {
        const blocks = Array.from({ length: 12 }, (_, i) => spikeBlock(i, i % 3 ? 1000 : 1_000_000))
        const hashes = blocks.map(hashOf)
        await Promise.all(blocks.map((block) => ledger.feed([message('block', block)])))
        const announced = (await ledger.received()).filter((value) => value.kind === 'announce-block')
        expect(announced.map((value) => value.height)).toEqual([...hashes.keys()])
        expect(announced.map((value) => value.hash)).toEqual(hashes)
      }))

    test('a ledger that starts again says so first, and has kept its blocks', () =>
      withRuntime(async (ledger) => {
        const block = spikeBlock(3, 500_000)
        const hash = hashOf(block)
        await ledger.feed([message('block', block)])
        expect((await ledger.received())[0]).toEqual({ kind: 'epoch', epoch: 1, height: -1 })
        await ledger.restart()
        await ledger.feed([message('getdata', hash)])
        const [greeting, sent] = await ledger.received()
        expect(greeting).toEqual({ kind: 'epoch', epoch: 2, height: 0 })
        expect(sent).toMatchObject({ kind: 'send', command: 'block' })
      }))
  })
}
