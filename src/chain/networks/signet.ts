import { concatBytes, fromDisplay, hexToBytes, sha256d } from '../../wire/hash.ts'
import { assembleGenesis, SATOSHI_MESSAGE, SATOSHI_OUTPUT } from '../genesis.ts'
import type { Network } from '../network.ts'

const genesis = assembleGenesis({
  time: 1598918400,
  bits: 0x1e0377ae,
  nonce: 52613770,
  message: SATOSHI_MESSAGE,
  outputScript: SATOSHI_OUTPUT,
})

/** Longest script that the challenge of a signet may be: above it no solution could satisfy it. */
const MAX_CHALLENGE = 10_000

/** A signet whose blocks satisfy `challenge` (BIP 325). All signets share one genesis and differ in their magic. */
export function signetWith(challenge: Uint8Array): Network {
  if (challenge.length > MAX_CHALLENGE) throw new RangeError(`a signet challenge has at most ${MAX_CHALLENGE} bytes`)
  return {
    name: 'signet',
    title: 'Bitcoin Signet (custom)',
    magic: sha256d(concatBytes(lengthPrefix(challenge.length), challenge)).slice(0, 4),
    port: 38333,
    genesis: genesis.raw,
    genesisHash: genesis.hash,
    powLimit: 0x377aen << 216n,
    powLimitBits: 0x1e0377ae,
    powHash: 'sha256d',
    pow: { retarget: true, bip94: false, interval: 2016, spacing: 600 },
    heights: { bip34: 1, bip65: 1, bip66: 1, csv: 1, segwit: 1, taproot: 0 },
    bip30Exceptions: [],
    scriptExceptions: [],
    halvingInterval: 210_000,
    address: { hrp: 'tb', p2pkh: 111, p2sh: [196], wif: 239 },
    dnsSeeds: [],
    minChainWork: 0n,
    regtest: false,
    signetChallenge: challenge,
  }
}

function lengthPrefix(length: number): Uint8Array {
  return length < 0xfd ? Uint8Array.of(length) : Uint8Array.of(0xfd, length & 0xff, length >> 8)
}

/** The public signet: one of two keys signs. */
export const signet: Network = {
  ...signetWith(
    hexToBytes(
      '512103ad5e0edad18cb1f0fc0d28a3d4f1f3e445640337489abb10404f2d1e086be430210359ef5021964fe22d6f8e05b2463c9540ce96883fe3b278760f048f5189f2e6c452ae',
    ),
  ),
  title: 'Bitcoin Signet',
  dnsSeeds: ['seed.signet.bitcoin.sprovoost.nl', 'seed.signet.achownodes.xyz'],
  minChainWork: 0x0b463ea0a4b8n,
  assumeValid: fromDisplay('00000008414aab61092ef93f1aacc54cf9e9f16af29ddad493b908a01ff5c329'),
}
