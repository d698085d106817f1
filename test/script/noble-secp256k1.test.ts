import { describe } from 'vitest'
import { nobleSecp256k1 } from '../../src/script/noble-secp256k1.ts'
import { curveVectors } from './curve-vectors.ts'
import { secp256k1Contract } from './secp256k1-contract.ts'

describe('secp256k1 in plain JavaScript', () => secp256k1Contract(nobleSecp256k1, curveVectors(), 10))
