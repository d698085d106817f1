import { expect, test } from 'vitest'
import { nodeHasher } from '../../src/node/hasher.ts'
import { nodeSecp256k1 } from '../../src/node/secp256k1.ts'
import { InputScripts } from '../../src/script/input-scripts.ts'
import { toDisplay } from '../../src/wire/hash.ts'
import { txid } from '../../src/wire/transaction.ts'
import { describeShared } from '../shared.ts'
import { realBlock, realBlockNames } from './real-blocks.ts'

describeShared('every input of a real block', () => {
  test.each(realBlockNames())(
    '%s passes under the rules of its height',
    (name) => {
      const { spends, inputs, fees, coinbase, coinbaseValue, flags } = realBlock(name)
      const failures: string[] = []
      let checked = 0
      let paid = 0n
      for (const { tx, spent } of spends) {
        const scripts = new InputScripts(tx, spent, nodeSecp256k1, nodeHasher)
        for (let i = 0; i < tx.inputs.length; i++) {
          const error = scripts.check(i, flags)
          if (error) failures.push(`${toDisplay(txid(tx))} input ${i}: ${error}`)
          checked++
        }
        for (const { value } of spent) paid += value
        for (const { value } of tx.outputs) paid -= value
      }
      expect(failures).toEqual([])
      expect(checked).toBe(inputs)
      expect(Number(paid)).toBe(fees)
      expect(Number(coinbase.outputs.reduce((sum, { value }) => sum + value, 0n))).toBe(coinbaseValue)
    },
    60_000,
  )
})
