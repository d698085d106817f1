const COMPRESSED_SIZE = 33
const UNCOMPRESSED_SIZE = 65

/**
 * A public key as 33 bytes that begin with 02 or 03, or 65 that begin with 04. OpenSSL's hybrid form, which blocks may
 * contain, is an uncompressed key that begins with 06 or 07: for a y that is even or odd. `undefined`: the bytes have none
 * of these forms, or say the wrong of the two.
 */
export function plainKey(publicKey: Uint8Array): Uint8Array | undefined {
  const first = publicKey[0]
  if (publicKey.length === COMPRESSED_SIZE) return first === 2 || first === 3 ? publicKey : undefined
  if (publicKey.length !== UNCOMPRESSED_SIZE) return undefined
  if (first === 4) return publicKey
  if ((first !== 6 && first !== 7) || (publicKey[64]! & 1) !== first - 6) return undefined
  const plain = publicKey.slice()
  plain[0] = 4
  return plain
}
