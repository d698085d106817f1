import { nodeHasher } from '../../src/node/hasher.ts'
import { nodeSecp256k1 } from '../../src/node/secp256k1.ts'
import { describeShared, readSharedJson } from '../shared.ts'
import { type ScriptVectors, scriptVectorsContract } from './script-contract.ts'

describeShared('scripts of Bitcoin Core’s tests', () => {
  const vectors: ScriptVectors = {
    scripts: readSharedJson('tx/script_tests.json'),
    valid: readSharedJson('tx/tx_valid.json'),
    invalid: readSharedJson('tx/tx_invalid.json'),
    taproot: readSharedJson('tx/taproot-ref.json.gz'),
  }
  scriptVectorsContract(nodeSecp256k1, nodeHasher, vectors)
})
