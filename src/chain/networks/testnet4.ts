import { fromDisplay, hexToBytes } from '../../wire/hash.ts'
import { assembleGenesis, payToKey } from '../genesis.ts'
import type { Network } from '../network.ts'

const genesis = assembleGenesis({
  time: 1714777860,
  bits: 0x1d00ffff,
  nonce: 393743547,
  message: '03/May/2024 000000000000000000001ebd58c244970b3aa9d783bb001011fbe8ea8e98e00e',
  outputScript: payToKey('00'.repeat(33)),
})

/** BIP 94. */
export const testnet4: Network = {
  name: 'testnet4',
  title: 'Bitcoin Testnet4',
  magic: hexToBytes('1c163f28'),
  port: 48333,
  genesis: genesis.raw,
  genesisHash: genesis.hash,
  powLimit: (1n << 224n) - 1n,
  powLimitBits: 0x1d00ffff,
  powHash: 'sha256d',
  pow: { retarget: true, minDifficultyAfter: 1200, bip94: true, interval: 2016, spacing: 600 },
  heights: { bip34: 1, bip65: 1, bip66: 1, csv: 1, segwit: 1, taproot: 0 },
  bip30Exceptions: [],
  scriptExceptions: [],
  halvingInterval: 210_000,
  address: { hrp: 'tb', p2pkh: 111, p2sh: [196], wif: 239 },
  dnsSeeds: ['seed.testnet4.bitcoin.sprovoost.nl', 'seed.testnet4.wiz.biz'],
  minChainWork: 0x09a0fe15d0177d086304n,
  assumeValid: fromDisplay('0000000002368b1e4ee27e2e85676ae6f9f9e69579b29093e9a82c170bf7cf8a'),
  regtest: false,
}
