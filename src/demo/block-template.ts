import { subsidy } from '../chain/block-rules.ts'
import { MAX_BLOCK_SIGOPS_COST, MAX_BLOCK_WEIGHT, WITNESS_SCALE_FACTOR } from '../chain/consensus.ts'
import { merkleRoot } from '../chain/merkle.ts'
import type { Network } from '../chain/network.ts'
import { legacySigops, spendSigopCost } from '../chain/sigops.ts'
import { hashMeetsTarget } from '../chain/target.ts'
import { opReturn, push, pushNumber } from '../script/build.ts'
import { encode } from '../wire/codec.ts'
import { concatBytes, hashKey, sha256d } from '../wire/hash.ts'
import { blockHeader } from '../wire/header.ts'
import { type ParsedTransaction, parseTransaction, transaction } from '../wire/transaction.ts'
import { Writer } from '../wire/writer.ts'

/** Room that is left for header and coinbase. */
const RESERVED_WEIGHT = 4000
const RESERVED_SIGOPS = 400
/** BIP9: no deployment is signalled. */
const VERSION = 0x2000_0000
/** Blocks whose times make a median time. */
const MEDIAN_OF = 11
const NO_HASH = new Uint8Array(32)

/** A block to build on. */
export interface ChainEnd {
  hash: Uint8Array
  height: number
  /** Unix seconds of the last blocks up to this one, at most 11, oldest first. */
  times: readonly number[]
}

/** A transaction that waits for a block. */
export interface Candidate {
  /** As on the wire, witness included. */
  raw: Uint8Array
  feeSat: number
  /** Scripts of the outputs that it spends, one an input. */
  spent: readonly Uint8Array[]
}

export interface Chosen {
  /** Every one after those it spends from. */
  transactions: ParsedTransaction[]
  raws: Uint8Array[]
  feeSat: number
}

export interface MinedBlock {
  hash: Uint8Array<ArrayBuffer>
  /** The raw block as on the wire, alone in its buffer. */
  bytes: Uint8Array<ArrayBuffer>
  /** Transactions besides the coinbase. */
  txCount: number
  /** The chain with this block on top. */
  end: ChainEnd
}

export interface BlockPlan {
  network: Network
  parent: ChainEnd
  /** Unix seconds; the block is later than this only where the median time asks for it. */
  now: number
  /** scriptPubKey that the coinbase pays to. */
  payTo: Uint8Array
  chosen: Chosen
  /** Text in the coinbase, printable ASCII, at most 80 letters. */
  tag: string
}

interface Weighed extends ParsedTransaction, Candidate {
  key: string
  sigopCost: number
}

/**
 * What goes into a block: the best fee rates first, each after the candidates it spends from, as long as there is room.
 * A candidate's ancestors come in with it, whatever they pay themselves.
 */
export function choose(candidates: readonly Candidate[]): Chosen {
  const waiting = new Map<string, Weighed>()
  for (const candidate of candidates) {
    const parsed = parseTransaction(candidate.raw)
    const key = hashKey(parsed.txid)
    waiting.set(key, { ...candidate, ...parsed, key, sigopCost: sigopCost(parsed, candidate.spent) })
  }
  const chosen: Chosen = { transactions: [], raws: [], feeSat: 0 }
  const taken = new Set<string>()
  let weight = RESERVED_WEIGHT
  let sigops = RESERVED_SIGOPS
  const byRate = [...waiting.values()].sort((a, b) => b.feeSat * a.weight - a.feeSat * b.weight)
  for (const candidate of byRate) {
    const family = withAncestors(candidate, waiting, taken)
    const familyWeight = family.reduce((sum, member) => sum + member.weight, 0)
    const familySigops = family.reduce((sum, member) => sum + member.sigopCost, 0)
    if (weight + familyWeight > MAX_BLOCK_WEIGHT || sigops + familySigops > MAX_BLOCK_SIGOPS_COST) continue
    weight += familyWeight
    sigops += familySigops
    for (const member of family) {
      taken.add(member.key)
      chosen.transactions.push(member)
      chosen.raws.push(member.raw)
      chosen.feeSat += member.feeSat
    }
  }
  return chosen
}

