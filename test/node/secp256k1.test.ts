import { describe, expect, test } from 'vitest'
import { loadSecp256k1, nodeSecp256k1, nodeWasmEcdsa } from '../../src/node/secp256k1.ts'
import { ecdsaSecp256k1 } from '../../src/script/ecdsa-secp256k1.ts'
import type { Secp256k1 } from '../../src/script/secp256k1.ts'
import { curveVectors } from '../script/curve-vectors.ts'
import { curveVectorsContract, secp256k1Contract } from '../script/secp256k1-contract.ts'
import { describeShared } from '../shared.ts'
import { nativeIfAny } from './native-secp256k1.ts'

const native = nativeIfAny()

function contract(secp256k1: Secp256k1): void {
  secp256k1Contract(secp256k1)
  describeShared('with vectors of others', () => curveVectorsContract(secp256k1, curveVectors()))
}

describe('libsecp256k1 as WebAssembly', () => contract(ecdsaSecp256k1(nodeWasmEcdsa())))

describe('libsecp256k1 as an addon', () => {
  if (native) contract(ecdsaSecp256k1(native))
  else test.skip('skipped: its package has none for this machine', () => {})
})

describe('whichever is the fastest', () => {
  contract(nodeSecp256k1)

  test('is the addon where there is one', () => {
    expect(loadSecp256k1().kind).toBe(native ? 'native' : 'wasm')
  })
})
