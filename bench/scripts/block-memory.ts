// Checks all inputs of a block of the shared vectors and says how much memory that took: node bench/scripts/block-memory.ts NAME
import { nodeSecp256k1 } from '../../src/node/secp256k1.ts'
import { blockInputs, checkInputs } from './block-inputs.ts'

const block = blockInputs(process.argv[2]!)
const start = performance.now()
checkInputs(block, nodeSecp256k1)
const seconds = (performance.now() - start) / 1000
const peakMb = (process.resourceUsage().maxRSS * 1024) / 1e6
console.log(JSON.stringify({ inputs: block.inputs, seconds, peakMb }))
