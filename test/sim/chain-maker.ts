import { scrypt } from '@noble/hashes/scrypt.js'
import type { Network } from '../../src/chain/network.ts'
import { regtest } from '../../src/chain/networks/regtest.ts'
import { encode } from '../../src/wire/codec.ts'
import { concatBytes, hashKey, sha256, sha256d } from '../../src/wire/hash.ts'
import { blockHeader } from '../../src/wire/header.ts'
import { parseTransaction, type Transaction, transaction } from '../../src/wire/transaction.ts'
import { Writer } from '../../src/wire/writer.ts'
import { SeededRandom } from './random.ts'

type Bytes = Uint8Array<ArrayBuffer>

/** An output that anybody may spend with an empty scriptSig. */
export const OP_TRUE: Bytes = Uint8Array.of(0x51)
/** The same behind a witness script: spent by the witness `[OP_TRUE]`. */
export const P2WSH_TRUE: Bytes = concatBytes(Uint8Array.of(0x00, 0x20), sha256(OP_TRUE))
/** Another that is always true: what coinbases pay to is told from what tests pay to. */
const OP_TRUE_NOP: Bytes = Uint8Array.of(0x51, 0x61)
export const COINBASE_SCRIPT: Bytes = concatBytes(Uint8Array.of(0x00, 0x20), sha256(OP_TRUE_NOP))

export interface MadeBlock {
  hash: Bytes
  prev: Bytes
  height: number
  /** Unix seconds. */
  time: number
  /** 80 bytes. */
  header: Bytes
  /** The raw block as on the wire. */
  bytes: Bytes
  /** In block order, the coinbase first. */
  txids: Bytes[]
}

export interface BlockPlan {
  /** Where the coinbase pays; where the maker's do unless given. */
  script?: Uint8Array
  /** Raw transactions after the coinbase, as on the wire. */
  transactions?: readonly Uint8Array[]
  /** What the coinbase claims above the subsidy, in satoshi. */
  feeSat?: number
  /** Unix seconds; the parent's plus the network's spacing unless given. */
  time?: number
  /** Commit to witness data even where no transaction has any. */
  commitment?: boolean
  version?: number
  /** Bad on purpose: the header's merkle root is of something else. */
  badMerkleRoot?: boolean
  /** Bad on purpose: a header without the work it claims. */
  noWork?: boolean
}

/**
 * Makes small valid blocks for networks that do not retarget, really mined, in as many branches as wanted. The same
 * seed and the same calls give the same bytes.
 */
export class ChainMaker {
  readonly network: Network
  readonly genesis: MadeBlock
  readonly #random: SeededRandom
  /** Where coinbases pay; `COINBASE_SCRIPT` unless given, which nodes relay. */
  readonly script: Uint8Array
  readonly #blocks = new Map<string, MadeBlock>()
  /** What `mine` builds on: the last block it made. */
  tip: MadeBlock

  constructor(options: { network?: Network; seed?: number; script?: Uint8Array } = {}) {
    this.network = options.network ?? regtest
    this.#random = new SeededRandom(options.seed ?? 1)
    this.script = options.script ?? COINBASE_SCRIPT
    const raw = this.network.genesis
    this.genesis = {
      hash: sha256d(raw.subarray(0, 80)),
      prev: raw.slice(4, 36),
      height: 0,
      time: new DataView(raw.buffer, raw.byteOffset).getUint32(68, true),
      header: raw.slice(0, 80),
      bytes: raw.slice(),
      txids: [raw.slice(36, 68)],
    }
    this.tip = this.genesis
    this.#blocks.set(hashKey(this.genesis.hash), this.genesis)
  }

  /** `count` blocks on `tip`, or on `parent`, which makes a branch; `tip` is the last of them afterwards. */
  mine(count: number, plan: BlockPlan = {}, parent: MadeBlock = this.tip): MadeBlock[] {
    const made: MadeBlock[] = []
    for (let i = 0; i < count; i++) {
      parent = this.block(plan, parent)
      made.push(parent)
    }
    this.tip = parent
    return made
  }

  /** One block on `parent`; `tip` stays where it was. */
  block(plan: BlockPlan = {}, parent: MadeBlock = this.tip): MadeBlock {
    const height = parent.height + 1
    const time = plan.time ?? parent.time + this.network.pow.spacing
    const others = (plan.transactions ?? []).map((bytes) => ({ bytes, ...parseTransaction(bytes) }))
    const commit = plan.commitment || others.some((tx) => tx.size !== tx.strippedSize)
    const witnessRoot = commit ? merkleRoot([new Uint8Array(32), ...others.map((tx) => tx.wtxid)]) : undefined
    const coinbase = this.#coinbase(height, plan, witnessRoot)
    const coinbaseId = parseTransaction(coinbase).txid
    const txids = [coinbaseId, ...others.map((tx) => tx.txid)]
    const root = plan.badMerkleRoot ? this.#random.bytes(32) : merkleRoot(txids)
    const header = this.#mineHeader(plan, parent.hash, root, time)
    const writer = new Writer()
    writer.bytes(header)
    writer.compactSize(txids.length)
    writer.bytes(coinbase)
    for (const tx of others) writer.bytes(tx.bytes)
    const block = { hash: sha256d(header), prev: parent.hash, height, time, header, bytes: writer.finish(), txids }
    this.#blocks.set(hashKey(block.hash), block)
    return block
  }

