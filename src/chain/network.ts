import type { AddressParams } from '../script/address.ts'
import { litecoinRegtest } from './networks/litecoin-regtest.ts'
import { main } from './networks/main.ts'
import { regtest } from './networks/regtest.ts'
import { signet } from './networks/signet.ts'
import { testnet3 } from './networks/testnet3.ts'
import { testnet4 } from './networks/testnet4.ts'

export type NetworkName = 'main' | 'testnet4' | 'testnet3' | 'signet' | 'regtest' | 'litecoin-regtest'

/** How much work a block must show. */
export interface PowRules {
  /** Whether the target follows the clock at all; without it every block repeats its parent's bits. */
  retarget: boolean
  /** After so many seconds without a block, one of the easiest target is allowed (the testnets' 20 minutes). */
  minDifficultyAfter?: number
  /** BIP 94: retarget from the period's first block, and bound how far a period's first block goes back in time. */
  bip94: boolean
  /** Blocks per retarget period. */
  interval: number
  /** Seconds aimed at between two blocks. */
  spacing: number
}

/** From which height a rule holds. */
export interface RuleHeights {
  /** The coinbase begins with the height; versions below 2 are refused. */
  bip34: number
  /** CHECKLOCKTIMEVERIFY; versions below 4 are refused. */
  bip65: number
  /** Strict DER; versions below 3 are refused. */
  bip66: number
  /** Relative lock times (BIPs 68, 112, 113). */
  csv: number
  segwit: number
  taproot: number
}

/** A block that is on the chain although today's script rules refuse it: checked with the named rules only. */
export interface ScriptException {
  /** Block hash, wire order. */
  hash: Uint8Array
  /** Rules that do hold in it. */
  p2sh: boolean
  witness: boolean
  taproot: boolean
}

/** A network is data. Hashes are in wire order. */
export interface Network {
  name: NetworkName
  /** For people. */
  title: string
  /** The four bytes in front of every message. Two regtests share theirs: tell networks apart by their genesis. */
  magic: Uint8Array
  /** Default P2P port. */
  port: number
  /** Raw block. */
  genesis: Uint8Array<ArrayBuffer>
  genesisHash: Uint8Array
  /** Easiest target. */
  powLimit: bigint
  /** The same in compact form. */
  powLimitBits: number
  /** Which hash of the header must meet the target; a block's id is always its sha256d. */
  powHash: 'sha256d' | 'scrypt'
  pow: PowRules
  heights: RuleHeights
  /** Hash of the block at `heights.bip34`, where BIP 34 makes the check of BIP 30 unnecessary for a long while. */
  bip34Hash?: Uint8Array
  /** Blocks that repeat a coinbase whose outputs were unspent, from before BIP 30. */
  bip30Exceptions: readonly { height: number; hash: Uint8Array }[]
  scriptExceptions: readonly ScriptException[]
  /** Blocks between two halvings of the subsidy, which starts at 50 coins. */
  halvingInterval: number
  address: AddressParams
  dnsSeeds: readonly string[]
  /** Chains with less total work than this are not the network's. */
  minChainWork: bigint
  /** Block whose own scripts and those below it are taken as checked. */
  assumeValid?: Uint8Array | undefined
  /** A private chain, mined at will: never considered to be in initial download. */
  regtest: boolean
  /** BIP 325: script that every block's solution has to satisfy. */
  signetChallenge?: Uint8Array
}

export { signetWith } from './networks/signet.ts'

export const networks: Readonly<Record<NetworkName, Network>> = {
  main,
  testnet4,
  testnet3,
  signet,
  regtest,
  'litecoin-regtest': litecoinRegtest,
}
