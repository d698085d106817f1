import { describe, expect, test } from 'vitest'
import { MemoryHeaderStore } from '../../src/chain/header-store.ts'
import { type HeaderResult, HeaderTree } from '../../src/chain/header-tree.ts'
import { type Network, networks } from '../../src/chain/network.ts'
import { hashMeetsTarget, workOf } from '../../src/chain/target.ts'
import { encode } from '../../src/wire/codec.ts'
import { bytesToHex, fromDisplay, hexToBytes, sha256d, toDisplay } from '../../src/wire/hash.ts'
import { blockHeader } from '../../src/wire/header.ts'
import { describeShared, readShared, readSharedJson } from '../shared.ts'
import { type KnownHeader, LATE, readBits, readTime, splitHeaders, startAt } from './make-headers.ts'

const main: Network = { ...networks.main, minChainWork: 0n }
const TWO_WEEKS = 14 * 24 * 60 * 60

interface RunFacts {
  file: string
  network: string
  first_height: number
  last_height: number
  first_hash: string
  last_hash: string
  retarget_heights?: number[]
}

function accept(tree: HeaderTree, run: Uint8Array[]): HeaderResult {
  let result: HeaderResult = tree.accept([], LATE)
  for (let i = 0; i < run.length; i += 2000) result = tree.accept(run.slice(i, i + 2000), LATE)
  return result
}

function expectAll(tree: HeaderTree, run: Uint8Array[], facts: { last_height: number; last_hash: string }): void {
  const result = accept(tree, run)
  expect(result).toMatchObject({ kind: 'accepted', bestChanged: true })
  expect([tree.best.height, toDisplay(tree.best.hash)]).toEqual([facts.last_height, facts.last_hash])
}

describeShared('runs of real headers', () => {
  const facts: RunFacts[] = readSharedJson('headers/headers.json')
  const periods: [number, string, string][] = readSharedJson('headers/mainnet-retarget-headers.json.gz')

  /** The header that begins the period of this height. */
  function periodStart(height: number): KnownHeader[] {
    const start = height - (height % 2016)
    const row = periods.find(([at]) => at === start)
    return row && start < height ? [{ height: start, raw: hexToBytes(row[1]), work: BigInt(`0x${row[2]}`) }] : []
  }

  test.each(facts.filter(({ first_height }) => first_height <= 1))('$file from the genesis block', (run) => {
    const name = run.network === 'mainnet' ? 'main' : (run.network as 'signet' | 'regtest' | 'testnet3')
    const tree = new HeaderTree({ network: { ...networks[name], minChainWork: 0n }, store: new MemoryHeaderStore() })
    expectAll(tree, splitHeaders(readShared(run.file)), run)
  })

  test.each(facts.filter(({ first_height }) => first_height > 1))('$file from its first header', (run) => {
    const headers = splitHeaders(readShared(run.file))
    expect(toDisplay(sha256d(headers[0]!))).toBe(run.first_hash)
    const before = periodStart(run.first_height)
    const work = before[0]
      ? before[0].work! + BigInt(run.first_height - before[0].height) * workOf(readBits(headers[0]!))
      : undefined
    const store = startAt([...before, { height: run.first_height, raw: headers[0]!, work }])
    const tree = new HeaderTree({ network: main, store })
    expectAll(tree, headers.slice(1), run)
    // Total work, where the file of periods knows it: both sides of each retarget.
    if (!work) return
    for (const [height, hex, total] of periods) {
      if (height <= run.first_height || height > run.last_height) continue
      expect([bytesToHex(tree.mainAt(height)!.raw), tree.mainAt(height)!.work]).toEqual([hex, BigInt(`0x${total}`)])
    }
  })

  test('the total work of mainnet at the end of every period up to 665,279', () => {
    for (let i = 0; i + 1 < periods.length; i += 2) {
      const [height, hex, total] = periods[i + 1]!
      const work = 2015n * workOf(readBits(hexToBytes(hex)))
      expect([height, BigInt(`0x${periods[i]![2]}`) + work]).toEqual([height, BigInt(`0x${total}`)])
      const next = periods[i + 2]
      if (next) expect(BigInt(`0x${total}`) + workOf(readBits(hexToBytes(next[1])))).toBe(BigInt(`0x${next[2]}`))
    }
    expect(periods.length).toBe(660)
  })

  test('the ends of periods are what Electrum has as checkpoints', () => {
    const electrum: [string, unknown][] = readSharedJson('checkpoints/electrum-mainnet.json')
    for (const [height, hex] of periods) {
      const checkpoint = electrum[(height + 1) / 2016 - 1]
      if ((height + 1) % 2016 === 0) expect(toDisplay(sha256d(hexToBytes(hex)))).toBe(checkpoint![0])
    }
    const signet = splitHeaders(readShared('headers/signet-0-2015.bin.gz'))
    expect(toDisplay(sha256d(signet[2015]!))).toBe(readSharedJson('checkpoints/electrum-signet.json')[0][0])
  })
})

