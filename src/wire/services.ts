/** Bits of the `services` field in `version`, `addr` and `addrv2`. */
export const Services = {
  NETWORK: 1n, // serves the whole chain
  BLOOM: 4n, // BIP111
  WITNESS: 8n, // BIP144
  COMPACT_FILTERS: 64n, // BIP157
  NETWORK_LIMITED: 1024n, // the last 288 blocks at least (BIP159)
  P2P_V2: 2048n, // BIP324
  MWEB: 1n << 24n, // Litecoin
} as const
