import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { streamOf } from '../../../src/api/pieces.ts'
import { blockPieces } from '../../../src/api/rest/block-json.ts'
import { Turns } from '../../../src/api/rest/turns.ts'
import { digestBlock } from '../../../src/chain/digest.ts'
import { networks } from '../../../src/chain/network.ts'
import { concatBytes, hexToBytes, sha256d } from '../../../src/wire/hash.ts'
import { describeShared, readShared, readSharedJson } from '../../shared.ts'

const abc = async () => ['a', 'b', 'c']

describe('turns', () => {
  test('there are only so many, and one that ends makes room', async () => {
    const turns = new Turns(2)
    const first = await turns.take(abc)
    const second = (await turns.take(abc))[Symbol.iterator]()
    await expect(turns.take(abc)).rejects.toMatchObject({ code: 'rest-busy', message: 'Work queue depth exceeded' })
    expect([...first]).toEqual(['a', 'b', 'c'])
    const third = (await turns.take(abc))[Symbol.iterator]()
    await expect(turns.take(abc)).rejects.toMatchObject({ code: 'rest-busy' })
    second.next()
    second.return!()
    second.return!()
    third.return!()
    for (let n = 0; n < 2; n++) await turns.take(abc)
    await expect(turns.take(abc)).rejects.toMatchObject({ code: 'rest-busy' })
  })

  test('one that fails, before or while it is read, ends too', async () => {
    const turns = new Turns(1)
    const broken = new Error('broken')
    const none = () => Promise.reject(broken)
    await expect(turns.take(none)).rejects.toBe(broken)
    const pieces = await turns.take(async () =>
      (function* () {
        yield 'a'
        throw broken
      })(),
    )
    expect(() => [...pieces]).toThrow(broken)
    expect([...(await turns.take(abc))]).toEqual(['a', 'b', 'c'])
  })
})

describe('streams of pieces', () => {
  beforeEach(() => {
    vi.useFakeTimers()
  })
  afterEach(() => {
    vi.useRealTimers()
  })

  test('carry all of them', async () => {
    expect(await new Response(streamOf(['a', 'ü', 'c'])).text()).toBe('aüc')
  })

  /** Pieces without end, and whether they were given back. */
  function endless() {
    const state = { made: 0, returned: false }
    const pieces = (function* () {
      try {
        for (;;) {
          state.made++
          yield 'x'.repeat(1000)
        }
      } finally {
        state.returned = true
      }
    })()
    return { pieces, state }
  }

  test('are made no faster than they are read, and given back when the reader goes', async () => {
    const { pieces, state } = endless()
    const reader = streamOf(pieces).getReader()
    for (let n = 0; n < 5; n++) await reader.read()
    expect(state.made).toBeLessThanOrEqual(7)
    await reader.cancel()
    expect(state.returned).toBe(true)
  })

  test('are given back when the reader takes all day, if steadily', async () => {
    const { pieces, state } = endless()
    const reader = streamOf(pieces).getReader()
    for (let minute = 0; minute < 10; minute++) {
      expect(state.returned).toBe(false)
      for (let read = 0; read < 3; read++) {
        await reader.read().catch(() => {})
        await vi.advanceTimersByTimeAsync(20_000)
      }
    }
    expect(state.returned).toBe(true)
    expect(vi.getTimerCount()).toBe(0)
  })

  test('leave no timer behind', async () => {
    await new Response(streamOf(['a', 'b'])).text()
    await streamOf(endless().pieces).cancel()
    const broken = (function* () {
      yield 'a'
      throw new Error('broken')
    })()
    await expect(new Response(streamOf(broken)).text()).rejects.toThrow('broken')
    expect(vi.getTimerCount()).toBe(0)
  })

  test('are given back when the reader takes too long', async () => {
    const { pieces, state } = endless()
    const reader = streamOf(pieces).getReader()
    await reader.read()
    await vi.advanceTimersByTimeAsync(29_000)
    await reader.read()
    await vi.advanceTimersByTimeAsync(29_000)
    expect(state.returned).toBe(false)
    await vi.advanceTimersByTimeAsync(2000)
    expect(state.returned).toBe(true)
    await reader.read().catch(() => {})
    await expect(reader.read()).rejects.toThrow('too long')
  })
})

describeShared('a large block', () => {
  test('comes in pieces, and its fees add up', () => {
    const name = 'mainnet-866342'
    const bytes = readShared(`blocks/${name}.bin.gz`)
    const facts: { fees: number; inputs: [number, string, number, boolean][][] } = readSharedJson(
      `blocks/prevouts/${name}.json.gz`,
    )
    const spends = facts.inputs.flat()
    const scripts = spends.map(([, scriptHex]) => hexToBytes(scriptHex))
    const scriptLength = Uint32Array.from(scripts, ({ length }) => length)
    const scriptAt = new Uint32Array(scripts.length)
    for (let i = 1; i < scripts.length; i++) scriptAt[i] = scriptAt[i - 1]! + scriptLength[i - 1]!
    const { txids, txStart, strippedSize, txCount, header, hash, size } = digestBlock(bytes)
    const raws = Array.from({ length: txCount }, (_, i) => bytes.subarray(txStart[i]!, txStart[i + 1]!))
    const pieces = [
      ...blockPieces(
        {
          block: { hash, height: 866_342, header, medianTime: 0, work: new Uint8Array(32), txCount },
          tip: 866_342,
          bytes,
          strippedSize,
          txStart,
          txids,
          wtxids: concatBytes(...raws.map(sha256d)),
          spent: {
            value: Float64Array.from(spends, ([value]) => value),
            height: Uint32Array.from(spends, ([, , height]) => height ?? 0),
            coinbase: Uint8Array.from(spends, ([, , , generated]) => (generated ? 1 : 0)),
            scriptAt,
            scriptLength,
            scripts: concatBytes(...scripts),
          },
        },
        networks.main.address,
      ),
    ]
    expect(pieces.length).toBeGreaterThan(50)
    expect(Math.max(...pieces.map(({ length }) => length))).toBeLessThan(size)
    const block = JSON.parse(pieces.join(''))
    expect(block.confirmations).toBe(1)
    expect(block.tx).toHaveLength(txCount)
    const fees = block.tx.slice(1).reduce((sum: number, { fee }: { fee: number }) => sum + Math.round(fee * 1e8), 0)
    expect(fees).toBe(facts.fees)
    expect(block.tx[0]).not.toHaveProperty('fee')
    const shown = block.tx
      .slice(1)
      .flatMap(({ vin }: { vin: { prevout: object }[] }) => vin.map(({ prevout }) => prevout))
    expect(shown.map(({ height, generated }: { height: number; generated: boolean }) => [height, generated])).toEqual(
      spends.map(([, , height, generated]) => [height ?? 0, generated ?? false]),
    )
  })
})
