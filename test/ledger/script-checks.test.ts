import { scriptChecksHere } from '../../src/ledger/script-checks.ts'
import { nodeHasher } from '../../src/node/hasher.ts'
import { nodeSecp256k1 } from '../../src/node/secp256k1.ts'
import { scriptChecksContract } from './script-checks-contract.ts'

scriptChecksContract('the one who asks', () => scriptChecksHere(nodeSecp256k1, nodeHasher))
