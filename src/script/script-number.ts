import { fail } from './script-failure.ts'

/** Bytes of the numbers that scripts calculate with; results may be longer. */
export const MAX_NUMBER_SIZE = 4
/** Bytes of those that lock times are compared with. */
export const MAX_LOCK_SIZE = 5

/**
 * The number that bytes on the stack are: little-endian, the top bit of the last byte is the sign, no bytes are zero.
 * Fails with SCRIPTNUM for more than `maxSize` bytes (5 at most), and where it must be, and is not, in its shortest form.
 */
export function readScriptNumber(bytes: Uint8Array, isMinimal: boolean, maxSize: number = MAX_NUMBER_SIZE): number {
  const { length } = bytes
  if (length > maxSize) fail('SCRIPTNUM')
  if (length === 0) return 0
  const last = bytes[length - 1]!
  // A last byte without any digit is there for its sign only: the one before has no room for it.
  if (isMinimal && (last & 0x7f) === 0 && (length === 1 || (bytes[length - 2]! & 0x80) === 0)) fail('SCRIPTNUM')
  return numberOf(bytes)
}

/** The same of any bytes: exact up to six of them. */
export function numberOf(bytes: Uint8Array): number {
  const { length } = bytes
  if (length === 0) return 0
  const last = bytes[length - 1]!
  let value = last & 0x7f
  for (let i = length - 2; i >= 0; i--) value = value * 256 + bytes[i]!
  // Not -0, which is equal to zero and yet not the same.
  return last & 0x80 && value !== 0 ? -value : value
}

/** Whether bytes on the stack mean true: anything but zero, which may be negative. */
export function isTrue(bytes: Uint8Array): boolean {
  for (let i = 0; i < bytes.length; i++) {
    if (bytes[i] !== 0) return !(i === bytes.length - 1 && bytes[i] === 0x80)
  }
  return false
}
