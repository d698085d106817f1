import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type AddressParams, addressOf, parseAddress } from '../../src/script/address.ts'
import { decodeBase58Check } from '../../src/script/base58.ts'
import { P2A, p2pk, p2pkh, p2sh, witnessScriptPubKey } from '../../src/script/build.ts'
import { bytesToHex, hexToBytes } from '../../src/wire/hash.ts'
import { describeShared, readSharedJson } from '../shared.ts'
import { scriptFromText } from './script-text.ts'

const main: AddressParams = { hrp: 'bc', p2pkh: 0, p2sh: [5], wif: 128 }
const testnet: AddressParams = { hrp: 'tb', p2pkh: 111, p2sh: [196], wif: 239 }
const regtest: AddressParams = { hrp: 'bcrt', p2pkh: 111, p2sh: [196], wif: 239 }
const litecoin: AddressParams = { hrp: 'ltc', p2pkh: 48, p2sh: [50, 5], wif: 176 }
const litecoinRegtest: AddressParams = { hrp: 'rltc', p2pkh: 111, p2sh: [58, 196], wif: 239 }

const networks = { main, testnet, regtest, litecoin, 'litecoin-regtest': litecoinRegtest }
const others = Object.entries(networks).map(([name, address]) => ({ name, address }))

describe('addresses', () => {
  test.each([
    ['76a91462e907b15cbf27d5425399ebf6f0fb50ebb88f1888ac', '1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa'],
    ['a914cd7b44d0b03f2d026d1e586d7ae18903b0d385f687', '3LRW7jeCvQCRdPF8S3yUCfRAx4eqXFmdcr'],
    ['0014751e76e8199196d454941c45d1b3a323f1433bd6', 'bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4'],
    ['6002751e', 'bc1sw50qgdz25j'],
    ['51024e73', 'bc1pfeessrawgf'],
  ])('%s is paid at %s', (hex, address) => {
    expect(addressOf(hexToBytes(hex), main)).toBe(address)
    expect(parseAddress(address, main)).toEqual({ kind: 'ok', script: hexToBytes(hex) })
  })

  test('P2A has its own address on each network', () => {
    expect(addressOf(P2A, regtest)).toBe('bcrt1pfeesnyr2tx')
    expect(addressOf(P2A, testnet)).toBe('tb1pfees9rn5nz')
  })

  test.each([
    ['nothing', new Uint8Array()],
    ['P2PK', p2pk(new Uint8Array(33).fill(2))],
    ['OP_RETURN', hexToBytes('6a02abcd')],
    ['bare multisig', hexToBytes(`5121${'02'.repeat(33)}51ae`)],
    ['a version 0 program of 21 bytes', hexToBytes(`0015${'11'.repeat(21)}`)],
  ])('%s has no address', (_name, script) => {
    expect(addressOf(script, main)).toBeUndefined()
  })

  test('a Litecoin script address is written in its new form and read in both', () => {
    const script = p2sh(new Uint8Array(20).fill(7))
    const written = addressOf(script, litecoinRegtest)!
    expect(decodeBase58Check(written)).toMatchObject({ kind: 'ok', payload: expect.objectContaining({ 0: 58 }) })
    expect(parseAddress(written, litecoinRegtest)).toEqual({ kind: 'ok', script })
    expect(parseAddress(addressOf(script, regtest)!, litecoinRegtest)).toEqual({ kind: 'ok', script })
  })

  test.each([
    ['tb1qrp33g0q5c5txsp9arysrx4k6zdkfs4nce4xj0gdcccefvpysxf3q0sl5k7', 'testnet'],
    ['mrCDrCybB6J1vRfbwM5hemdJz73FwDBC8r', 'testnet'],
    ['2NByiBUaEXrhmqAsg7BbLpcQSAQs1EDwt5w', 'testnet'],
    ['bcrt1pfeesnyr2tx', 'regtest'],
    ['LUxXFcwXFPpRZdMv4aYu6bDwPdC2skQ5YW', 'litecoin'],
  ])('%s belongs to another network, %s', (address, network) => {
    expect(parseAddress(address, main, others)).toEqual({ kind: 'other-network', network })
  })

  test.each([
    ['bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t5', 'bech32-bad-checksum', 'base58 error'],
    [
      'bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqh2y7hd',
      'bech32-wrong-encoding',
      'legacy address base58 string',
    ],
    ['BC13W508D6QEJXTDG4Y5R3ZARVARY0C5XW7KN40WF2', 'bech32-bad-witness-version', 'base58 error'],
    ['tc1qw508d6qejxtdg4y5r3zarvary0c5xw7kg3g4ty', 'unknown-hrp', 'tried to parse an unknown hrp'],
    ['nope', 'base58-too-short', 'base58 error'],
    ['0', 'base58-bad-character', 'base58 error'],
    ['', 'base58-too-short', 'base58 error'],
    ['1'.repeat(51), 'base58-too-long', 'legacy address base58 string'],
    ['7SeEnXWPaCCALbVrTnszCVGfRU8cGfx', 'base58-bad-length', 'legacy address base58 data'],
    ['24kPZCmVgzfkpGdXExy56234MRHrsqQxNWE', 'base58-bad-version', 'legacy address base58 prefix'],
    ['1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNb', 'base58-bad-checksum', 'base58 error'],
    ['5JuW2AMDYu4xVwRG9DZW18VbzQrGcd5RCgb99sS6ehJsNQXu5b9', 'base58-too-long', 'legacy address base58 string'],
  ])('%s is refused as %s, in the words of Esplora: %s', (address, reason, text) => {
    expect(parseAddress(address, main, others)).toEqual({ kind: 'invalid', reason, text })
  })

  test('every address comes back as its script, on every network', () => {
    const hash = fc.uint8Array({ minLength: 20, maxLength: 20 })
    const legacy = fc.oneof(hash.map(p2pkh), hash.map(p2sh))
    const segwit = fc
      .tuple(fc.integer({ min: 1, max: 16 }), fc.uint8Array({ minLength: 2, maxLength: 40 }))
      .map(([version, program]) => witnessScriptPubKey(version, program))
    const v0 = fc
      .constantFrom(20, 32)
      .chain((length) => fc.uint8Array({ minLength: length, maxLength: length }))
      .map((program) => witnessScriptPubKey(0, program))
    fc.assert(
      fc.property(fc.oneof(legacy, segwit, v0), fc.constantFrom(...Object.values(networks)), (script, params) => {
        expect(parseAddress(addressOf(script, params)!, params)).toEqual({ kind: 'ok', script: new Uint8Array(script) })
      }),
    )
  })

  test('no text makes the parser throw, and no bytes the writer', () => {
    const text = fc.oneof(
      fc.string({ maxLength: 120 }),
      fc.string({ unit: 'binary', maxLength: 60 }),
      fc.string({ maxLength: 60 }).map((tail) => `bc1${tail}`),
    )
    fc.assert(
      fc.property(text, (typed) => {
        expect(parseAddress(typed, main, others).kind).not.toBe('ok')
      }),
    )
    fc.assert(fc.property(fc.uint8Array({ maxLength: 60 }), (script) => void addressOf(script, main)))
  })
})