describeShared('branches that lost', () => {
  test('the stale block 823,226 is kept beside the one that won', () => {
    const headers = splitHeaders(readShared('headers/mainnet-822528-828576.bin.gz'))
    const tree = new HeaderTree({ network: main, store: startAt([{ height: 822_528, raw: headers[0]! }]) })
    accept(tree, headers.slice(1, 700))
    const [stale] = readSharedJson('headers/mainnet-stale-headers.json')
    expect(tree.accept([hexToBytes(stale.header)], LATE)).toMatchObject({ kind: 'accepted', bestChanged: false })
    const node = tree.node(fromDisplay(stale.hash))!
    expect(node.height).toBe(823_226)
    expect(toDisplay(tree.mainAt(823_226)!.hash)).toBe(stale.competes_with)
    expect(tree.fork(node, tree.best).height).toBe(823_225)
  })

  test('the stale branch of eight from 961,632 on links and has work', () => {
    const branch: { height: number; hash: string; header: string }[] = readSharedJson(
      'headers/mainnet-stale-headers.json',
    ).slice(1)
    const raws = branch.map(({ header }) => hexToBytes(header))
    const tree = new HeaderTree({ network: main, store: startAt([{ height: 961_632, raw: raws[0]! }]) })
    expectAll(tree, raws.slice(1), { last_height: 961_639, last_hash: branch.at(-1)!.hash })
  })

  test('testnet3 headers that branch off genesis are stored only while nothing better is known', () => {
    const { headers } = readSharedJson('headers/testnet3-fork-headers.json')
    const fork = headers.map((hex: string) => hexToBytes(hex))
    const network = { ...networks.testnet3, minChainWork: 0n }
    const fresh = new HeaderTree({ network, store: new MemoryHeaderStore() })
    expect(fresh.accept(fork, LATE)).toMatchObject({ kind: 'accepted', last: { height: 2 } })
    const synced = new HeaderTree({ network, store: new MemoryHeaderStore() })
    accept(synced, splitHeaders(readShared('headers/testnet3-1-546.bin')))
    expect(synced.accept(fork, LATE)).toMatchObject({ kind: 'low-work' })
    const syncing = new HeaderTree({ network: networks.testnet3, store: new MemoryHeaderStore() })
    accept(syncing, splitHeaders(readShared('headers/testnet3-1-546.bin')))
    expect(syncing.accept(fork, LATE)).toMatchObject({ kind: 'accepted', bestChanged: false })
  })
})

interface InvalidHeader {
  height: number
  hash: string
  header: string
  core_reject_reason: string
  expected_nbits?: string
  parent_mtp?: number
}

