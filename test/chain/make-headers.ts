import { MAIN, MemoryHeaderStore } from '../../src/chain/header-store.ts'
import { hashMeetsTarget, workOf } from '../../src/chain/target.ts'
import { encode } from '../../src/wire/codec.ts'
import { sha256d } from '../../src/wire/hash.ts'
import { blockHeader } from '../../src/wire/header.ts'

type Bytes = Uint8Array<ArrayBuffer>

/** A clock that is later than every header of the tests, in milliseconds. */
export const LATE = Date.UTC(2030, 0, 1)

export interface HeaderPlan {
  prev: Uint8Array
  time: number
  bits?: number
  version?: number
  /** Makes headers of equal parent and time different. */
  salt?: number
}

/** A header with work, mined where the target is that of a regtest (the default). */
export function makeHeader({ prev, time, bits = 0x207fffff, version = 0x2000_0000, salt = 0 }: HeaderPlan): Bytes {
  const merkleRoot = new Uint8Array(32)
  new DataView(merkleRoot.buffer).setUint32(0, salt, true)
  const raw = encode(blockHeader, { version, prevBlock: prev, merkleRoot, time, bits, nonce: 0 })
  const view = new DataView(raw.buffer)
  for (let nonce = 0; !hashMeetsTarget(sha256d(raw), bits); nonce++) view.setUint32(76, nonce, true)
  return raw
}

/** A run of headers on `prev`, ten minutes apart, the first one ten minutes after `time`. */
export function makeRun(prev: Uint8Array, time: number, count: number, salt = 0): Bytes[] {
  const run: Bytes[] = []
  let at = prev
  for (let i = 1; i <= count; i++) {
    const raw = makeHeader({ prev: at, time: time + 600 * i, salt })
    run.push(raw)
    at = sha256d(raw)
  }
  return run
}

/** The 80-byte pieces of a file of headers. */
export function splitHeaders(bytes: Bytes): Bytes[] {
  return Array.from({ length: bytes.length / 80 }, (_, i) => bytes.slice(i * 80, i * 80 + 80))
}

export interface KnownHeader {
  height: number
  raw: Uint8Array
  /** Where it is not that of the 80 bytes. */
  hash?: Uint8Array
  /** Total; that of the one given before and its own where it is not known. */
  work?: bigint
}

/** A store whose chain does not begin at its genesis: a tree over it takes these headers as given. */
export function startAt(known: KnownHeader[]): MemoryHeaderStore {
  const store = new MemoryHeaderStore()
  let total = 0n
  const insert = known.map(({ height, raw, hash, work }, i) => {
    total = work ?? total + workOf(readBits(raw))
    return { id: i + 1, hash: hash ?? sha256d(raw), height, raw, work: total, status: MAIN }
  })
  store.apply({ insert, status: [] })
  return store
}

export function readBits(raw: Uint8Array): number {
  return new DataView(raw.buffer, raw.byteOffset).getUint32(72, true)
}

export function readTime(raw: Uint8Array): number {
  return new DataView(raw.buffer, raw.byteOffset).getUint32(68, true)
}
