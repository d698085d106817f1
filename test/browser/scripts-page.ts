import { ecdsaSecp256k1 } from '../../src/script/ecdsa-secp256k1.ts'
import { nobleSecp256k1 } from '../../src/script/noble-secp256k1.ts'
import { wasmEcdsa } from '../../src/script/wasm-secp256k1.ts'
import { nobleHasher } from '../../src/wire/hash.ts'
import { type ScriptVectors, scriptVectorsContract } from '../script/script-contract.ts'
import { type CurveVectors, curveVectorsContract, secp256k1Contract } from '../script/secp256k1-contract.ts'
import { describe, runTests } from './stand-in.ts'

/** What is used of a browser; its types are not those of the tests. */
const { WebAssembly, fetch, window } = globalThis as unknown as {
  WebAssembly: { compileStreaming(response: Promise<Response>): Promise<object> }
  fetch: (path: string) => Promise<Response>
  window: { run: (vectors: Vectors | undefined) => Promise<ReturnType<typeof runTests>> }
}

interface Vectors {
  curve: CurveVectors
  scripts: ScriptVectors
}

window.run = async (vectors) => {
  const bytes = new Uint8Array(await (await fetch('secp256k1.wasm')).arrayBuffer())
  const implementations = {
    'a compiled module': ecdsaSecp256k1(wasmEcdsa(await WebAssembly.compileStreaming(fetch('secp256k1.wasm')))),
    'bytes of a module': ecdsaSecp256k1(wasmEcdsa(bytes)),
    'plain JavaScript': nobleSecp256k1,
  }
  for (const [name, secp256k1] of Object.entries(implementations)) {
    describe(name, () => {
      secp256k1Contract(secp256k1, 5)
      if (vectors) curveVectorsContract(secp256k1, vectors.curve)
    })
  }
  const library = implementations['a compiled module']
  if (vectors) describe('scripts', () => scriptVectorsContract(library, nobleHasher, vectors.scripts))
  return runTests()
}
