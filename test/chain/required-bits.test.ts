import { describe, expect, test } from 'vitest'
import { type Network, networks } from '../../src/chain/network.ts'
import { requiredBits, type TimedWork } from '../../src/chain/required-bits.ts'
import { targetOf } from '../../src/chain/target.ts'
import { hexToBytes } from '../../src/wire/hash.ts'
import { describeShared, readShared, readSharedJson } from '../shared.ts'
import { readBits, readTime } from './make-headers.ts'

const { main, testnet3, testnet4, signet, regtest } = networks
const TWO_WEEKS = 14 * 24 * 60 * 60

/** The bits asked of a child of `chain`'s last block, where the chain is of consecutive heights or of single ones. */
function required(network: Network, chain: TimedWork[], time = chain.at(-1)!.time + 600): number {
  const byHeight = new Map(chain.map((block) => [block.height, block]))
  return requiredBits(network, chain.at(-1)!, time, (_, height) => byHeight.get(height))
}

/** The first and the last block of the period that ends at `height`. */
function period(height: number, bits: number, seconds: number, firstBits = bits): TimedWork[] {
  const start = 1_500_000_000
  return [
    { height: height - 2015, time: start, bits: firstBits },
    { height, time: start + seconds, bits },
  ]
}

describe('a period that took', () => {
  test.each([
    ['two weeks', TWO_WEEKS, 0x1c05a3f4, 0x1c05a3f4],
    ['half as long', TWO_WEEKS / 2, 0x1d00ffff, 0x1c7fff80],
    ['a tenth, which counts as a quarter', TWO_WEEKS / 10, 0x1c05a3f4, 0x1c0168fd],
    ['a quarter', TWO_WEEKS / 4, 0x1c05a3f4, 0x1c0168fd],
    ['no time, or less', -5, 0x1c05a3f4, 0x1c0168fd],
    ['ten times as long, which counts as four', TWO_WEEKS * 10, 0x1c05a3f4, 0x1c168fd0],
    ['so long that the target would pass the limit', TWO_WEEKS * 2, 0x1d00d86a, 0x1d00ffff],
  ])('%s', (_, seconds, bits, next) => {
    expect(required(main, period(2015, bits, seconds))).toBe(next)
    expect(required(main, period(68_543, bits, seconds))).toBe(next)
  })
})

test.each([
  // Heights and times of real mainnet blocks.
  ['the first raised difficulty', 30_240, 1_261_130_161, 32_255, 1_262_152_739, 0x1d00ffff, 0x1d00d86a],
  ['a rise by more than four', 66_528, 1_279_008_237, 68_543, 1_279_297_671, 0x1c05a3f4, 0x1c0168fd],
  ['the slow first period', 0, 1_231_006_505, 2_015, 1_233_061_996, 0x1d00ffff, 0x1d00ffff],
])('%s', (_, firstHeight, firstTime, height, time, bits, next) => {
  expect(
    required(main, [
      { height: firstHeight, time: firstTime, bits },
      { height, time, bits },
    ]),
  ).toBe(next)
})

test('within a period the bits stay', () => {
  expect(required(main, [{ height: 2014, time: 1_500_000_000, bits: 0x1c05a3f4 }])).toBe(0x1c05a3f4)
  expect(required(signet, [{ height: 2016, time: 1_500_000_000, bits: 0x1e0377ae }])).toBe(0x1e0377ae)
})

test('a period whose first block is not known cannot be judged', () => {
  expect(() => required(main, [{ height: 2015, time: 0, bits: 0x1d00ffff }])).toThrow('height 2015')
})

test('regtest never changes its bits', () => {
  expect(required(regtest, [{ height: 2015, time: 0, bits: 0x207fffff }], 1e9)).toBe(0x207fffff)
})

