import { describe, expect, test } from 'vitest'
import type { ScriptBlock, ScriptChecks } from '../../src/ledger/script-checks.ts'
import { OP_TRUE } from '../sim/chain-maker.ts'
import { SeededRandom } from '../sim/random.ts'
import { OP_FALSE, scriptBlock } from './script-blocks.ts'

/** Number of an input in the block: the coinbase has one. */
function firstBad(spent: readonly (readonly Uint8Array[])[], skip: readonly number[]): number | undefined {
  let input = 1
  for (const [i, scripts] of spent.entries()) {
    for (const script of scripts) {
      if (script === OP_FALSE && !skip.includes(i + 1)) return input
      input++
    }
  }
  return undefined
}

/** What holds for whoever runs the scripts of blocks. */
export function scriptChecksContract(name: string, open: () => ScriptChecks): void {
  describe(`scripts run by ${name}`, () => {
    const run = (checks: ScriptChecks, block: ScriptBlock) => checks.begin(block).settle()
    const good = (inputs: number) => Array.from({ length: inputs }, () => OP_TRUE)

    test.each([1, 7, 8, 9, 100, 1000])('pass: one transaction with %i inputs', (inputs) => {
      expect(run(open(), scriptBlock([good(inputs)]))).toBeUndefined()
    })

    test.each([1, 8, 500])('pass: %i transactions', (count) => {
      expect(run(open(), scriptBlock(Array.from({ length: count }, () => good(1))))).toBeUndefined()
    })

    test.each([0, 1, 31, 32, 33, 298, 299])('fail at input %i of a transaction of 300', (at) => {
      const spent = good(300)
      spent[at] = OP_FALSE
      expect(run(open(), scriptBlock([good(2), spent, good(50)]))).toEqual({ input: at + 3, error: 'EVAL_FALSE' })
    })

    test('fail at the first of several inputs, whoever comes upon which', () => {
      const checks = open()
      const random = new SeededRandom(5)
      for (let round = 0; round < 60; round++) {
        const spent = Array.from({ length: 1 + random.below(40) }, () =>
          Array.from({ length: 1 + random.below(random.chance(0.1) ? 200 : 4) }, () =>
            random.chance(round % 3 === 0 ? 0.2 : 0.005) ? OP_FALSE : OP_TRUE,
          ),
        )
        const skip = spent.flatMap((_, i) => (random.chance(0.3) ? [i + 1] : []))
        const input = firstBad(spent, skip)
        expect(run(checks, scriptBlock(spent, skip)), `seed 5, round ${round}`).toEqual(
          input === undefined ? undefined : { input, error: 'EVAL_FALSE' },
        )
      }
    })

    test('pass over what need not run', () => {
      const bad = [OP_FALSE, OP_FALSE, OP_FALSE, OP_FALSE]
      expect(run(open(), scriptBlock([bad, good(20), bad, bad], [1, 3, 4]))).toBeUndefined()
      expect(run(open(), scriptBlock([bad, good(20), bad, bad], [1, 4]))).toEqual({ input: 25, error: 'EVAL_FALSE' })
    })

    test('of blocks of any size one after the other', () => {
      const checks = open()
      const long = new Uint8Array(9000).fill(0x61)
      long[8999] = 0x51
      for (const [count, script] of [
        [20, OP_TRUE],
        [1100, long.subarray(8800)],
        [30, OP_TRUE],
        [1200, long.subarray(8900)],
        [9, OP_FALSE],
      ] as const) {
        const failure = run(checks, scriptBlock([good(3), Array.from({ length: count }, () => script)]))
        expect(failure).toEqual(script === OP_FALSE ? { input: 4, error: 'EVAL_FALSE' } : undefined)
      }
    })
  })
}
