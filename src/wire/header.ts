import { bytes, type Decoded, hash32, i32, struct, u32 } from './codec.ts'
import { type Hasher, nobleHasher } from './hash.ts'

export const HEADER_SIZE = 80

/** 80 bytes. Hashes stay in wire order. */
export const blockHeader = struct({
  version: i32,
  prevBlock: hash32,
  merkleRoot: hash32,
  time: u32, // Unix seconds, miner's clock
  bits: u32, // compact target
  nonce: u32,
})
export type BlockHeader = Decoded<typeof blockHeader>

/** Where `time` lies. */
const TIME_AT = 68

/** `time` of a raw header, Unix seconds; what follows the header is not looked at. */
export function headerTime(raw: Uint8Array): number {
  return new DataView(raw.buffer, raw.byteOffset).getUint32(TIME_AT, true)
}

/** A header kept as its 80 bytes, which is what gets hashed, stored and passed on. */
export const rawHeader = bytes(HEADER_SIZE)

/** The name of a block: double SHA-256 of its header, in every network (Litecoin too, whose work is scrypt). */
export function blockHash(header: Uint8Array, hasher: Hasher = nobleHasher): Uint8Array<ArrayBuffer> {
  if (header.length !== HEADER_SIZE) throw new RangeError(`a header has 80 bytes, not ${header.length}`)
  return hasher.sha256d(header)
}
