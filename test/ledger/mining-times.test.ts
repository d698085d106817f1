import { describe, expect, test } from 'vitest'
import { adjustmentOf, difficultyView } from '../../src/api/v1/difficulty.ts'
import { main } from '../../src/chain/networks/main.ts'
import { regtest } from '../../src/chain/networks/regtest.ts'
import { testnet3 } from '../../src/chain/networks/testnet3.ts'
import { MAX_SAMPLES } from '../../src/ledger/hash-rates.ts'
import { MiningQueries } from '../../src/ledger/mining-queries.ts'
import { nodeHasher } from '../../src/node/hasher.ts'
import type { SqlPort } from '../../src/store/sql.ts'
import { hexToBytes } from '../../src/wire/hash.ts'
import { splitHeaders } from '../chain/make-headers.ts'
import { describeShared, readShared, readSharedJson } from '../shared.ts'
import { SeededRandom } from '../sim/random.ts'
import { type BareHeader, bareHeaders, knownHeaders, storeOf } from './bare-chain.ts'

const DAY = 86_400
const EASY = 0x207fffff

/** Times as consensus allows them: each later than the median of the eleven before, some far ahead. */
function wildTimes(random: SeededRandom, count: number, start: number): number[] {
  const times = [start]
  while (times.length < count) {
    const window = times.slice(-11).sort((a, b) => a - b)
    const median = window[window.length >> 1]!
    times.push(median + 1 + random.below(random.pick([1, 3, 50, 1200, 9000])))
  }
  return times
}

function naiveAt(headers: readonly BareHeader[], time: number): BareHeader | undefined {
  return headers.findLast((header) => header.time <= time)
}

describe('the highest block dated at or before a time', () => {
  test('is found where times go back and forth', () => {
    for (let seed = 1; seed <= 12; seed++) {
      const random = new SeededRandom(seed)
      const headers = bareHeaders(
        wildTimes(random, 1 + random.below(400), 1_600_000_000).map((time) => ({ time, bits: EASY })),
      )
      const queries = new MiningQueries(storeOf(headers), regtest, nodeHasher)
      const around = headers.flatMap(({ time }) => [time - 1, time, time + 1])
      for (const time of [0, ...around.slice(0, 60), ...around.slice(-60), 4_000_000_000]) {
        const found = naiveAt(headers, time)
        const expected = found && { hash: found.hash, height: found.height, time: found.time }
        expect(queries.blockAtTime(time), `seed ${seed}, time ${time}`).toEqual(expected)
      }
    }
  })

  test('reads a few hundred headers of a long chain', () => {
    const headers = bareHeaders(
      Array.from({ length: 12_000 }, (_, i) => ({ time: 1_600_000_000 + i * 600, bits: EASY })),
    )
    const counted = countingRows(storeOf(headers))
    const queries = new MiningQueries(counted.sql, regtest, nodeHasher)
    expect(queries.blockAtTime(1_600_000_000 + 600 * 7_000 + 5)?.height).toBe(7_000)
    expect(counted.rows()).toBeLessThan(250)
  })

  test('is nowhere in an empty store', () => {
    const queries = new MiningQueries(storeOf([]), regtest, nodeHasher)
    expect(queries.blockAtTime(4_000_000_000)).toBeUndefined()
    expect(queries.difficultyPeriod()).toBeUndefined()
    expect(queries.retargets(0)).toEqual([])
    expect(queries.hashRates(0)).toEqual({ days: [], retargets: [], present: 0, bits: regtest.powLimitBits })
    expect(queries.branchTips()).toEqual([])
  })
})

describe('hash rates', () => {
  test('of days are work over time between the first blocks of days', () => {
    for (let seed = 1; seed <= 6; seed++) {
      const random = new SeededRandom(seed)
      let time = 1_600_000_000
      const plans = Array.from({ length: 900 }, () => {
        time += 1 + random.below(2400)
        return { time: time + random.below(3000), bits: random.pick([EASY, 0x1f7fffff, 0x1e0377ae]) }
      })
      const headers = bareHeaders(plans)
      const queries = new MiningQueries(storeOf(headers), regtest, nodeHasher)
      for (const since of [0, headers[300]!.time, headers.at(-1)!.time - DAY, headers.at(-1)!.time + DAY]) {
        expect(queries.hashRates(since).days, `seed ${seed}`).toEqual(naiveDays(headers, since))
      }
    }
  })

  test('of late are those of getnetworkhashps', () => {
    const random = new SeededRandom(3)
    const headers = bareHeaders(wildTimes(random, 1500, 1_600_000_000).map((time) => ({ time, bits: 0x1e0377ae })))
    const span = headers.slice(-1009)
    const times = span.map(({ time }) => time)
    const expected = Number(span.at(-1)!.work - span[0]!.work) / (Math.max(...times) - Math.min(...times))
    expect(new MiningQueries(storeOf(headers), regtest, nodeHasher).hashRates(0).present).toBe(expected)
  })

  test('of blocks that are dated alike are none', () => {
    const headers = bareHeaders([{ time: 1_600_000_000, bits: EASY }])
    expect(new MiningQueries(storeOf(headers), regtest, nodeHasher).hashRates(0)).toEqual({
      days: [],
      retargets: [],
      present: 0,
      bits: EASY,
    })
  })

  test('of a long chain are made of a bounded number of headers, and add up to its work', () => {
    const headers = bareHeaders(
      Array.from({ length: 20_000 }, (_, i) => ({ time: 1_600_000_000 + i * 600, bits: EASY })),
    )
    const counted = countingRows(storeOf(headers))
    const { days } = new MiningQueries(counted.sql, regtest, nodeHasher).hashRates(0)
    expect(counted.rows()).toBeLessThan(MAX_SAMPLES + 1500)
    expect(days.length).toBe(dayOf(headers.at(-1)!) - dayOf(headers[0]!))
    for (const { hashesPerSecond } of days) expect(hashesPerSecond).toBeCloseTo(2 / 600, 9)
  })
})