describe('on the test networks', () => {
  const hard = { height: 4000, time: 1_000_000, bits: 0x1c05a3f4 }
  const easy = { height: 4001, time: 1_000_000, bits: 0x1d00ffff }

  test.each([testnet3, testnet4])('after more than 20 minutes an easy block is allowed on $name', (network) => {
    expect(required(network, [hard], hard.time + 1200)).toBe(0x1c05a3f4)
    expect(required(network, [hard], hard.time + 1201)).toBe(0x1d00ffff)
  })

  test.each([testnet3, testnet4])('after easy blocks the last real bits hold again on $name', (network) => {
    expect(required(network, [hard, easy, { ...easy, height: 4002 }])).toBe(0x1c05a3f4)
  })

  test('the search for real bits does not leave the period', () => {
    const chain = [hard, ...[4031, 4032, 4033].map((height) => ({ ...easy, height }))]
    expect(required(testnet3, chain)).toBe(0x1d00ffff)
  })

  test('the first block of a period has no exception, and BIP 94 reads the real bits from the first of the last one', () => {
    const chain = period(4031, 0x1d00ffff, TWO_WEEKS, 0x1c05a3f4)
    expect(required(testnet3, chain, 2e9)).toBe(0x1d00ffff)
    expect(required(testnet4, chain, 2e9)).toBe(0x1c05a3f4)
  })
})

describeShared('real difficulty periods', () => {
  test('every mainnet retarget up to 665,280 is recomputed, and is what Electrum has as checkpoints', () => {
    const rows: [number, string, string][] = readSharedJson('headers/mainnet-retarget-headers.json.gz')
    const electrum: [string, number][] = readSharedJson('checkpoints/electrum-mainnet.json')
    const blocks = rows.map(([height, hex]) => {
      const raw = hexToBytes(hex)
      return { height, time: readTime(raw), bits: readBits(raw) }
    })
    let checked = 0
    for (let i = 0; i + 1 < blocks.length; i += 2) {
      const next = required(main, [blocks[i]!, blocks[i + 1]!])
      const following = blocks[i + 2]
      if (following) expect([following.height, next]).toEqual([following.height, following.bits])
      // The file's targets are doubles to JSON.parse.
      expect(Number(targetOf(next)!)).toBe(electrum[i / 2]![1])
      checked++
    }
    expect(checked).toBe(330)
  })

  test('the minimum-difficulty blocks of testnet3 54,432 to 56,454 are all where the rule wants them', () => {
    const lines = new TextDecoder()
      .decode(readShared('headers/testnet3-timebits-54432-56454.csv.gz'))
      .trim()
      .split('\n')
    const blocks = lines.slice(1).map((line) => {
      const [height, time, bits] = line.split(',')
      return { height: Number(height), time: Number(time), bits: Number.parseInt(bits!, 16) }
    })
    const byHeight = new Map(blocks.map((block) => [block.height, block]))
    const wanted = blocks
      .slice(0, -1)
      .map((block, i) => requiredBits(testnet3, block, blocks[i + 1]!.time, (_, height) => byHeight.get(height)))
    expect(wanted).toEqual(blocks.slice(1).map(({ bits }) => bits))
    expect(wanted.length).toBe(2022)
    expect(wanted.filter((bits) => bits === 0x1d00ffff).length).toBeGreaterThan(800)
  })

  test("Summa's retargets of real mainnet headers", () => {
    const vectors: { input: { height: number; hex: string }[] }[] =
      readSharedJson('merkle/spv-vectors.json').retargetAlgorithm
    let checked = 0
    for (const { input } of vectors) {
      const [first, last, next] = input.map(({ height, hex }) => {
        const raw = hexToBytes(hex.slice(2))
        return { height, time: readTime(raw), bits: readBits(raw) }
      })
      // Some rows are not a whole period: the rule only measures from the first of one.
      if (last!.height - first!.height !== 2015) continue
      expect(required(main, [first!, last!])).toBe(next!.bits)
      checked++
    }
    expect(checked).toBeGreaterThan(3)
  })
})
