import { readShared } from '../shared.ts'
import type { CurveVectors } from './secp256k1-contract.ts'

export function curveVectors(): CurveVectors {
  const text = (path: string) => new TextDecoder().decode(readShared(path))
  return {
    bip340: text('crypto/bip340_test_vectors.csv'),
    wycheproof: text('crypto/wycheproof_ecdsa_secp256k1_sha256_bitcoin.json'),
    bip341: text('tx/bip341_wallet_vectors.json'),
  }
}