  /** The blocks from height 1 up to `tip`, or to the block given. */
  chain(to: MadeBlock = this.tip): MadeBlock[] {
    const chain: MadeBlock[] = []
    for (let at = to; at.height > 0; at = this.#blocks.get(hashKey(at.prev))!) chain.push(at)
    return chain.reverse()
  }

  find(hash: Uint8Array): MadeBlock | undefined {
    return this.#blocks.get(hashKey(hash))
  }

  /** Satoshi that a coinbase at this height may claim without fees. */
  subsidy(height: number): number {
    return Math.floor(50_0000_0000 / 2 ** Math.floor(height / this.network.halvingInterval))
  }

  #coinbase(height: number, plan: BlockPlan, witnessRoot: Uint8Array | undefined): Bytes {
    const outputs = [
      {
        value: BigInt(this.subsidy(height) + (plan.feeSat ?? 0)),
        scriptPubKey: plan.script ?? this.script,
      },
    ]
    if (witnessRoot) {
      // BIP141: the root of the wtxids with 32 zero bytes after it.
      const commitment = sha256d(concatBytes(witnessRoot, new Uint8Array(32)))
      const head = Uint8Array.of(0x6a, 0x24, 0xaa, 0x21, 0xa9, 0xed)
      outputs.push({ value: 0n, scriptPubKey: concatBytes(head, commitment) })
    }
    return encode(transaction, {
      version: 2,
      inputs: [
        {
          prevout: { hash: new Uint8Array(32), index: 0xffff_ffff },
          // The random part makes blocks of equal height and parent different.
          scriptSig: concatBytes(pushHeight(height), Uint8Array.of(8), this.#random.bytes(8)),
          sequence: 0xffff_ffff,
          witness: witnessRoot ? [new Uint8Array(32)] : [],
        },
      ],
      outputs,
      lockTime: 0,
    })
  }

  #mineHeader(plan: BlockPlan, prevBlock: Uint8Array, root: Uint8Array, time: number): Bytes {
    const bits = this.network.powLimitBits
    const fields = { version: plan.version ?? 0x2000_0000, prevBlock, merkleRoot: root, time, bits, nonce: 0 }
    const header = encode(blockHeader, fields)
    const view = new DataView(header.buffer)
    const target = BigInt(bits & 0x7f_ffff) << BigInt(8 * ((bits >>> 24) - 3))
    for (let nonce = 0; ; nonce++) {
      view.setUint32(76, nonce, true)
      const enough = littleEndian(this.#powHash(header)) <= target
      if (enough !== (plan.noWork ?? false)) return header
    }
  }

  #powHash(header: Bytes): Uint8Array {
    return this.network.powHash === 'scrypt'
      ? scrypt(header, header, { N: 1024, r: 1, p: 1, dkLen: 32 })
      : sha256d(header)
  }
}

/** Where coins come from: an output and its amount. */
export interface Coin {
  txid: Uint8Array
  vout: number
  valueSat: number
  /** The output is `P2WSH_TRUE`, or P2WSH of this script, and not `OP_TRUE`. */
  witness?: boolean | Uint8Array
}

/** A raw transaction that spends coins of `OP_TRUE`, `P2WSH_TRUE` or `COINBASE_SCRIPT`. The fee is what the outputs leave over. */
export function spend(
  coins: readonly Coin[],
  outputs: readonly { valueSat: number; script: Uint8Array }[],
  options: { lockTime?: number; sequence?: number; version?: number } = {},
): Bytes {
  const tx: Transaction = {
    version: options.version ?? 2,
    inputs: coins.map((coin) => ({
      prevout: { hash: coin.txid, index: coin.vout },
      scriptSig: new Uint8Array(0),
      sequence: options.sequence ?? 0xffff_fffe,
      witness: coin.witness ? [coin.witness === true ? OP_TRUE : coin.witness] : [],
    })),
    outputs: outputs.map((output) => ({ value: BigInt(output.valueSat), scriptPubKey: output.script })),
    lockTime: options.lockTime ?? 0,
  }
  return encode(transaction, tx)
}

/** The coinbase output of a block that was made without a script of its own. */
export function coinbaseCoin(block: MadeBlock, maker: ChainMaker): Coin {
  const coin = { txid: block.txids[0]!, vout: 0, valueSat: maker.subsidy(block.height) }
  if (maker.script === COINBASE_SCRIPT) return { ...coin, witness: OP_TRUE_NOP }
  return maker.script === P2WSH_TRUE ? { ...coin, witness: true } : coin
}

/** Hashes pairwise, an odd last one with itself. */
function merkleRoot(hashes: readonly Uint8Array[]): Uint8Array {
  let level = [...hashes]
  while (level.length > 1) {
    const next: Uint8Array[] = []
    for (let i = 0; i < level.length; i += 2) next.push(sha256d(concatBytes(level[i]!, level[i + 1] ?? level[i]!)))
    level = next
  }
  return level[0]!
}

/** BIP34, in the one form that Bitcoin Core takes: small numbers as their opcode. */
function pushHeight(height: number): Uint8Array {
  if (height <= 16) return Uint8Array.of(0x50 + height)
  const number: number[] = []
  for (let rest = height; rest > 0; rest >>>= 8) number.push(rest & 0xff)
  if (number.at(-1)! & 0x80) number.push(0)
  return Uint8Array.of(number.length, ...number)
}

function littleEndian(hash: Uint8Array): bigint {
  let value = 0n
  for (let i = 31; i >= 0; i--) value = (value << 8n) | BigInt(hash[i]!)
  return value
}
