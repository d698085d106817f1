import { fromDisplay, hexToBytes } from '../../wire/hash.ts'
import { assembleGenesis, SATOSHI_MESSAGE, SATOSHI_OUTPUT } from '../genesis.ts'
import type { Network } from '../network.ts'

const genesis = assembleGenesis({
  time: 1296688602,
  bits: 0x1d00ffff,
  nonce: 414098458,
  message: SATOSHI_MESSAGE,
  outputScript: SATOSHI_OUTPUT,
})

export const testnet3: Network = {
  name: 'testnet3',
  title: 'Bitcoin Testnet3',
  magic: hexToBytes('0b110907'),
  port: 18333,
  genesis: genesis.raw,
  genesisHash: genesis.hash,
  powLimit: (1n << 224n) - 1n,
  powLimitBits: 0x1d00ffff,
  powHash: 'sha256d',
  pow: { retarget: true, minDifficultyAfter: 1200, bip94: false, interval: 2016, spacing: 600 },
  heights: { bip34: 21111, bip65: 581885, bip66: 330776, csv: 770112, segwit: 834624, taproot: 2011968 },
  bip34Hash: fromDisplay('0000000023b3a96d3484e5abb3755c413e7d41500f8e2a5c3f0dd01299cd8ef8'),
  bip30Exceptions: [],
  scriptExceptions: [
    {
      hash: fromDisplay('00000000dd30457c001f4095d208cc1296b0eed002427aa599874af7a432b105'),
      p2sh: false,
      witness: false,
      taproot: false,
    },
  ],
  halvingInterval: 210_000,
  address: { hrp: 'tb', p2pkh: 111, p2sh: [196], wif: 239 },
  dnsSeeds: [
    'testnet-seed.bitcoin.jonasschnelli.ch',
    'seed.tbtc.petertodd.net',
    'testnet-seed.bluematt.me',
    'seed.testnet.achownodes.xyz',
  ],
  minChainWork: 0x17dde1c649f3708d14b6n,
  assumeValid: fromDisplay('000000007a61e4230b28ac5cb6b5e5a0130de37ac1faf2f8987d2fa6505b67f4'),
  regtest: false,
}
