import type { Message } from '../../src/wire/messages.ts'

/** What other people's nodes say about themselves and in which order, as recorded from the real ones. */
export interface NodeStyle {
  version: number
  services: bigint
  userAgent: string
  /** Says `version` as soon as somebody connects, before hearing theirs. */
  speaksFirst: boolean
  /** After `version`, to peers of at least 70016. */
  beforeVerack: Message[]
  /** Once both have said `verack`, apart from `getaddr` when dialling and the question for headers or blocks. */
  afterVerack: Message[]
  /** The last words of the first flight. */
  closing: Message[]
  syncsBy: 'getheaders' | 'getblocks'
  /** As what it asks for blocks: WITNESS_BLOCK or CMPCT_BLOCK. */
  blockType: number
  /** Says `sendheaders` after the first headers that it got, not in the handshake. */
  lateSendheaders: boolean
  /** `getaddr` also where it did not dial. */
  alwaysGetaddr: boolean
  /** A transaction announced by wtxid is not found by its txid. */
  forgetsTxids: boolean
}

const WITNESS_BLOCK = 0x4000_0002
const CMPCT_BLOCK = 4

/** Bitcoin Core 31.99. */
export const CORE: NodeStyle = {
  version: 70_017,
  services: 0xc4dn,
  userAgent: '/Satoshi:31.99.0/',
  speaksFirst: false,
  beforeVerack: [{ command: 'wtxidrelay' }, { command: 'sendaddrv2' }],
  afterVerack: [
    { command: 'sendcmpct', announce: false, version: 2n },
    { command: 'ping', nonce: 0x1122334455667788n },
  ],
  closing: [{ command: 'feefilter', feeRate: 100n }],
  syncsBy: 'getheaders',
  blockType: WITNESS_BLOCK,
  lateSendheaders: true,
  alwaysGetaddr: false,
  forgetsTxids: false,
}

/** Litecoin Core 0.21.2.1. */
export const LITECOIN: NodeStyle = {
  version: 70_016,
  services: 0x100044dn,
  userAgent: '/LitecoinCore:0.21.2.1/',
  speaksFirst: false,
  beforeVerack: [{ command: 'wtxidrelay' }, { command: 'sendaddrv2' }],
  afterVerack: [
    { command: 'sendheaders' },
    { command: 'sendcmpct', announce: false, version: 3n },
    { command: 'sendcmpct', announce: false, version: 2n },
    { command: 'sendcmpct', announce: false, version: 1n },
    { command: 'ping', nonce: 0x8877665544332211n },
  ],
  closing: [{ command: 'feefilter', feeRate: 1000n }],
  syncsBy: 'getheaders',
  blockType: WITNESS_BLOCK,
  lateSendheaders: false,
  alwaysGetaddr: false,
  forgetsTxids: true,
}

/** bcoin 2.2.0 on a regtest network. */
export const BCOIN: NodeStyle = {
  version: 70_015,
  services: 0x9n,
  userAgent: '/bcoin:2.2.0/',
  speaksFirst: true,
  beforeVerack: [],
  afterVerack: [{ command: 'sendcmpct', announce: false, version: 2n }],
  closing: [],
  syncsBy: 'getblocks',
  blockType: CMPCT_BLOCK,
  lateSendheaders: false,
  alwaysGetaddr: true,
  forgetsTxids: false,
}
