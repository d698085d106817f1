import { expect, test } from 'vitest'
import { type AddressParams, addressOf } from '../../src/script/address.ts'
import { toAsm } from '../../src/script/asm.ts'
import { innerScripts, type ScriptType, scriptType } from '../../src/script/type.ts'
import { hexToBytes } from '../../src/wire/hash.ts'
import { describeShared, readSharedJson } from '../shared.ts'

interface Output {
  scriptpubkey: string
  scriptpubkey_asm: string
  scriptpubkey_type: string
  scriptpubkey_address?: string
}
interface Input {
  prevout: Output | null
  scriptsig: string
  scriptsig_asm: string
  witness?: string[]
  inner_redeemscript_asm?: string
  inner_witnessscript_asm?: string
}

const main: AddressParams = { hrp: 'bc', p2pkh: 0, p2sh: [5], wif: 128 }
const testnet: AddressParams = { hrp: 'tb', p2pkh: 111, p2sh: [196], wif: 239 }

/** Every transaction in a recording, wherever in the answers it stands. */
function transactions(value: unknown): { vin: Input[]; vout: Output[] }[] {
  if (typeof value !== 'object' || value === null) return []
  if ('vin' in value && 'vout' in value) return [value as { vin: Input[]; vout: Output[] }]
  return Object.values(value).flatMap(transactions)
}

function expectSameOutput(output: Output, params: AddressParams): void {
  const script = hexToBytes(output.scriptpubkey)
  expect(toAsm(script)).toBe(output.scriptpubkey_asm)
  expect(scriptType(script)).toBe(output.scriptpubkey_type)
  expect(addressOf(script, params)).toBe(output.scriptpubkey_address)
}

describeShared('recorded Esplora answers', () => {
  test.each([
    ['esplora-mainnet-basic.json', main, 1],
    ['esplora-mainnet-taproot.json', main, 2],
    ['esplora-mainnet-history.json.gz', main, 100],
    ['blockstream-testnet3-tx.json', testnet, 2],
  ])('%s: asm, types, addresses and inner scripts', (file, params, least) => {
    const found = transactions(readSharedJson(`api/${file}`))
    expect(found.length).toBeGreaterThanOrEqual(least)
    for (const { vin, vout } of found) {
      for (const output of vout) expectSameOutput(output, params)
      for (const input of vin) {
        const scriptSig = hexToBytes(input.scriptsig)
        expect(toAsm(scriptSig)).toBe(input.scriptsig_asm)
        if (!input.prevout) continue
        expectSameOutput(input.prevout, params)
        const witness = (input.witness ?? []).map(hexToBytes)
        const inner = innerScripts(scriptSig, witness, hexToBytes(input.prevout.scriptpubkey))
        expect(inner.redeemScript && toAsm(inner.redeemScript)).toBe(input.inner_redeemscript_asm)
        expect(inner.witnessScript && toAsm(inner.witnessScript)).toBe(input.inner_witnessscript_asm)
      }
    }
  })
})

/** Bitcoin Core's names for what both tell apart. */
const coreNames: Partial<Record<string, ScriptType>> = {
  nulldata: 'op_return',
  pubkey: 'p2pk',
  pubkeyhash: 'p2pkh',
  scripthash: 'p2sh',
  witness_v0_keyhash: 'v0_p2wpkh',
  witness_v0_scripthash: 'v0_p2wsh',
  witness_v1_taproot: 'v1_p2tr',
  witness_unknown: 'unknown',
}

describeShared("Bitcoin Core's decodescript", () => {
  test('types and addresses', () => {
    const regtest: AddressParams = { hrp: 'bcrt', p2pkh: 111, p2sh: [196], wif: 239 }
    const rows = readSharedJson('api/rpc_decodescript.json') as [string, { type: string; address?: string }][]
    let compared = 0
    for (const [hex, { type, address }] of rows) {
      const script = hexToBytes(hex)
      expect(addressOf(script, regtest)).toBe(address)
      const name = coreNames[type]
      // What is nonstandard to Core for its length or its pushes is OP_RETURN or unknown to Esplora.
      if (!name) expect(['op_return', 'unknown']).toContain(scriptType(script))
      else {
        expect(scriptType(script)).toBe(name)
        compared++
      }
    }
    expect(compared).toBeGreaterThanOrEqual(5)
  })
})
