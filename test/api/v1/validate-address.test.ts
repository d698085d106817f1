import { describe, expect, test } from 'vitest'
import { validateAddress } from '../../../src/api/v1/validate-address.ts'
import { networks } from '../../../src/chain/network.ts'
import { describeShared, readSharedJson } from '../../shared.ts'

const { main, regtest, signet } = networks

describe('an address', () => {
  test.each<[string, object]>([
    [
      '1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa',
      { scriptPubKey: '76a91462e907b15cbf27d5425399ebf6f0fb50ebb88f1888ac', isscript: false, iswitness: false },
    ],
    [
      '3P14159f73E4gFr7JterCCQh9QjiTjiZrG',
      { scriptPubKey: 'a914e9c3dd0c07aac76179ebc76a6c78d4d67c6c160a87', isscript: true, iswitness: false },
    ],
    [
      'BC1QW508D6QEJXTDG4Y5R3ZARVARY0C5XW7KV8F3T4',
      {
        address: 'bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4',
        scriptPubKey: '0014751e76e8199196d454941c45d1b3a323f1433bd6',
        isscript: false,
        iswitness: true,
        witness_version: 0,
        witness_program: '751e76e8199196d454941c45d1b3a323f1433bd6',
      },
    ],
    [
      'bc1qrp33g0q5c5txsp9arysrx4k6zdkfs4nce4xj0gdcccefvpysxf3qccfmv3',
      {
        scriptPubKey: '00201863143c14c5166804bd19203356da136c985678cd4d27a1b8c6329604903262',
        isscript: true,
        iswitness: true,
        witness_version: 0,
        witness_program: '1863143c14c5166804bd19203356da136c985678cd4d27a1b8c6329604903262',
      },
    ],
    [
      'bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqzk5jj0',
      {
        scriptPubKey: '512079be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798',
        isscript: true,
        iswitness: true,
        witness_version: 1,
        witness_program: '79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798',
      },
    ],
    ['bc1pfeessrawgf', { scriptPubKey: '51024e73', isscript: true, iswitness: true }],
    [
      'bc1zw508d6qejxtdg4y5r3zarvaryvaxxpcs',
      {
        scriptPubKey: '5210751e76e8199196d454941c45d1b3a323',
        iswitness: true,
        witness_version: 2,
        witness_program: '751e76e8199196d454941c45d1b3a323',
      },
    ],
  ])('%s is valid, and of its kind', (address, rest) => {
    expect(validateAddress(address, main.address)).toEqual({ isvalid: true, address, ...rest })
  })

  test.each([
    ['bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t5', 'Invalid checksum'],
    ['bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3tb', 'Invalid Base 32 character'],
    ['bc1qW508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4', 'Invalid character or mixed case'],
    ['bc1gmk9yu', 'Invalid Bech32 address witness version'],
    [
      'tb1qw508d6qejxtdg4y5r3zarvary0c5xw7kxpjzsx',
      'Invalid or unsupported prefix for Segwit (Bech32) address (expected bc, got tb).',
    ],
    ['mipcBbFg9gMiCh81Kj8tqqdgoZub1ZJRfn', 'Invalid or unsupported Base58-encoded address.'],
    ['1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNb', 'Invalid checksum or length of Base58 address (P2PKH or P2SH)'],
    ['1A1zP1eP5QGefi2DMPTfTL5SLmv7Divf', 'Invalid checksum or length of Base58 address (P2PKH or P2SH)'],
    ['0', 'Invalid or unsupported Segwit (Bech32) or Base58 encoding.'],
    ['', 'Invalid checksum or length of Base58 address (P2PKH or P2SH)'],
  ])('%s is refused: %s', (address, error) => {
    expect(validateAddress(address, main.address)).toEqual({ isvalid: false, error, error_locations: [] })
  })
})

describeShared("Core's own addresses", () => {
  const networkOf = { main, regtest, signet, test: networks.testnet3, testnet4: networks.testnet4 }
  type Row = [string, string, { chain: keyof typeof networkOf; isPrivkey: boolean }]

  test('are valid with the script that Core says', () => {
    const rows = (readSharedJson('address/key_io_valid.json') as Row[]).filter(([, , { isPrivkey }]) => !isPrivkey)
    expect(rows.length).toBeGreaterThan(30)
    for (const [address, scriptPubKey, { chain }] of rows) {
      expect(validateAddress(address, networkOf[chain].address), address).toMatchObject({ isvalid: true, scriptPubKey })
    }
  })

  test('are invalid with a reason where Core says so', () => {
    for (const [address] of readSharedJson('address/key_io_invalid.json') as [string][]) {
      for (const { address: params } of [main, signet, regtest]) {
        const found = validateAddress(address, params)
        expect(found, address).toMatchObject({ isvalid: false, error: expect.stringMatching(/^.{10,}$/) })
      }
    }
  })
})
