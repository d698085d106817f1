import { describe, expect, test } from 'vitest'
import { checkBlock } from '../../src/chain/block-rules.ts'
import { digestBlock } from '../../src/chain/digest.ts'
import { type NetworkName, networks, signetWith } from '../../src/chain/network.ts'
import { bitsOf, targetOf } from '../../src/chain/target.ts'
import { encode, varBytes } from '../../src/wire/codec.ts'
import { bytesToHex, hexToBytes, sha256d, toDisplay } from '../../src/wire/hash.ts'
import { describeShared, readShared, readSharedJson } from '../shared.ts'

/** As every node of these networks answers; for Litecoin, as Litecoin Core 0.21.2.1 answered. */
const GENESIS: Record<NetworkName, [hash: string, merkleRoot: string]> = {
  main: [
    '000000000019d6689c085ae165831e934ff763ae46a2a6c172b3f1b60a8ce26f',
    '4a5e1e4baab89f3a32518a88c31bc87f618f76673e2cc77ab2127b7afdeda33b',
  ],
  testnet3: [
    '000000000933ea01ad0ee984209779baaec3ced90fa3f408719526f8d77f4943',
    '4a5e1e4baab89f3a32518a88c31bc87f618f76673e2cc77ab2127b7afdeda33b',
  ],
  testnet4: [
    '00000000da84f2bafbbc53dee25a72ae507ff4914b867c565be350b0da8bf043',
    '7aa0a7ae1e223414cb807e40cd57e667b718e42aaf9306db9102fe28912b7b4e',
  ],
  signet: [
    '00000008819873e925422c1ff0f99f7cc9bbb232af63a077a480a3633bee1ef6',
    '4a5e1e4baab89f3a32518a88c31bc87f618f76673e2cc77ab2127b7afdeda33b',
  ],
  regtest: [
    '0f9188f13cb7b2c71f2a335e3a4fc328bf5beb436012afca590b1a11466e2206',
    '4a5e1e4baab89f3a32518a88c31bc87f618f76673e2cc77ab2127b7afdeda33b',
  ],
  'litecoin-regtest': [
    '530827f38f93b43ed12af0b3ad25a288dc02ed74d6d7857862df51fc56c416f9',
    '97ddfbbae6be97fd6cdf3e7ca13232a3afff2353e29badfab7f73011edd4ced9',
  ],
}

const names = Object.keys(networks) as NetworkName[]

describe.each(names)('%s', (name) => {
  const network = networks[name]

  test('its genesis block is the one that its nodes have', () => {
    const digest = digestBlock(network.genesis)
    expect(toDisplay(network.genesisHash)).toBe(GENESIS[name][0])
    expect(toDisplay(digest.hash)).toBe(GENESIS[name][0])
    expect(toDisplay(digest.merkleRoot)).toBe(GENESIS[name][1])
    expect(checkBlock(digest)).toBeUndefined()
    expect(digest.value).toEqual(Float64Array.of(50e8))
  })

  test('its limit and the compact form of it agree', () => {
    expect(bitsOf(network.powLimit)).toBe(network.powLimitBits)
    expect(targetOf(network.powLimitBits)! <= network.powLimit).toBe(true)
  })

  test('it knows itself by its name', () => {
    expect(network.name).toBe(name)
  })
})

test('the genesis of Litecoin regtest is byte for byte what Litecoin Core 0.21.2.1 gives', () => {
  expect(bytesToHex(networks['litecoin-regtest'].genesis)).toBe(
    '010000000000000000000000000000000000000000000000000000000000000000000000d9ced4ed1130f7b7faad9be25323ffafa33232a17c3edf6cfd97bee6bafbdd97dae5494dffff7f20000000000101000000010000000000000000000000000000000000000000000000000000000000000000ffffffff4804ffff001d0104404e592054696d65732030352f4f63742f32303131205374657665204a6f62732c204170706c65e280997320566973696f6e6172792c2044696573206174203536ffffffff0100f2052a010000004341040184710fa689ad5023690c80f3a49c8f13f8d45b8c857fbcbc8bc4a8e4d3eb4b10f4d4604fa08dce601aaf0f470216fe1b51850b4acf21b179c45070ac7b03a9ac00000000',
  )
})

describe('signets', () => {
  test('the magic is the start of the hash of the serialised challenge (BIP 325)', () => {
    expect(bytesToHex(networks.signet.magic)).toBe('0a03cf40')
    expect(signetWith(networks.signet.signetChallenge!).magic).toEqual(networks.signet.magic)
    for (const length of [1, 252, 253, 10_000]) {
      const challenge = new Uint8Array(length).fill(0x51)
      expect(signetWith(challenge).magic).toEqual(sha256d(encode(varBytes(10_000), challenge)).slice(0, 4))
    }
  })

  test('a custom one has the same genesis, and neither seeds nor a least work', () => {
    const network = signetWith(hexToBytes('51'))
    expect(network.genesis).toEqual(networks.signet.genesis)
    expect(network).toMatchObject({ minChainWork: 0n, dnsSeeds: [] })
    expect(network.assumeValid).toBeUndefined()
  })

  test('a challenge that no script could be is refused', () => {
    expect(() => signetWith(new Uint8Array(10_001))).toThrow(RangeError)
  })
})

describeShared('against the parameters that Bitcoin Core prints', () => {
  const CORE: [NetworkName, string, string][] = [
    ['main', 'mainnet', 'mainnet-0.bin'],
    ['testnet3', 'testnet', 'testnet3-0.bin'],
    ['testnet4', 'testnet4', 'testnet4-0.bin'],
    ['signet', 'signet', 'signet-0.bin'],
    ['regtest', 'regtest', 'regtest-0.bin'],
  ]

  test.each(CORE)('%s', (name, file, genesisFile) => {
    const network = networks[name]
    const core = readSharedJson(`checkpoints/chainparams-${file}.json`)
    expect(network.genesis).toEqual(readShared(`blocks/${genesisFile}`))
    expect(bytesToHex(network.genesisHash)).toBe(core.genesis)
    expect(network.halvingInterval).toBe(core.subsidy_halving_interval)
    expect(network.powLimit.toString(16).padStart(64, '0')).toBe(core.pow.limit)
    expect(network.pow.spacing).toBe(core.pow.target_spacing ?? 600)
    expect(network.pow.interval).toBe(core.pow.difficulty_retarget_interval ?? 2016)
    expect(network.port).toBe(core.net.default_port)
    expect(bytesToHex(network.magic)).toBe(core.net.magic)
    expect(network.address.hrp).toBe(core.addresses.bech32_hrp)
    expect(network.signetChallenge && bytesToHex(network.signetChallenge)).toBe(core.signet?.challenge)
    const { minDifficultyAfter, bip94 } = network.pow
    const exception = { no: [undefined, false], yes: [1200, false], bip94: [1200, true] }[
      core.pow.mindiff_blocks as string
    ]
    if (exception) expect([minDifficultyAfter, bip94]).toEqual(exception)
    if (!network.regtest) expect(network.dnsSeeds.map((seed) => `${seed}.`)).toEqual(core.net.dns_seeds)
  })
})