/** A block on `parent`, really mined. For networks whose proof of work is SHA-256d and always the easiest. */
export function mineBlock({ network, parent, now, payTo, chosen, tag }: BlockPlan): MinedBlock {
  const height = parent.height + 1
  const time = Math.max(now, medianTime(parent.times) + 1)
  const coinbase = encode(transaction, {
    version: 2,
    inputs: [
      {
        prevout: { hash: NO_HASH, index: 0xffff_ffff },
        scriptSig: concatBytes(pushNumber(height), push(Uint8Array.from(tag, (letter) => letter.charCodeAt(0)))),
        sequence: 0xffff_ffff,
        witness: [NO_HASH],
      },
    ],
    outputs: [
      { value: BigInt(subsidy(height, network) + chosen.feeSat), scriptPubKey: payTo },
      { value: 0n, scriptPubKey: witnessCommitment(chosen.transactions) },
    ],
    lockTime: 0,
  })
  const txids = [parseTransaction(coinbase).txid, ...chosen.transactions.map(({ txid }) => txid)]
  const bits = network.powLimitBits
  const merkle = merkleRoot(concatBytes(...txids)).root
  const header = encode(blockHeader, {
    version: VERSION,
    prevBlock: parent.hash,
    merkleRoot: merkle,
    time,
    bits,
    nonce: 0,
  })
  const hash = work(header, bits)
  const writer = new Writer()
  writer.bytes(header)
  writer.compactSize(txids.length)
  writer.bytes(coinbase)
  for (const raw of chosen.raws) writer.bytes(raw)
  const end = { hash, height, times: [...parent.times, time].slice(-MEDIAN_OF) }
  return { hash, bytes: writer.finish(), txCount: chosen.raws.length, end }
}

/** Finds a nonce with which the header meets its target, and writes it there. Gives the block's hash. */
function work(header: Uint8Array<ArrayBuffer>, bits: number): Uint8Array<ArrayBuffer> {
  const view = new DataView(header.buffer)
  for (let nonce = 0; nonce <= 0xffff_ffff; nonce++) {
    view.setUint32(76, nonce, true)
    const hash = sha256d(header)
    if (hashMeetsTarget(hash, bits)) return hash
  }
  throw new Error('no nonce meets the target')
}

/** BIP141: the merkle root over the wtxids, the coinbase's own as zeros, hashed with the 32 zero bytes of its witness. */
function witnessCommitment(transactions: readonly ParsedTransaction[]): Uint8Array {
  const { root } = merkleRoot(concatBytes(NO_HASH, ...transactions.map(({ wtxid }) => wtxid)))
  return opReturn(concatBytes(COMMITMENT_HEADER, sha256d(concatBytes(root, NO_HASH))))
}

const COMMITMENT_HEADER = Uint8Array.of(0xaa, 0x21, 0xa9, 0xed)

function medianTime(times: readonly number[]): number {
  const sorted = [...times].sort((a, b) => a - b)
  return sorted[sorted.length >> 1] ?? 0
}

/** The candidate and all that must go before it and is not taken yet, parents first. */
function withAncestors(
  candidate: Weighed,
  waiting: ReadonlyMap<string, Weighed>,
  taken: ReadonlySet<string>,
): Weighed[] {
  const family = new Set<Weighed>()
  const visit = (member: Weighed): void => {
    if (taken.has(member.key) || family.has(member)) return
    for (const { prevout } of member.tx.inputs) {
      const parent = waiting.get(hashKey(prevout.hash))
      if (parent) visit(parent)
    }
    family.add(member)
  }
  visit(candidate)
  return [...family]
}

function sigopCost({ tx }: ParsedTransaction, spent: readonly Uint8Array[]): number {
  const legacy = (script: Uint8Array) => legacySigops(script, 0, script.length) * WITNESS_SCALE_FACTOR
  const inputs = tx.inputs.map(({ scriptSig, witness }, i) => {
    const spend = { spent: spent[i]!, scriptSig, lastWitness: witness.at(-1) }
    return legacy(scriptSig) + spendSigopCost(spend, { p2sh: true, witness: true })
  })
  return [...inputs, ...tx.outputs.map(({ scriptPubKey }) => legacy(scriptPubKey))].reduce((sum, cost) => sum + cost, 0)
}