describeShared('headers of real blocks that broke a rule', () => {
  const invalid: InvalidHeader[] = readSharedJson('headers/mainnet-invalid-headers.json')
  const TOLD_BY_HEADER = ['bad-version', 'bad-diffbits', 'time-too-old']

  test.each(invalid)('$height, $core_reject_reason', (vector) => {
    const raw = hexToBytes(vector.header)
    expect(toDisplay(sha256d(raw))).toBe(vector.hash)
    expect(hashMeetsTarget(sha256d(raw), readBits(raw))).toBe(true)
    const tree = new HeaderTree({ network: main, store: startAt(invented(vector)) })
    const result = tree.accept([raw], LATE)
    // The other reasons are in the block and not in its header.
    if (TOLD_BY_HEADER.includes(vector.core_reject_reason)) {
      expect(result).toEqual({ kind: 'invalid', code: vector.core_reject_reason, index: 0 })
    } else expect(result.kind).toBe('accepted')
  })

  test('as many of them are told by the header as the rules say', () => {
    expect(invalid.filter(({ core_reject_reason }) => TOLD_BY_HEADER.includes(core_reject_reason)).length).toBe(7)
  })

  test('the chain of 4 July 2015 is refused at its first header, whose version BIP 66 had retired', () => {
    const chain: { height: number; header: string }[] = readSharedJson('headers/mainnet-bip66-fork-2015-07-04.json')
    const raws = chain.map(({ header }) => hexToBytes(header))
    const before = invented({ height: 363_731, header: chain[0]!.header })
    const tree = new HeaderTree({ network: main, store: startAt(before) })
    expect(tree.accept(raws, LATE)).toEqual({ kind: 'invalid', code: 'bad-version', index: 0 })
    expect(tree.accept(raws.slice(1), LATE).kind).toBe('unconnected')
    // It is the version alone: before the soft fork the same six headers are a chain.
    const heights = { ...main.heights, bip66: 400_000 }
    const lenient = new HeaderTree({ network: { ...main, heights }, store: startAt(before) })
    expect(lenient.accept(raws, LATE)).toMatchObject({ kind: 'accepted', last: { height: 363_736 } })
  })

  /** Eleven headers before the vector's, made up so that it has the parent, the median and the bits it had. */
  function invented(vector: Pick<InvalidHeader, 'height' | 'header' | 'expected_nbits' | 'parent_mtp'>): KnownHeader[] {
    const raw = hexToBytes(vector.header)
    const isRetarget = vector.height % 2016 === 0 && vector.expected_nbits !== bits(raw)
    const parentBits = isRetarget ? readBits(raw) : Number.parseInt(vector.expected_nbits ?? bits(raw), 16)
    const time = vector.parent_mtp ?? readTime(raw) - 1
    const known: KnownHeader[] = []
    let prev: Uint8Array = new Uint8Array(32)
    for (let height = vector.height - 11; height < vector.height; height++) {
      const fields = { version: 4, prevBlock: prev, merkleRoot: new Uint8Array(32), time, bits: parentBits, nonce: 0 }
      const made = encode(blockHeader, fields)
      prev = height === vector.height - 1 ? raw.slice(4, 36) : sha256d(made)
      known.push({ height, raw: made, hash: prev })
    }
    if (!isRetarget) return known
    // The length of the last period that leads to the bits that were expected.
    const aim = (Number.parseInt(vector.expected_nbits!.slice(2), 16) / (parentBits & 0xffffff)) * TWO_WEEKS
    const firstTime = time - Math.ceil(aim)
    const first = { version: 4, prevBlock: prev, merkleRoot: prev, time: firstTime, bits: parentBits, nonce: 0 }
    return [{ height: vector.height - 2016, raw: encode(blockHeader, first) }, ...known]
  }

  function bits(raw: Uint8Array): string {
    return readBits(raw).toString(16)
  }

  test('the made-up period before 717,696 asks for the bits that were expected there', () => {
    const vector = invalid.find(({ height }) => height === 717_696)!
    const tree = new HeaderTree({ network: main, store: startAt(invented(vector)) })
    expect(tree.requiredBits(tree.best, 0).toString(16)).toBe(vector.expected_nbits)
  })
})

interface TimestampTree {
  block_headers: string[]
  extensions?: TimestampTree[]
}

describeShared('the tree of BIP 54 timestamps', () => {
  test('is valid in every branch under the rules in force', () => {
    // Short branches of it fall below the anti-DoS threshold, which is not what is tried here.
    const network = { ...main, minChainWork: 1n << 200n }
    const tree = new HeaderTree({ network, store: new MemoryHeaderStore() })
    let count = 0
    const walk = ({ block_headers, extensions = [] }: TimestampTree) => {
      const raws = block_headers.map((hex) => hexToBytes(hex))
      count += raws.length
      expect(accept(tree, raws).kind).toBe('accepted')
      expect(tree.node(sha256d(raws.at(-1)!))).toBeDefined()
      for (const extension of extensions) walk(extension)
    }
    walk(readSharedJson('headers/bip54-timestamps.json.gz'))
    expect(count).toBe(4049)
  })
})

describe('the first mainnet headers', () => {
  // Blocks 1 and 2 as every node has them.
  const first = [
    '010000006fe28c0ab6f1b372c1a6a246ae63f74f931e8365e15a089c68d6190000000000982051fd1e4ba744bbbe680e1fee14677ba1a3c3540bf7b1cdb606e857233e0e61bc6649ffff001d01e36299',
    '010000004860eb18bf1b1620e37e9490fc8a427514416fd75159ab86688e9a8300000000d5fdcc541e25de1c7a5addedf24858b8bb665c9f36ef744ee42c316022c90f9bb0bc6649ffff001d08d2bd61',
  ].map((hex) => hexToBytes(hex))

  test('follow its genesis block', () => {
    const tree = new HeaderTree({ network: networks.main, store: new MemoryHeaderStore() })
    expect(tree.accept(first, LATE)).toMatchObject({ kind: 'accepted', last: { height: 2, work: 0x3_0003_0003n } })
    expect(toDisplay(tree.best.hash)).toBe('000000006a625f06636b8bb6ac7b960a8d03705d1ace08b1a19da3fdcc99ddbd')
  })

  test('do not follow that of another network', () => {
    const tree = new HeaderTree({ network: networks.testnet3, store: new MemoryHeaderStore() })
    expect(tree.accept(first, LATE)).toEqual({ kind: 'unconnected', missing: networks.main.genesisHash })
  })
})
