import { subsidy } from '../../src/chain/block-rules.ts'
import { merkleRoot } from '../../src/chain/merkle.ts'
import type { Network } from '../../src/chain/network.ts'
import { hashMeetsTarget } from '../../src/chain/target.ts'
import { nodeHasher } from '../../src/node/hasher.ts'
import { opReturn, pushNumber } from '../../src/script/build.ts'
import { encode } from '../../src/wire/codec.ts'
import { concatBytes } from '../../src/wire/hash.ts'
import { blockHeader } from '../../src/wire/header.ts'
import { type Transaction, transaction, transactionNoWitness } from '../../src/wire/transaction.ts'
import { Writer } from '../../src/wire/writer.ts'
import type { LanePart, Payout } from './lane.ts'
import { between, seededRandom } from './random.ts'

type Bytes = Uint8Array<ArrayBuffer>

export interface ChainShape {
  /** Blocks with nothing but a coinbase, in front: what the others spend comes from them. */
  empty: number
  /** Blocks with transactions. */
  full: number
  /** Blocks with nothing but a coinbase, on top; none unless given. */
  after?: number
  /** Transactions of such a block besides the coinbase, both ends included. */
  txs: readonly [from: number, to: number]
  /** Wallets that make the transactions; part of what decides the bytes. */
  lanes: number
  /** Outputs of a coinbase to each lane. */
  payouts: number
}

/** A lane wherever it runs. */
export interface LanePort {
  readonly script: Uint8Array
  part(height: number, count: number, payouts: readonly Payout[]): LanePart | Promise<LanePart>
}

/** Blocks asked of the lanes ahead of the one that is put together; less than a coinbase takes to mature. */
const AHEAD = 8
const MATURITY = 100
const NO_HASH = new Uint8Array(32)
const COMMITMENT_TAG = Uint8Array.of(0xaa, 0x21, 0xa9, 0xed)
/** Unix seconds between blocks. */
const SPACING = 600

/** Of the last block. */
export function heightOf({ empty, full, after = 0 }: ChainShape): number {
  return empty + full + after
}

/** Raw blocks from height 1 on, really mined, of a network that does not retarget. The same shape gives the same bytes. */
export async function* assemble(
  network: Network,
  shape: ChainShape,
  lanes: readonly LanePort[],
): AsyncGenerator<Bytes> {
  const random = seededRandom(0x5eed)
  const last = heightOf(shape)
  const lastFull = shape.empty + shape.full
  /** By height: what its coinbase pays to each lane. */
  const payouts: Payout[][][] = []
  const parts = new Map<number, Promise<LanePart[]>>()
  let asked = 0
  const askUpTo = (height: number) => {
    for (; asked < height; asked++) parts.set(asked + 1, ask(asked + 1))
  }
  const ask = (height: number) => {
    const count = height > shape.empty && height <= lastFull ? between(random, ...shape.txs) : 0
    const mature = payouts[height - MATURITY] ?? lanes.map(() => [])
    return Promise.all(
      lanes.map((lane, n) => {
        const own = Math.floor(count / lanes.length) + (n < count % lanes.length ? 1 : 0)
        return own + mature[n]!.length > 0 ? lane.part(height, own, mature[n]!) : NO_PART
      }),
    )
  }
  let prev = network.genesisHash
  let time = new DataView(network.genesis.buffer, network.genesis.byteOffset).getUint32(68, true)
  for (let height = 1; height <= last; height++) {
    askUpTo(Math.min(last, height + AHEAD))
    const made = await parts.get(height)!
    parts.delete(height)
    delete payouts[height - MATURITY]
    const fees = made.reduce((sum, part) => sum + part.fees, 0)
    const coinbase = makeCoinbase(height, subsidy(height, network) + fees, made, lanes, shape.payouts)
    payouts[height] = coinbase.payouts
    time += SPACING
    const { root } = merkleRoot(concatBytes(coinbase.txid, ...made.map(({ txids }) => txids)), nodeHasher)
    const header = mine(network, prev, root, time)
    prev = nodeHasher.sha256d(header)
    const writer = new Writer()
    writer.bytes(header)
    writer.compactSize(made.reduce((sum, { count }) => sum + count, 1))
    writer.bytes(coinbase.bytes)
    for (const { bytes } of made) writer.bytes(bytes)
    yield writer.finish()
  }
}

const NO_PART: LanePart = {
  bytes: new Uint8Array(0),
  txids: new Uint8Array(0),
  wtxids: new Uint8Array(0),
  count: 0,
  fees: 0,
}

function makeCoinbase(
  height: number,
  value: number,
  parts: readonly LanePart[],
  lanes: readonly LanePort[],
  payoutsEach: number,
): { bytes: Bytes; txid: Bytes; payouts: Payout[][] } {
  const count = lanes.length * payoutsEach
  const share = Math.floor(value / count)
  const amounts = Array.from({ length: count }, (_, i) => (i === 0 ? value - share * (count - 1) : share))
  const outputs = amounts.map((amount, i) => ({
    value: BigInt(amount),
    scriptPubKey: lanes[Math.floor(i / payoutsEach)]!.script,
  }))
  const hasTransactions = parts.some((part) => part.count > 0)
  if (hasTransactions) outputs.push({ value: 0n, scriptPubKey: commitment(parts) })
  const tx: Transaction = {
    version: 2,
    inputs: [
      {
        prevout: { hash: NO_HASH, index: 0xffff_ffff },
        scriptSig: concatBytes(pushNumber(height), Uint8Array.of(4, 0x62, 0x65, 0x6e, 0x63)),
        sequence: 0xffff_ffff,
        witness: hasTransactions ? [NO_HASH] : [],
      },
    ],
    outputs,
    lockTime: 0,
  }
  const txid = nodeHasher.sha256d(encode(transactionNoWitness, tx))
  const payouts = lanes.map((_, lane) =>
    amounts
      .slice(lane * payoutsEach, (lane + 1) * payoutsEach)
      .map((amount, i) => ({ txid, vout: lane * payoutsEach + i, value: amount }))
      .filter((payout) => payout.value > 0),
  )
  return { bytes: encode(transaction, tx), txid, payouts }
}

/** BIP141: the root over the wtxids, with zeros for the coinbase's, hashed with the 32 zero bytes of its witness. */
function commitment(parts: readonly LanePart[]): Uint8Array {
  const { root } = merkleRoot(concatBytes(NO_HASH, ...parts.map(({ wtxids }) => wtxids)), nodeHasher)
  return opReturn(concatBytes(COMMITMENT_TAG, nodeHasher.sha256d(concatBytes(root, NO_HASH))))
}

function mine(network: Network, prevBlock: Uint8Array, root: Uint8Array, time: number): Bytes {
  const bits = network.powLimitBits
  const header = encode(blockHeader, { version: 0x2000_0000, prevBlock, merkleRoot: root, time, bits, nonce: 0 })
  const view = new DataView(header.buffer)
  for (let nonce = 0; ; nonce++) {
    view.setUint32(76, nonce, true)
    if (hashMeetsTarget(nodeHasher.sha256d(header), bits)) return header
  }
}
