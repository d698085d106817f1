import { hexToBytes } from '../../wire/hash.ts'
import { assembleGenesis, payToKey } from '../genesis.ts'
import type { Network } from '../network.ts'

const genesis = assembleGenesis({
  time: 1296688602,
  bits: 0x207fffff,
  nonce: 0,
  message: 'NY Times 05/Oct/2011 Steve Jobs, Apple\xe2\x80\x99s Visionary, Dies at 56',
  outputScript: payToKey(
    '040184710fa689ad5023690c80f3a49c8f13f8d45b8c857fbcbc8bc4a8e4d3eb4b10f4d4604fa08dce601aaf0f470216fe1b51850b4acf21b179c45070ac7b03a9',
  ),
})

/** Litecoin Core's regtest without MWEB: Bitcoin's rules under another work hash and with soft forks at other heights. */
export const litecoinRegtest: Network = {
  name: 'litecoin-regtest',
  title: 'Litecoin Regtest',
  magic: hexToBytes('fabfb5da'),
  port: 19444,
  genesis: genesis.raw,
  genesisHash: genesis.hash,
  powLimit: (1n << 255n) - 1n,
  powLimitBits: 0x207fffff,
  powHash: 'scrypt',
  pow: { retarget: false, bip94: false, interval: 2016, spacing: 150 },
  heights: { bip34: 500, bip65: 1351, bip66: 1251, csv: 432, segwit: 0, taproot: 0 },
  bip30Exceptions: [],
  scriptExceptions: [],
  halvingInterval: 150,
  address: { hrp: 'rltc', p2pkh: 111, p2sh: [58, 196], wif: 239 },
  dnsSeeds: [],
  minChainWork: 0n,
  regtest: true,
}
