import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { digestBlock } from '../../src/chain/digest.ts'
import {
  accurateSigops,
  inputSigopCost,
  legacySigops,
  type SigopRules,
  spendSigopCost,
} from '../../src/chain/sigops.ts'
import { concatBytes, hash160, hexToBytes, sha256 } from '../../src/wire/hash.ts'
import { anyBlock, rawBlock } from './any-block.ts'

const ALL: SigopRules = { p2sh: true, witness: true }
const NOTHING = new Uint8Array(0)
const script = (hex: string) => hexToBytes(hex.replaceAll(' ', ''))
const legacy = (hex: string) => legacySigops(script(hex), 0, script(hex).length)
const push = (data: Uint8Array) => concatBytes(Uint8Array.of(...(data.length > 75 ? [0x4c] : []), data.length), data)
const p2sh = (redeem: Uint8Array) => concatBytes(script('a914'), hash160(redeem), script('87'))
const p2wsh = (witnessScript: Uint8Array) => concatBytes(script('0020'), sha256(witnessScript))

const KEY = '21'.padEnd(68, '0')
const TWO_OF_THREE = script(`52 ${KEY} ${KEY} ${KEY} 53 ae`)
const P2WPKH = script(`0014${'22'.repeat(20)}`)

describe('signature operations of a script', () => {
  test.each([
    ['', 0, 0],
    ['ac', 1, 1],
    ['ad', 1, 1],
    ['ae', 20, 20],
    ['af', 20, 20],
    ['51ae', 20, 1],
    ['60af', 20, 16],
    ['00ae', 20, 20],
    ['5161ae', 20, 20],
    ['51aeae', 40, 21],
    ['63ac68ac', 2, 2],
    ['01ac', 0, 0],
    ['4c01acac', 1, 1],
    ['4d0100acac', 1, 1],
    ['4e01000000acac', 1, 1],
    ['ba', 0, 0], // OP_CHECKSIGADD is tapscript's, whose limit is another.
    // After a push that runs past the end nothing counts.
    ['ac02ac', 1, 1],
    ['ac4c', 1, 1],
    ['ac4cffac', 1, 1],
    ['ac4dacac', 1, 1],
    ['ac4effffffffac', 1, 1],
  ])('%s: %i counted as before P2SH, %i counted exactly', (hex, rough, exact) => {
    expect(legacy(hex)).toBe(rough)
    expect(accurateSigops(script(hex))).toBe(exact)
  })

  test('is never counted less exactly than roughly', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
        const rough = legacySigops(bytes, 0, bytes.length)
        expect(accurateSigops(bytes)).toBeLessThanOrEqual(rough)
        expect(legacySigops(concatBytes(script('acac'), bytes, script('ac')), 2, 2 + bytes.length)).toBe(rough)
      }),
    )
  })
})

