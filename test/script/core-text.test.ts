import { schnorr } from '@noble/curves/secp256k1.js'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { networks } from '../../src/chain/network.ts'
import { addressOf } from '../../src/script/address.ts'
import { isSignature, toCoreAsm } from '../../src/script/core-asm.ts'
import { coreScriptType, multisigOf } from '../../src/script/core-type.ts'
import { descriptorOf, withChecksum } from '../../src/script/descriptor.ts'
import { isXOnlyKey } from '../../src/script/x-only-key.ts'
import { bytesToHex, hexToBytes } from '../../src/wire/hash.ts'
import { describeShared, readSharedJson } from '../shared.ts'

const KEY = '0279be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798'
const UNCOMPRESSED =
  '0479be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798483ada7726a3c4655da4fbfc0e1108a8fd17b448a68554199c47d08ffb10d4b8'
const HYBRID = `06${UNCOMPRESSED.slice(2)}`
const SIGNATURE =
  '30440220079e17291fac5112b36101407a06ebf76b2bf4c8c236c5caf8967baede884b45022072b1a2aa7f1a8fb6410d287b1902cd6debff3046c69e56a1355d5b95bf84c8cf'

function describeScript(scriptHex: string, network = networks.regtest) {
  const script = hexToBytes(scriptHex)
  const type = coreScriptType(script)
  return { asm: toCoreAsm(script), type, desc: descriptorOf(script, type, addressOf(script, network.address)) }
}

test.each([
  ['', ''],
  ['00', '0'],
  ['0180', '0'],
  ['0181', '-1'],
  ['4f515260', '-1 1 2 16'],
  ['04ffffff7f', '2147483647'],
  ['04ffffffff', '-2147483647'],
  ['05ffffffff00', 'ffffffff00'],
  ['4c0101', '1'],
  ['b1b2b0b9ba', 'OP_CHECKLOCKTIMEVERIFY OP_CHECKSEQUENCEVERIFY OP_NOP1 OP_NOP10 OP_CHECKSIGADD'],
  ['5062ff', 'OP_RESERVED OP_VER OP_INVALIDOPCODE'],
  ['bbfe', 'OP_UNKNOWN OP_UNKNOWN'],
  ['51024e', '1 [error]'],
  ['514d01', '1 [error]'],
])('%s is written as "%s"', (scriptHex, asm) => {
  expect(toCoreAsm(hexToBytes(scriptHex))).toBe(asm)
})

test.each([
  ['01', '[ALL]'],
  ['83', '[SINGLE|ANYONECANPAY]'],
  ['04', '04'],
])('a signature that ends with %s shows as %s, in a scriptSig only', (sighash, shown) => {
  const script = hexToBytes(`47${SIGNATURE}${sighash}`)
  expect(toCoreAsm(script, true)).toBe(SIGNATURE + shown)
  expect(toCoreAsm(script)).toBe(SIGNATURE + sighash)
  expect(toCoreAsm(hexToBytes(`6a47${SIGNATURE}${sighash}`), true)).toBe(`OP_RETURN ${SIGNATURE}${sighash}`)
})

test('a signature has strict DER form: no byte of its frame may change', () => {
  const signature = hexToBytes(`${SIGNATURE}01`)
  expect(isSignature(signature)).toBe(true)
  for (const at of [0, 1, 2, 3, 36, 37]) {
    const broken = signature.slice()
    broken[at]! ^= 1
    expect(isSignature(broken)).toBe(false)
  }
  for (const at of [4, 38]) {
    const negative = signature.slice()
    negative[at]! |= 0x80
    expect(isSignature(negative)).toBe(false)
    const padded = signature.slice()
    padded[at] = 0
    padded[at + 1] = 1
    expect(isSignature(padded)).toBe(false)
  }
})

