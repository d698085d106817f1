import { hexToBytes } from '../../wire/hash.ts'
import { assembleGenesis, SATOSHI_MESSAGE, SATOSHI_OUTPUT } from '../genesis.ts'
import type { Network } from '../network.ts'

const genesis = assembleGenesis({
  time: 1296688602,
  bits: 0x207fffff,
  nonce: 2,
  message: SATOSHI_MESSAGE,
  outputScript: SATOSHI_OUTPUT,
})

export const regtest: Network = {
  name: 'regtest',
  title: 'Bitcoin Regtest',
  magic: hexToBytes('fabfb5da'),
  port: 18444,
  genesis: genesis.raw,
  genesisHash: genesis.hash,
  powLimit: (1n << 255n) - 1n,
  powLimitBits: 0x207fffff,
  powHash: 'sha256d',
  pow: { retarget: false, bip94: false, interval: 2016, spacing: 600 },
  heights: { bip34: 1, bip65: 1, bip66: 1, csv: 1, segwit: 0, taproot: 0 },
  bip30Exceptions: [],
  scriptExceptions: [],
  halvingInterval: 150,
  address: { hrp: 'bcrt', p2pkh: 111, p2sh: [196], wif: 239 },
  dnsSeeds: [],
  minChainWork: 0n,
  regtest: true,
}
