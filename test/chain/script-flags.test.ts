import { describe, expect, test } from 'vitest'
import { networks } from '../../src/chain/network.ts'
import { blockScriptFlags, sigopRules } from '../../src/chain/script-flags.ts'
import { CONSENSUS_FLAGS, SCRIPT_FLAG, type ScriptFlagName } from '../../src/script/flags.ts'
import { fromDisplay } from '../../src/wire/hash.ts'

const SOME_BLOCK = new Uint8Array(32).fill(7)

function names(flags: number): string[] {
  return (Object.keys(SCRIPT_FLAG) as ScriptFlagName[]).filter((name) => flags & SCRIPT_FLAG[name])
}

describe('the rules that the scripts of a block are under', () => {
  const always = ['P2SH', 'WITNESS', 'TAPROOT']
  test.each([
    [0, []],
    [363_724, []],
    [363_725, ['DERSIG']],
    [388_380, ['DERSIG']],
    [388_381, ['DERSIG', 'CHECKLOCKTIMEVERIFY']],
    [419_327, ['DERSIG', 'CHECKLOCKTIMEVERIFY']],
    [419_328, ['DERSIG', 'CHECKLOCKTIMEVERIFY', 'CHECKSEQUENCEVERIFY']],
    [481_823, ['DERSIG', 'CHECKLOCKTIMEVERIFY', 'CHECKSEQUENCEVERIFY']],
    [481_824, ['DERSIG', 'CHECKLOCKTIMEVERIFY', 'CHECKSEQUENCEVERIFY', 'NULLDUMMY']],
  ])('on main at height %i', (height, more) => {
    expect(new Set(names(blockScriptFlags(networks.main, height, SOME_BLOCK)))).toEqual(new Set([...always, ...more]))
  })

  test.each(['main', 'testnet4', 'testnet3', 'signet', 'regtest', 'litecoin-regtest'] as const)(
    'today on %s are those of consensus',
    (name) => {
      expect(blockScriptFlags(networks[name], 5_000_000, SOME_BLOCK)).toBe(CONSENSUS_FLAGS)
    },
  )

  // Bitcoin Core, kernel/chainparams.cpp, script_flag_exceptions.
  test.each([
    ['main', 170_060, '00000000000002dc756eebf4f49723ed8d30cc28a5f108eb94b1ba88ac4f9c22', []],
    [
      'main',
      692_261,
      '0000000000000000000f14c35b2d841e986ab5441de8c585d5ffe55ea1e395ad',
      ['P2SH', 'WITNESS', 'DERSIG', 'CHECKLOCKTIMEVERIFY', 'CHECKSEQUENCEVERIFY', 'NULLDUMMY'],
    ],
    ['testnet3', 7_000, '00000000dd30457c001f4095d208cc1296b0eed002427aa599874af7a432b105', []],
  ] as const)('a block of %s that breaks one is an exception (%i)', (name, height, hashHex, expected) => {
    const flags = blockScriptFlags(networks[name], height, fromDisplay(hashHex))
    expect(new Set(names(flags))).toEqual(new Set(expected))
    expect(sigopRules(flags)).toEqual({ p2sh: expected.includes('P2SH' as never), witness: expected.length > 0 })
    expect(names(blockScriptFlags(networks.regtest, 1, fromDisplay(hashHex)))).toHaveLength(7)
  })

  test('there are no other exceptions', () => {
    const counts = Object.values(networks).map(({ name, scriptExceptions }) => [name, scriptExceptions.length])
    expect(counts.filter(([, count]) => count !== 0)).toEqual([
      ['main', 2],
      ['testnet3', 1],
    ])
  })
})