describeShared('retargets of real headers', () => {
  test('are those of mainnet, and the period is the present one', () => {
    const raws = splitHeaders(readShared('headers/mainnet-0-10236.bin.gz'))
    const headers = knownHeaders(raws)
    const queries = new MiningQueries(storeOf(headers), main, nodeHasher)
    // The first five periods all keep difficulty 1.
    const genesis = { height: 0, time: 1_231_006_505, bits: 0x1d00ffff, previousBits: undefined }
    expect(queries.retargets(0)).toEqual([genesis])
    expect(queries.retargets(1_231_006_506)).toEqual([])
    expect(queries.difficultyPeriod()).toEqual({
      height: 10_236,
      time: headers[10_236]!.time,
      startTime: headers[10_080]!.time,
      retarget: { bits: 0x1d00ffff, previousBits: 0x1d00ffff },
      quarterTime: headers[10_236 - 503]!.time,
    })
  })

  test('are those of 330 periods of mainnet, each as far from the one before as it took', () => {
    const rows = readSharedJson('headers/mainnet-retarget-headers.json.gz') as [number, string, string][]
    const known = rows.map(([height, hex]) => knownHeaders([hexToBytes(hex)], height)[0]!)
    const starts = known.filter(({ height }) => height % 2016 === 0)
    const ends = known.filter(({ height }) => height % 2016 !== 0)
    const queries = new MiningQueries(storeOf(starts), main, nodeHasher)
    const retargets = queries.retargets(0)
    expect(starts.length).toBeGreaterThan(320)
    expect(retargets).toEqual(
      starts
        .map(({ height, time, bits }, i) => ({ height, time, bits, previousBits: starts[i - 1]?.bits }))
        .filter(({ bits, previousBits }) => bits !== previousBits),
    )
    for (const retarget of retargets.slice(1)) {
      const { height, time } = starts[retarget.height / 2016 - 1]!
      const end = ends.find((header) => header.height === retarget.height - 1)!
      const period = {
        height: end.height,
        time: end.time,
        startTime: time,
        retarget: undefined,
        quarterTime: undefined,
      }
      // What is foretold after the last block of a period is what comes, but for the rounding of the bits.
      const { difficultyChange } = difficultyView(period, main.pow, end.time + 1000)
      expect(1 + difficultyChange / 100, `after ${height}`).toBeCloseTo(adjustmentOf(retarget), 3)
    }
  })

  test('are seen where the bits change, and not where the 20-minute rule changes them', () => {
    const csv = new TextDecoder().decode(readShared('headers/testnet3-timebits-54432-56454.csv.gz'))
    const rows = csv
      .trim()
      .split('\n')
      .filter((line) => /^\d/.test(line))
      .map((line) => line.split(','))
    // Heights are moved down by whole periods: a store begins at its genesis.
    const plans = rows.map(([, time, bits]) => ({ time: Number(time), bits: Number.parseInt(bits!, 16) }))
    expect(Number(rows[0]![0]) % 2016).toBe(0)
    const queries = new MiningQueries(storeOf(bareHeaders(plans)), testnet3, nodeHasher)
    expect(queries.retargets(0)).toEqual([
      { height: 0, ...plans[0], previousBits: undefined },
      { height: 2016, ...plans[2016], previousBits: plans[0]!.bits },
    ])
    expect(queries.retargets(plans[2016]!.time)).toHaveLength(1)
    expect(queries.retargets(plans[2016]!.time + 1)).toHaveLength(0)
  })

  test('do not exist on a network that keeps its bits', () => {
    const raws = splitHeaders(readShared('headers/regtest-0-100.bin'))
    const queries = new MiningQueries(storeOf(knownHeaders(raws)), regtest, nodeHasher)
    expect(queries.retargets(0)).toEqual([])
    expect(queries.difficultyPeriod()).toMatchObject({ height: 100, retarget: undefined, quarterTime: undefined })
  })
})

function dayOf({ time }: BareHeader): number {
  return Math.floor(time / DAY)
}

function naiveDays(headers: readonly BareHeader[], since: number) {
  const from = naiveAt(headers, since - DAY)?.height ?? 0
  const rates: { time: number; hashesPerSecond: number }[] = []
  let begun: BareHeader | undefined
  for (let height = from; height < headers.length; height++) {
    const at = headers[height]!
    if (at.time < since - DAY || (begun && dayOf(at) <= dayOf(begun))) continue
    const time = dayOf(at) * DAY
    if (begun && time >= since) {
      rates.push({ time, hashesPerSecond: Number(at.work - begun.work) / (at.time - begun.time) })
    }
    begun = at
  }
  return rates
}

/** The same port, with the rows handed out counted. */
function countingRows(port: SqlPort): { sql: SqlPort; rows(): number } {
  let rows = 0
  const sql: SqlPort = {
    transactionSync: (fn) => port.transactionSync(fn),
    sql: {
      get databaseSize() {
        return port.sql.databaseSize
      },
      exec(query, ...bindings) {
        const cursor = port.sql.exec(query, ...bindings)
        const raw = cursor.raw.bind(cursor)
        return Object.assign(cursor, {
          raw() {
            const all = raw().toArray()
            rows += all.length
            return Object.assign(all, { toArray: () => all })
          },
        }) as never
      },
    },
  }
  return { sql, rows: () => rows }
}
