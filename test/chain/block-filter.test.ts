import fc from 'fast-check'
import { expect, test } from 'vitest'
import { basicFilter, filterHash, filterHeader, NO_FILTER_HEADER } from '../../src/chain/block-filter.ts'
import { BlockScan } from '../../src/chain/block-scan.ts'
import { encodeGolombRice } from '../../src/chain/golomb.ts'
import { SipHash } from '../../src/chain/siphash.ts'
import { bytesToHex, fromDisplay, hexToBytes, sha256d, toDisplay } from '../../src/wire/hash.ts'
import { describeShared, readDat, readShared, readSharedJson } from '../shared.ts'
import { outputsOf, rangesOf } from './script-ranges.ts'

function filterOf(block: Uint8Array, spent: readonly string[]): Uint8Array {
  return basicFilter(sha256d(block.subarray(0, 80)), outputsOf(block), rangesOf(spent.map(hexToBytes)))
}

const BLOCK = Uint8Array.from({ length: 32 }, (_, i) => i)

test('a block without scripts has a filter of one zero byte', () => {
  const nothing = rangesOf([new Uint8Array(0)])
  expect(bytesToHex(basicFilter(BLOCK, nothing, nothing))).toBe('00')
})

test('OP_RETURN counts where it is spent, and not where it is paid to', () => {
  const data = rangesOf([hexToBytes('6a0101')])
  expect(bytesToHex(basicFilter(BLOCK, data, rangesOf([])))).toBe('00')
  expect(basicFilter(BLOCK, rangesOf([]), data)[0]).toBe(1)
})

test('the filter is what the plain definition with big integers gives', () => {
  const scripts = fc.array(fc.uint8Array({ minLength: 0, maxLength: 4 }), { maxLength: 40 })
  fc.assert(
    fc.property(scripts, scripts, fc.uint8Array({ minLength: 32, maxLength: 32 }), (outputs, spent, hash) => {
      const kept = [...outputs.filter((script) => script[0] !== 0x6a), ...spent].filter(({ length }) => length > 0)
      const unique = [...new Set(kept.map(bytesToHex))].map(hexToBytes)
      const range = BigInt(unique.length) * 784_931n
      const values = unique
        .map((script) => {
          const sip = new SipHash(hash)
          sip.hash(script)
          return Number((((BigInt(sip.high) << 32n) | BigInt(sip.low)) * range) >> 64n)
        })
        .sort((a, b) => a - b)
      const filter = basicFilter(hash, rangesOf(outputs), rangesOf(spent))
      expect(filter[0]).toBe(unique.length)
      expect(readGolombRice(filter.subarray(1), unique.length)).toEqual(values)
    }),
  )
})

test('the largest filter there can be is still exact', () => {
  const top = 170_000 * 784_931
  const bytes = encodeGolombRice(Float64Array.of(0, 1, top - 1), 19)
  expect(readGolombRice(bytes, 3)).toEqual([0, 1, top - 1])
})

describeShared('filters of others', () => {
  test("BIP 158's blocks: filter and header", () => {
    const [, ...vectors] = readSharedJson('filters/bip158-testnet-19.json')
    expect(vectors).toHaveLength(10)
    for (const [, hashHex, blockHex, spent, previousHex, filterHex, headerHex] of vectors) {
      const block = hexToBytes(blockHex)
      expect(toDisplay(sha256d(block.subarray(0, 80)))).toBe(hashHex)
      const filter = filterOf(block, spent)
      expect(bytesToHex(filter)).toBe(filterHex)
      expect(toDisplay(filterHeader(filterHash(filter), fromDisplay(previousHex)))).toBe(headerHex)
    }
  })

  test('blocks up to 1 MB with what they spend', () => {
    let compared = 0
    for (const { block, filter_sha256d, filter: filterHex } of readSharedJson(
      'filters/derived-block-filters.json.gz',
    )) {
      const name = block.replace(/^blocks\//, '').replace(/\.bin(\.gz)?$/, '')
      const spent: string[] = readSharedJson(`blocks/prevouts/${name}.json.gz`).inputs.flatMap(
        (tx: [number, string][]) => tx.map(([, scriptHex]) => scriptHex),
      )
      const filter = filterOf(readShared(block), spent)
      expect(toDisplay(filterHash(filter))).toBe(filter_sha256d)
      if (filterHex) expect(bytesToHex(filter)).toBe(filterHex)
      compared++
    }
    expect(compared).toBeGreaterThan(10)
  })

  test('the chain of filter headers of the first 600 blocks', () => {
    const headers = readShared('filters/filter-headers-mainnet-0-1999.bin')
    const scripts = new Map<string, Uint8Array[]>()
    let previous = NO_FILTER_HEADER
    for (const [height, block] of readDat('blocks/mainnet-0-599.dat').entries()) {
      const { txs, inputs, outputs, txCount } = new BlockScan(block)
      const spent: Uint8Array[] = []
      for (let t = 0; t < txCount; t++) {
        for (let i = txs.inputStart[t]!; t > 0 && i < txs.inputStart[t + 1]!; i++) {
          const outpoint = inputs.outpoints.subarray(i * 36, i * 36 + 36)
          spent.push(scripts.get(bytesToHex(outpoint.subarray(0, 32)))![outpoint[32]!]!)
        }
        const own: Uint8Array[] = []
        for (let o = txs.outputStart[t]!; o < txs.outputStart[t + 1]!; o++) {
          own.push(block.subarray(outputs.scriptAt[o]!, outputs.scriptAt[o]! + outputs.scriptLength[o]!))
        }
        scripts.set(bytesToHex(sha256d(block.subarray(txs.txStart[t]!, txs.txStart[t + 1]!))), own)
      }
      const filter = basicFilter(sha256d(block.subarray(0, 80)), outputsOf(block), rangesOf(spent))
      previous = filterHeader(filterHash(filter), previous)
      expect(toDisplay(previous)).toBe(toDisplay(headers.subarray(height * 32, height * 32 + 32)))
    }
  })
})

/** The values of a set, read bit by bit. */
function readGolombRice(bytes: Uint8Array, count: number): number[] {
  let at = 0
  const bit = () => (bytes[at >> 3]! >>> (7 - (at++ & 7))) & 1
  const values: number[] = []
  let value = 0
  for (let i = 0; i < count; i++) {
    while (bit() === 1) value += 2 ** 19
    let rest = 0
    for (let k = 0; k < 19; k++) rest = rest * 2 + bit()
    value += rest
    values.push(value)
  }
  expect(bytes.length).toBe((at + 7) >> 3)
  return values
}
