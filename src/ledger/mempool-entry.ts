import type { Millis } from '../peer/ports.ts'
import { hashKey } from '../wire/hash.ts'
import type { Cluster } from './clusters.ts'
import type { Prevout } from './queries.ts'

/** A transaction in the mempool. Links, cluster, times and peers are the pool's to change; the rest never changes. */
export interface MempoolEntry {
  /** Wire order. */
  txid: Uint8Array
  wtxid: Uint8Array
  /** `hashKey` of the txid. */
  key: string
  /** As on the wire, alone in its buffer. */
  raw: Uint8Array<ArrayBuffer>
  version: number
  /** It says that it may be replaced (BIP125); every one may be. */
  signalsRbf: boolean
  weight: number
  /** Cost of its signature operations. */
  sigops: number
  /** Weight for the purposes of policy; more than `weight` where there are many signature operations. */
  policyWeight: number
  /** `policyWeight` in virtual bytes, rounded up. */
  vsize: number
  feeSat: number
  /** When it came first. */
  seen: Millis
  /** The same in Unix seconds. */
  time: number
  /** Height of the tip that it came on. */
  height: number
  /** How many links told of it, as far as that is known; 0 for one that a wallet handed in or that was taken back. */
  peers: number
  /** Counts up with every transaction taken in: newest has the highest. */
  order: number
  /** `outpointKey` of what each input spends, in input order. */
  spends: readonly string[]
  /** What each input spends, in input order. */
  prevouts: readonly Prevout[]
  /** Sum of the prevouts, satoshi. */
  value: number
  outputCount: number
  /** Which outputs are dust: none, or one that its child spends. */
  dust: readonly number[]
  /** prefix48 of every scripthash that it pays to or spends from, once each. */
  scripts: readonly number[]
  /** A block held it before: it need not pay what is asked of others. */
  exempt: boolean
  /** What it counts against the budget; see `entryCharge`. */
  charge: number
  /** Transactions of the pool that it spends from, and that spend from it, once each. */
  parents: MempoolEntry[]
  children: MempoolEntry[]
  cluster: Cluster
}

/** Key of an output in Maps: 36 characters, `hashKey` of the txid, then the index as four bytes. */
export function outpointKey(txidKey: string, index: number): string {
  return txidKey + String.fromCharCode(index & 0xff, (index >>> 8) & 0xff, (index >>> 16) & 0xff, index >>> 24)
}

/** The index in an `outpointKey`. */
export function outpointIndex(key: string): number {
  let index = 0
  for (let i = 35; i >= 32; i--) index = index * 256 + key.charCodeAt(i)
  return index
}

/** The key of the outpoint that begins at `at`: 36 bytes as on the wire. */
export function outpointKeyAt(outpoints: Uint8Array, at: number): string {
  const index = outpoints.subarray(at + 32, at + 36)
  return hashKey(outpoints.subarray(at, at + 32)) + String.fromCharCode(index[0]!, index[1]!, index[2]!, index[3]!)
}

/** Whether `entry` spends an output of `parent`. */
export function spendsFrom(entry: Pick<MempoolEntry, 'spends'>, parent: Pick<MempoolEntry, 'key'>): boolean {
  return entry.spends.some((outpoint) => outpoint.startsWith(parent.key))
}

const PER_ENTRY = 1900
const PER_INPUT = 360
const PER_SCRIPT = 280

/**
 * Bytes of memory that an entry takes, indexes included, as the budget counts them: measured on V8 and rounded up. A
 * script of what is spent counts at its length.
 */
export function entryCharge(size: number, prevouts: readonly Prevout[], scripts: number): number {
  let bytes = PER_ENTRY + size + scripts * PER_SCRIPT
  for (const { script } of prevouts) bytes += PER_INPUT + script.length
  return bytes
}
