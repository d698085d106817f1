import { bytesToHex } from '../wire/hash.ts'
import { type CoreScriptType, multisigOf } from './core-type.ts'
import { isXOnlyKey } from './x-only-key.ts'

/** Each character stands for its place, 5 bits within a group and 3 of the group. */
const CHARACTERS = '0123456789()[],\'/*abcdefgh@:$%{}IJKLMNOPQRSTUVWXYZ&+-.;<=>?!^_|~ijklmnopqrstuvwxyzABCDEFGH`#"\\ '
const CHECKSUM_CHARACTERS = 'qpzry9x8gf2tvdw0s3jn54khce6mua7l'
const CHECKSUM_LENGTH = 8
/** The generator, each 40-bit number as two of 20 bits. */
const GENERATOR = [0xf5dee51989, 0xa9fdca3312, 0x1bab10e32d, 0x3706b1677a, 0x644d626ffd].map(
  (g) => [Math.floor(g / 0x10_0000), g % 0x10_0000] as const,
)
const PLACES = placesOfCharacters()

/**
 * The output descriptor that can be read off a scriptPubKey alone, with its checksum (BIP 380), as Bitcoin Core infers
 * it: the key or keys where they stand in the script, otherwise the address, otherwise the script itself.
 */
export function descriptorOf(script: Uint8Array, type: CoreScriptType, address: string | undefined): string {
  return withChecksum(bodyOf(script, type, address))
}

/** `body#checksum`. Characters that no descriptor has are refused with RangeError. */
export function withChecksum(body: string): string {
  let high = 0
  let low = 1
  const feed = (value: number) => {
    const top = high >>> 15
    high = ((high & 0x7fff) << 5) | (low >>> 15)
    low = ((low & 0x7fff) << 5) ^ value
    for (let i = 0; i < 5; i++) {
      if (!((top >>> i) & 1)) continue
      high ^= GENERATOR[i]![0]
      low ^= GENERATOR[i]![1]
    }
  }
  let group = 0
  let inGroup = 0
  for (let i = 0; i < body.length; i++) {
    const place = PLACES[body.charCodeAt(i)] ?? -1
    if (place < 0) throw new RangeError(`a descriptor has no ${body[i]}`)
    feed(place & 31)
    group = group * 3 + (place >>> 5)
    if (++inGroup < 3) continue
    feed(group)
    group = 0
    inGroup = 0
  }
  if (inGroup > 0) feed(group)
  for (let i = 0; i < CHECKSUM_LENGTH; i++) feed(0)
  low ^= 1
  let checksum = ''
  for (let i = 0; i < CHECKSUM_LENGTH; i++) {
    const half = i < 4 ? high : low
    checksum += CHECKSUM_CHARACTERS[(half >>> (5 * (3 - (i & 3)))) & 31]
  }
  return `${body}#${checksum}`
}

function bodyOf(script: Uint8Array, type: CoreScriptType, address: string | undefined): string {
  if (type === 'pubkey' && isPlainKey(script.subarray(1, -1))) return `pk(${bytesToHex(script.subarray(1, -1))})`
  if (type === 'multisig') {
    const { required, keys } = multisigOf(script)!
    if (keys.every(isPlainKey)) return `multi(${[required, ...keys.map(bytesToHex)].join(',')})`
  }
  if (type === 'witness_v1_taproot' && isXOnlyKey(script.subarray(2))) return `rawtr(${bytesToHex(script.subarray(2))})`
  return address === undefined ? `raw(${bytesToHex(script)})` : `addr(${address})`
}

/** A hybrid key, which says twice what its y coordinate is, has no descriptor. */
function isPlainKey(key: Uint8Array): boolean {
  return key[0]! < 6
}

function placesOfCharacters(): Int8Array {
  const places = new Int8Array(128).fill(-1)
  for (let i = 0; i < CHARACTERS.length; i++) places[CHARACTERS.charCodeAt(i)] = i
  return places
}