describe('spending adds', () => {
  const cost = (spent: Uint8Array, scriptSig: Uint8Array, lastWitness?: Uint8Array, rules = ALL) =>
    spendSigopCost({ spent, scriptSig, lastWitness }, rules)

  test('nothing for scripts that were counted as they are', () => {
    expect(cost(script(`76a914${'22'.repeat(20)}88ac`), script('01ac'))).toBe(0)
    expect(cost(TWO_OF_THREE, script('0001ac'))).toBe(0)
    expect(cost(script(`5120${'22'.repeat(32)}`), NOTHING, script('ac'))).toBe(0)
  })

  test('four times those of the redeem script', () => {
    expect(cost(p2sh(TWO_OF_THREE), concatBytes(script('00'), push(TWO_OF_THREE)))).toBe(12)
    expect(cost(p2sh(TWO_OF_THREE), push(TWO_OF_THREE), undefined, { p2sh: false, witness: true })).toBe(0)
  })

  test('nothing for a scriptSig that does more than push, or pushes nothing', () => {
    expect(cost(p2sh(TWO_OF_THREE), concatBytes(script('61'), push(TWO_OF_THREE)))).toBe(0)
    expect(cost(p2sh(TWO_OF_THREE), concatBytes(push(TWO_OF_THREE), script('4c')))).toBe(0)
    expect(cost(p2sh(TWO_OF_THREE), concatBytes(push(TWO_OF_THREE), script('51')))).toBe(0)
    expect(cost(p2sh(TWO_OF_THREE), NOTHING)).toBe(0)
  })

  test('one for a key hash and those of the script for P2WSH', () => {
    expect(cost(P2WPKH, NOTHING, script('00'))).toBe(1)
    expect(cost(P2WPKH, NOTHING)).toBe(1)
    expect(cost(p2wsh(TWO_OF_THREE), NOTHING, TWO_OF_THREE)).toBe(3)
    expect(cost(p2wsh(TWO_OF_THREE), NOTHING)).toBe(0)
    expect(cost(P2WPKH, NOTHING, undefined, { p2sh: true, witness: false })).toBe(0)
  })

  test('the same behind P2SH', () => {
    expect(cost(p2sh(P2WPKH), push(P2WPKH), script('00'))).toBe(1)
    expect(cost(p2sh(p2wsh(TWO_OF_THREE)), push(p2wsh(TWO_OF_THREE)), TWO_OF_THREE)).toBe(3)
    expect(cost(p2sh(P2WPKH), concatBytes(script('61'), push(P2WPKH)), script('00'))).toBe(0)
  })

  test('nothing for witness programs of later versions', () => {
    expect(cost(script(`5114${'22'.repeat(20)}`), NOTHING, script('ac'))).toBe(0)
    expect(cost(script(`0010${'22'.repeat(16)}`), NOTHING, script('ac'))).toBe(0)
  })
})

test('an input of a digest costs what its parts cost', () => {
  const anySpent = fc.constantFrom(p2sh(P2WPKH), P2WPKH, p2wsh(TWO_OF_THREE), TWO_OF_THREE)
  fc.assert(
    fc.property(anyBlock, anySpent, (parsed, spent) => {
      // Real spends instead of random bytes in half of the scripts.
      const inputs = parsed.transactions.flatMap((tx) => tx.inputs)
      for (const [i, input] of inputs.entries()) if (i % 2) input.scriptSig = push(P2WPKH)
      for (const [i, input] of inputs.entries()) if (i % 3 && input.witness.length) input.witness.push(TWO_OF_THREE)
      const bytes = rawBlock(parsed)
      const digest = digestBlock(bytes)
      for (const [i, { scriptSig, witness }] of inputs.entries()) {
        const expected = spendSigopCost({ spent, scriptSig, lastWitness: witness.at(-1) }, ALL)
        expect(inputSigopCost(bytes, digest, i, spent, ALL)).toBe(expected)
      }
    }),
  )
})

test('a witness of many and long items is walked to its last', () => {
  const input = `${'00'.repeat(36)}00ffffffff`
  for (const [items, length] of [
    [1, 300],
    [300, 1],
    [2, 70_000],
  ]) {
    const size = (n: number) =>
      n < 0xfd
        ? Uint8Array.of(n)
        : n < 0x10000
          ? Uint8Array.of(0xfd, n & 255, n >> 8)
          : Uint8Array.of(0xfe, n & 255, (n >> 8) & 255, n >> 16, 0)
    const item = concatBytes(size(length!), new Uint8Array(length!).fill(0x61))
    const last = concatBytes(Uint8Array.of(3), script('acacac'))
    const stack = concatBytes(size(items! + 1), ...Array.from({ length: items! }, () => item), last)
    const bytes = concatBytes(new Uint8Array(80), script(`01 01000000 0001 01${input}00`), stack, new Uint8Array(4))
    expect(inputSigopCost(bytes, digestBlock(bytes), 0, p2wsh(NOTHING), ALL)).toBe(3)
  }
})
