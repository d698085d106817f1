import { fromDisplay, hexToBytes } from '../../wire/hash.ts'
import { assembleGenesis, SATOSHI_MESSAGE, SATOSHI_OUTPUT } from '../genesis.ts'
import type { Network } from '../network.ts'

const genesis = assembleGenesis({
  time: 1231006505,
  bits: 0x1d00ffff,
  nonce: 2083236893,
  message: SATOSHI_MESSAGE,
  outputScript: SATOSHI_OUTPUT,
})

export const main: Network = {
  name: 'main',
  title: 'Bitcoin',
  magic: hexToBytes('f9beb4d9'),
  port: 8333,
  genesis: genesis.raw,
  genesisHash: genesis.hash,
  powLimit: (1n << 224n) - 1n,
  powLimitBits: 0x1d00ffff,
  powHash: 'sha256d',
  pow: { retarget: true, bip94: false, interval: 2016, spacing: 600 },
  heights: { bip34: 227931, bip65: 388381, bip66: 363725, csv: 419328, segwit: 481824, taproot: 709632 },
  bip34Hash: fromDisplay('000000000000024b89b42a942fe0d9fea3bb44ab7bd1b19115dd6a759c0808b8'),
  bip30Exceptions: [
    { height: 91842, hash: fromDisplay('00000000000a4d0a398161ffc163c503763b1f4360639393e0e4c8e300e0caec') },
    { height: 91880, hash: fromDisplay('00000000000743f190a18c5577a3c2d2a1f610ae9601ac046a38084ccb7cd721') },
  ],
  scriptExceptions: [
    {
      hash: fromDisplay('00000000000002dc756eebf4f49723ed8d30cc28a5f108eb94b1ba88ac4f9c22'),
      p2sh: false,
      witness: false,
      taproot: false,
    },
    {
      hash: fromDisplay('0000000000000000000f14c35b2d841e986ab5441de8c585d5ffe55ea1e395ad'),
      p2sh: true,
      witness: true,
      taproot: false,
    },
  ],
  halvingInterval: 210_000,
  address: { hrp: 'bc', p2pkh: 0, p2sh: [5], wif: 128 },
  dnsSeeds: [
    'dnsseed.bluematt.me',
    'seed.bitcoin.jonasschnelli.ch',
    'seed.btc.petertodd.net',
    'seed.bitcoin.sprovoost.nl',
    'dnsseed.emzy.de',
    'seed.bitcoin.wiz.biz',
    'seed.mainnet.achownodes.xyz',
  ],
  minChainWork: 0x01128750f82f4c366153a3a030n,
  assumeValid: fromDisplay('00000000000000000000ccebd6d74d9194d8dcdc1d177c478e094bfad51ba5ac'),
  regtest: false,
}