test.each([
  [`21${KEY}ac`, 'pubkey', `pk(${KEY})`],
  [`41${UNCOMPRESSED}ac`, 'pubkey', `pk(${UNCOMPRESSED})`],
  [`41${HYBRID}ac`, 'pubkey', `raw(41${HYBRID}ac)`],
  [`21${KEY.replace(/^02/, '05')}ac`, 'nonstandard', `raw(21${KEY.replace(/^02/, '05')}ac)`],
  [`5121${KEY}21${KEY}52ae`, 'multisig', `multi(1,${KEY},${KEY})`],
  [`5121${KEY}41${HYBRID}52ae`, 'multisig', `raw(5121${KEY}41${HYBRID}52ae)`],
  [`5221${KEY}51ae`, 'nonstandard', `raw(5221${KEY}51ae)`],
  [`5121${KEY}52ae`, 'nonstandard', `raw(5121${KEY}52ae)`],
  [`0021${KEY}51ae`, 'nonstandard', `raw(0021${KEY}51ae)`],
  ['ae', 'nonstandard', 'raw(ae)'],
  ['', 'nonstandard', 'raw()'],
  ['51024e73', 'anchor', 'addr(bcrt1pfeesnyr2tx)'],
  [
    '0015ffffffffffffffffffffffffffffffffffffffffff',
    'nonstandard',
    'raw(0015ffffffffffffffffffffffffffffffffffffffffff)',
  ],
  ['6a', 'nulldata', 'raw(6a)'],
])('%s is %s', (scriptHex, type, desc) => {
  const described = describeScript(scriptHex)
  expect(described.type).toBe(type)
  expect(described.desc.split('#')[0]).toBe(desc)
})

test('a taproot output whose key is no point is described by its address', () => {
  const script = `5120${'ff'.repeat(32)}`
  const address = addressOf(hexToBytes(script), networks.regtest.address)
  expect(describeScript(script)).toMatchObject({ type: 'witness_v1_taproot', desc: withChecksum(`addr(${address})`) })
})

test('twenty keys are the most, and their number may be a push', () => {
  const of = (keys: number) =>
    hexToBytes(`51${`21${KEY}`.repeat(keys)}${keys > 16 ? `01${keys.toString(16)}` : (0x50 + keys).toString(16)}ae`)
  expect(multisigOf(of(16))?.keys).toHaveLength(16)
  expect(multisigOf(of(20))?.keys).toHaveLength(20)
  expect(multisigOf(of(21))).toBeUndefined()
})

test.each([
  ['raw(deadbeef)', '89f8spxm'],
  ['pk(0279be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798)', 'gn28ywm7'],
])("BIP 380's and Core's own examples: %s#%s", (body, checksum) => {
  expect(withChecksum(body)).toBe(`${body}#${checksum}`)
})

test('what no descriptor has is refused', () => {
  expect(() => withChecksum('raw(é)')).toThrow(RangeError)
})

test('a key is on the curve exactly where lifting it gives a point', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }), (x) => {
      let lifts = true
      try {
        schnorr.utils.lift_x(BigInt(`0x${bytesToHex(x)}`))
      } catch {
        lifts = false
      }
      expect(isXOnlyKey(x)).toBe(lifts)
    }),
    { numRuns: 200 },
  )
  expect(isXOnlyKey(new Uint8Array(32).fill(0xff))).toBe(false)
  expect(isXOnlyKey(new Uint8Array(32))).toBe(false)
})

describeShared("Core's answers", () => {
  test('decodescript', () => {
    const cases: [string, { asm: string; desc: string; type: string; segwit?: { hex: string } }][] =
      readSharedJson('api/rpc_decodescript.json')
    for (const [scriptHex, { asm, desc, type, segwit }] of cases) {
      expect(describeScript(scriptHex)).toEqual({ asm, desc, type })
      if (segwit) expect(describeScript(segwit.hex)).toMatchObject(only(segwit, ['asm', 'desc', 'type']))
    }
    expect(cases.length).toBeGreaterThan(8)
  })

  test('outputs and scriptSigs of decoded transactions', () => {
    const txs = ['decode-tt-delin1-out', 'decode-tt-locktime317000-out'].map((name) =>
      readSharedJson(`api/${name}.json`),
    )
    for (const { vin, vout } of txs) {
      for (const { scriptSig } of vin) expect(toCoreAsm(hexToBytes(scriptSig.hex), true)).toBe(scriptSig.asm)
      for (const { scriptPubKey } of vout) {
        const { asm, desc, type } = scriptPubKey
        expect(describeScript(scriptPubKey.hex, networks.main)).toEqual({ asm, desc, type })
      }
    }
  })
})

function only(from: object, names: string[]) {
  return Object.fromEntries(Object.entries(from).filter(([name]) => names.includes(name)))
}
