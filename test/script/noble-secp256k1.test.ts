import { describe } from 'vitest'
import { nobleSecp256k1 } from '../../src/script/noble-secp256k1.ts'
import { describeShared } from '../shared.ts'
import { curveVectors } from './curve-vectors.ts'
import { curveVectorsContract, secp256k1Contract } from './secp256k1-contract.ts'

describe('secp256k1 in plain JavaScript', () => {
  secp256k1Contract(nobleSecp256k1, 10)
  describeShared('with vectors of others', () => curveVectorsContract(nobleSecp256k1, curveVectors()))
})
