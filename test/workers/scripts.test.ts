import { describe, test } from 'vitest'
import { edgeEcdsa, edgeSecp256k1 } from '../../src/cloudflare/secp256k1.ts'
import { ecdsaSecp256k1 } from '../../src/script/ecdsa-secp256k1.ts'
import { nobleHasher } from '../../src/wire/hash.ts'
import { type ScriptVectors, scriptVectorsContract } from '../script/script-contract.ts'
import { type CurveVectors, curveVectorsContract, secp256k1Contract } from '../script/secp256k1-contract.ts'

/** Vite's: the texts of files, of those that are there. */
declare global {
  interface ImportMeta {
    glob(paths: string[], options: { query: '?raw'; import: 'default'; eager: true }): Record<string, string>
  }
}

const files = import.meta.glob(
  [
    '../../../shared/vectors/crypto/bip340_test_vectors.csv',
    '../../../shared/vectors/crypto/wycheproof_ecdsa_secp256k1_sha256_bitcoin.json',
    '../../../shared/vectors/tx/bip341_wallet_vectors.json',
    '../../../shared/vectors/tx/script_tests.json',
    '../../../shared/vectors/tx/tx_valid.json',
    '../../../shared/vectors/tx/tx_invalid.json',
  ],
  { query: '?raw', import: 'default', eager: true },
)

const text = (part: string) => Object.entries(files).find(([path]) => path.includes(part))?.[1]

function scriptVectors(): ScriptVectors | undefined {
  const [scripts, valid, invalid] = [text('script_tests'), text('tx_valid'), text('tx_invalid')]
  if (!scripts || !valid || !invalid) return undefined
  return { scripts: JSON.parse(scripts), valid: JSON.parse(valid), invalid: JSON.parse(invalid) }
}

function vectors(): CurveVectors | undefined {
  const [bip340, wycheproof, bip341] = [text('bip340'), text('wycheproof'), text('bip341')]
  return bip340 && wycheproof && bip341 ? { bip340, wycheproof, bip341 } : undefined
}

const shared = vectors()
const sharedScripts = scriptVectors()

describe.each([
  ['libsecp256k1 in workerd', ecdsaSecp256k1(edgeEcdsa())],
  ['what Durable Objects use', edgeSecp256k1],
])('%s', (_, secp256k1) => {
  secp256k1Contract(secp256k1, 5)
  if (shared) describe('with vectors of others', () => curveVectorsContract(secp256k1, shared))
  else test.skip('skipped: there is no ../shared/vectors here', () => {})
})

describe('scripts of Bitcoin Core’s tests', () => {
  if (sharedScripts) scriptVectorsContract(edgeSecp256k1, nobleHasher, sharedScripts)
  else test.skip('skipped: there is no ../shared/vectors here', () => {})
})
