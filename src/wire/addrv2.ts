import { MAX_ADDRESSES } from './addr.ts'
import { type Codec, compactU64, type Decoded, list, struct, u8, u16be, u32, varBytes } from './codec.ts'
import { WireError } from './error.ts'
import { message } from './message.ts'

/** Network ids of BIP155. */
export const AddressNetwork = { IPV4: 1, IPV6: 2, TORV2: 3, TORV3: 4, I2P: 5, CJDNS: 6, YGGDRASIL: 7 } as const

const MAX_ADDRESS_SIZE = 512

/** How long an address of a network is. Tor's second version is dead, so its id is as good as unknown. */
const SIZES = new Map<number, number>([
  [AddressNetwork.IPV4, 4],
  [AddressNetwork.IPV6, 16],
  [AddressNetwork.TORV3, 32],
  [AddressNetwork.I2P, 32],
  [AddressNetwork.CJDNS, 16],
  [AddressNetwork.YGGDRASIL, 16],
])

const anyAddress = struct({
  time: u32, // Unix seconds of when the peer was last heard of
  services: compactU64,
  network: u8,
  address: varBytes(MAX_ADDRESS_SIZE),
  port: u16be,
})
export type AddressV2 = Decoded<typeof anyAddress>

/** A network id we know with an address of another length is `bad-value`; ids we do not know are kept as they are. */
const addressV2: Codec<AddressV2> = {
  read(r) {
    const entry = anyAddress.read(r)
    const size = SIZES.get(entry.network)
    if (size !== undefined && entry.address.length !== size) {
      throw new WireError('bad-value', `address of ${entry.address.length} bytes in network ${entry.network}`)
    }
    return entry
  },
  write: anyAddress.write,
}

/** Addresses of peers in any network (BIP155). */
export const addrv2 = message('addrv2', { addresses: list(addressV2, MAX_ADDRESSES) })
export type AddrV2 = Decoded<typeof addrv2>