describeShared('the address lists of Bitcoin Core', () => {
  const chains: Record<string, AddressParams> = { main, testnet4: testnet, test: testnet, signet: testnet, regtest }

  test('valid addresses and keys', () => {
    const rows = readSharedJson('address/key_io_valid.json') as [
      string,
      string,
      { chain: string; isPrivkey: boolean; isCompressed?: boolean; tryCaseFlip?: boolean },
    ][]
    expect(rows.length).toBeGreaterThan(60)
    for (const [text, hex, { chain, isPrivkey, isCompressed, tryCaseFlip }] of rows) {
      const params = chains[chain]!
      if (isPrivkey) {
        const decoded = decodeBase58Check(text)
        const payload = `${params.wif.toString(16)}${hex}${isCompressed ? '01' : ''}`
        expect(decoded.kind === 'ok' && bytesToHex(decoded.payload)).toBe(payload)
        expect(parseAddress(text, params).kind).toBe('invalid')
        continue
      }
      expect(parseAddress(text, params)).toEqual({ kind: 'ok', script: hexToBytes(hex) })
      expect(addressOf(hexToBytes(hex), params)).toBe(text)
      if (tryCaseFlip) expect(parseAddress(text.toUpperCase(), params).kind).toBe('ok')
    }
  })

  test('invalid addresses and keys', () => {
    for (const [text] of readSharedJson('address/key_io_invalid.json') as [string][]) {
      for (const params of [main, testnet, regtest]) {
        expect(parseAddress(text, params, others).kind, text).toBe('invalid')
      }
    }
  })
})

describeShared('the address fixtures of bitcoinjs', () => {
  interface Standard {
    network: 'bitcoin' | 'litecoin' | 'testnet' | 'regtest'
    base58check?: string
    bech32?: string
    script: string
  }
  const params = { bitcoin: main, litecoin, testnet, regtest }

  test('standard addresses', () => {
    const { standard } = readSharedJson('address/bitcoinjs-address.json') as { standard: Standard[] }
    expect(standard.length).toBeGreaterThan(10)
    for (const { network, base58check, bech32, script } of standard) {
      const text = base58check ?? bech32!
      expect(parseAddress(text, params[network])).toEqual({ kind: 'ok', script: scriptFromText(script) })
      expect(addressOf(scriptFromText(script), params[network])).toBe(base58check ?? text.toLowerCase())
    }
  })

  test('what has no script, and what has no address', () => {
    const { invalid } = readSharedJson('address/bitcoinjs-address.json') as {
      invalid: {
        bech32: { address: string }[]
        fromBase58Check: { address: string }[]
        fromOutputScript: { script: string; description?: string }[]
        toOutputScript: { address: string; exception?: string; paymentException?: string }[]
      }
    }
    for (const { address } of [...invalid.bech32, ...invalid.fromBase58Check]) {
      expect(parseAddress(address, main).kind, address).toBe('invalid')
    }
    for (const { address, paymentException } of invalid.toOutputScript) {
      // An output key off the curve cannot be spent, yet it has an address: a node does not look.
      if (paymentException) expect(parseAddress(address, main).kind).toBe('ok')
      // Theirs is asked about one network; without others, a foreign prefix is an unknown one.
      else if (/^BC1SW50QGDZ25J$/.test(address)) expect(parseAddress(address, testnet).kind).toBe('invalid')
      else expect(parseAddress(address, main).kind, address).toBe('invalid')
    }
    for (const { script, description } of invalid.fromOutputScript) {
      if (!description) expect(addressOf(scriptFromText(script), main), script).toBeUndefined()
    }
  })
})
