import { describe, expect, test } from 'vitest'
import { loadSecp256k1, nodeSecp256k1, nodeWasmEcdsa } from '../../src/node/secp256k1.ts'
import { ecdsaSecp256k1 } from '../../src/script/ecdsa-secp256k1.ts'
import { curveVectors } from '../script/curve-vectors.ts'
import { secp256k1Contract } from '../script/secp256k1-contract.ts'
import { nativeIfAny } from './native-secp256k1.ts'

const native = nativeIfAny()

describe('libsecp256k1 as WebAssembly', () => secp256k1Contract(ecdsaSecp256k1(nodeWasmEcdsa()), curveVectors()))

describe('libsecp256k1 as an addon', () => {
  if (native) secp256k1Contract(ecdsaSecp256k1(native), curveVectors())
  else test.skip('skipped: its package has none for this machine', () => {})
})

describe('whichever is the fastest', () => {
  secp256k1Contract(nodeSecp256k1, curveVectors(), 5)

  test('is the addon where there is one', () => {
    expect(loadSecp256k1().kind).toBe(native ? 'native' : 'wasm')
  })
})
