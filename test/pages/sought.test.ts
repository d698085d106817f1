import fc from 'fast-check'
import { expect, test } from 'vitest'
import { networks } from '../../src/chain/network.ts'
import { addressOf } from '../../src/script/address.ts'
import { p2pkh, p2tr, p2wpkh } from '../../src/script/build.ts'
import { readAddress, readSought } from '../../web/pages/sought.ts'

const LETTERS = 'qpzry9x8gf2tvdw0s3jn54khce6mua7l'
const anyProgram = fc.oneof(
  fc.uint8Array({ minLength: 20, maxLength: 20 }).map(p2wpkh),
  fc.uint8Array({ minLength: 32, maxLength: 32 }).map(p2tr),
)

test('one wrong letter of a segwit address is found where it is', () => {
  fc.assert(
    fc.property(anyProgram, fc.nat(), fc.integer({ min: 1, max: 31 }), fc.boolean(), (script, place, shift, upper) => {
      const right = addressOf(script, networks.main.address)!
      const at = 3 + (place % (right.length - 3))
      const wrong = LETTERS[(LETTERS.indexOf(right[at]!) + shift) % 32]!
      const typed = right.slice(0, at) + wrong + right.slice(at + 1)
      expect(readAddress(upper ? typed.toUpperCase() : typed, networks.main)).toEqual({ kind: 'checksum', at })
    }),
    { numRuns: 30 },
  )
})

test('an address reads as its script, whatever its case and however it was pasted', () => {
  fc.assert(
    fc.property(anyProgram, (script) => {
      const address = addressOf(script, networks.signet.address)!
      for (const pasted of [address, ` ${address.toUpperCase()}\n`, `bitcoin:${address}?label=x`]) {
        expect(readSought(pasted, networks.signet)).toEqual({ kind: 'address', address, script })
      }
    }),
  )
})

test('a wrong letter of a legacy address is noticed and not located', () => {
  const right = addressOf(p2pkh(new Uint8Array(20).fill(9)), networks.main.address)!
  expect(readAddress(`${right.slice(0, 9)}${right[9] === 'x' ? 'y' : 'x'}${right.slice(10)}`, networks.main)).toEqual({
    kind: 'checksum',
    at: undefined,
  })
  expect(readAddress(`${right.slice(0, 9)}0${right.slice(10)}`, networks.main)).toEqual({ kind: 'bad-letter', at: 9 })
})

test.each([
  ['', { kind: 'empty' }],
  ['  ', { kind: 'empty' }],
  ['0', { kind: 'height', height: 0 }],
  ['976,412', { kind: 'height', height: 976_412 }],
  ['976 412', { kind: 'height', height: 976_412 }],
  ['9,76', { kind: 'malformed' }],
  ['-1', { kind: 'malformed' }],
  ['12345678901', { kind: 'malformed' }],
  ['AB'.repeat(32), { kind: 'hash', hashHex: 'ab'.repeat(32) }],
  [`${'AB'.repeat(32)}:3`, { kind: 'outpoint', txidHex: 'ab'.repeat(32), vout: 3 }],
  ['ab'.repeat(10), { kind: 'bad-length', digits: 20 }],
  ['abcdef', { kind: 'malformed' }],
  ['bc1q', { kind: 'malformed' }],
  ['tb1qw508d6qejxtdg4y5r3zarvary0c5xw7kxpjzsx', { kind: 'other-network', other: 'testnet4' }],
  ['x'.repeat(10_000), { kind: 'malformed' }],
])('%j is read as it looks', (text, sought) => {
  expect(readSought(text, networks.main)).toEqual(sought)
})
