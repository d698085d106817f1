import { schnorr, secp256k1 } from '@noble/curves/secp256k1.js'
import { Writer } from '../wire/codec.ts'
import { bytesToHex, concatBytes, equalBytes, type Hasher, nobleHasher, taggedHashBy } from '../wire/hash.ts'

/** The leaf version of BIP342 scripts. */
export const TAPSCRIPT = 0xc0

const CONTROL_BASE_SIZE = 33
const MAX_DEPTH = 128
/** The first byte of an annex (BIP 341). */
export const TAPROOT_ANNEX_TAG = 0x50

/** A binary tree of scripts; `version` is TAPSCRIPT when absent. */
export type TapTree = TapLeaf | readonly [TapTree, TapTree]
export interface TapLeaf {
  script: Uint8Array
  version?: number
}

/** A leaf with what proves that the output committed to it. */
export interface TapLeafPath {
  script: Uint8Array
  version: number
  hash: Uint8Array
  /** Last witness item of a spend by this leaf (the annex apart). */
  controlBlock: Uint8Array
}

/** A taproot output: its key, and how each script of its tree is reached, in the tree's order. */
export interface TaprootOutput {
  /** x coordinate of the output key, the witness program. */
  outputKey: Uint8Array
  merkleRoot: Uint8Array | undefined
  leaves: TapLeafPath[]
}

export function tapLeafHash(script: Uint8Array, version: number = TAPSCRIPT, hasher: Hasher = nobleHasher): Uint8Array {
  const writer = new Writer(script.length + 10)
  writer.u8(version)
  writer.compactSize(script.length)
  writer.bytes(script)
  return taggedHashBy(hasher, 'TapLeaf', writer.finish())
}

/** Order does not matter: the lesser hash goes first. */
export function tapBranchHash(a: Uint8Array, b: Uint8Array, hasher: Hasher = nobleHasher): Uint8Array {
  return isLess(b, a) ? taggedHashBy(hasher, 'TapBranch', b, a) : taggedHashBy(hasher, 'TapBranch', a, b)
}

/** Whether a control block has one of the lengths that there are. */
export function hasControlBlockLength({ length }: Uint8Array): boolean {
  const depth = (length - CONTROL_BASE_SIZE) / 32
  return Number.isInteger(depth) && depth >= 0 && depth <= MAX_DEPTH
}

/** The version of the leaf that a control block leads to. */
export function leafVersion(controlBlock: Uint8Array): number {
  return controlBlock[0]! & 0xfe
}

/** The root of the tree that a leaf is in, by the hashes in its control block. */
export function tapRootAbove(leafHash: Uint8Array, controlBlock: Uint8Array, hasher: Hasher = nobleHasher): Uint8Array {
  let root = leafHash
  for (let at = CONTROL_BASE_SIZE; at < controlBlock.length; at += 32) {
    root = tapBranchHash(root, controlBlock.subarray(at, at + 32), hasher)
  }
  return root
}

/** An output key from an internal key (x coordinate, 32 bytes) and a tree. Throws when the key is not on the curve. */
export function taprootOutput(internalKey: Uint8Array, tree?: TapTree): TaprootOutput {
  const leaves = tree ? leavesOf(tree) : []
  const merkleRoot = tree && rootOf(tree)
  const { key, parity } = tweakPublicKey(internalKey, merkleRoot)
  return {
    outputKey: key,
    merkleRoot,
    leaves: leaves.map(({ script, version, hash, siblings }) => ({
      script,
      version,
      hash,
      controlBlock: concatBytes(Uint8Array.of(version + parity), internalKey, ...siblings),
    })),
  }
}

/** The hash that ties a tree to a key (BIP341); no root for an output without scripts. */
export function tapTweak(internalKey: Uint8Array, merkleRoot?: Uint8Array, hasher: Hasher = nobleHasher): Uint8Array {
  const parts = merkleRoot ? [internalKey, merkleRoot] : [internalKey]
  return taggedHashBy(hasher, 'TapTweak', ...parts)
}

/** The output key and the parity of its y coordinate. Throws when the internal key is not on the curve. */
export function tweakPublicKey(internalKey: Uint8Array, merkleRoot?: Uint8Array): { key: Uint8Array; parity: 0 | 1 } {
  const internal = schnorr.utils.lift_x(toNumber(internalKey))
  const point = internal.add(secp256k1.Point.BASE.multiply(tweakScalar(internalKey, merkleRoot)))
  return { key: schnorr.utils.pointToBytes(point), parity: (point.toAffine().y & 1n) === 0n ? 0 : 1 }
}

/** The private key of the output key, for spends by key. */
export function tweakPrivateKey(privateKey: Uint8Array, merkleRoot?: Uint8Array): Uint8Array {
  const order = secp256k1.Point.Fn.ORDER
  const point = secp256k1.Point.BASE.multiply(toNumber(privateKey))
  const { x, y } = point.toAffine()
  const even = (y & 1n) === 0n ? toNumber(privateKey) : order - toNumber(privateKey)
  return toBytes((even + tweakScalar(toBytes(x), merkleRoot)) % order)
}

/** What a spend by script shows of its output. All byte strings are views. */
export interface TapScriptSpend {
  script: Uint8Array
  controlBlock: Uint8Array
  version: number
  internalKey: Uint8Array
  annex: Uint8Array | undefined
}

/** Reads a taproot witness; undefined for a spend by key, and where the control block has no possible length. */
export function tapScriptSpend(witness: readonly Uint8Array[]): TapScriptSpend | undefined {
  const annex = witness.length >= 2 && witness.at(-1)![0] === TAPROOT_ANNEX_TAG ? witness.at(-1) : undefined
  const items = annex ? witness.slice(0, -1) : witness
  if (items.length < 2) return undefined
  const controlBlock = items.at(-1)!
  if (!hasControlBlockLength(controlBlock)) return undefined
  return {
    script: items.at(-2)!,
    controlBlock,
    version: leafVersion(controlBlock),
    internalKey: controlBlock.subarray(1, CONTROL_BASE_SIZE),
    annex,
  }
}

/** Whether an output key committed to this script (BIP341's check of a spend by script). */
export function commitsTo(outputKey: Uint8Array, spend: TapScriptSpend): boolean {
  const { controlBlock } = spend
  const root = tapRootAbove(tapLeafHash(spend.script, spend.version), controlBlock)
  try {
    const { key, parity } = tweakPublicKey(spend.internalKey, root)
    return parity === (controlBlock[0]! & 1) && equalBytes(key, outputKey)
  } catch {
    return false // the internal key is not on the curve
  }
}

interface Leaf {
  script: Uint8Array
  version: number
  hash: Uint8Array
  /** Hashes from the leaf's own level up to the root. */
  siblings: Uint8Array[]
}

function leavesOf(tree: TapTree): Leaf[] {
  if (isLeaf(tree)) {
    const { script, version = TAPSCRIPT } = tree
    return [{ script, version, hash: tapLeafHash(script, version), siblings: [] }]
  }
  const [left, right] = tree
  const under = (side: TapTree, sibling: TapTree) =>
    leavesOf(side).map((leaf) => ({ ...leaf, siblings: [...leaf.siblings, rootOf(sibling)] }))
  return [...under(left, right), ...under(right, left)]
}

function rootOf(tree: TapTree): Uint8Array {
  return isLeaf(tree) ? tapLeafHash(tree.script, tree.version) : tapBranchHash(rootOf(tree[0]), rootOf(tree[1]))
}

function isLeaf(tree: TapTree): tree is TapLeaf {
  return 'script' in tree
}

function tweakScalar(internalKey: Uint8Array, merkleRoot: Uint8Array | undefined): bigint {
  const scalar = toNumber(tapTweak(internalKey, merkleRoot))
  if (scalar >= secp256k1.Point.Fn.ORDER) throw new Error('the tweak is not below the order of the group')
  return scalar
}

function isLess(a: Uint8Array, b: Uint8Array): boolean {
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return a[i]! < b[i]!
  return false
}

function toNumber(bytes: Uint8Array): bigint {
  return BigInt(`0x${bytesToHex(bytes)}`)
}

function toBytes(value: bigint): Uint8Array {
  const bytes = new Uint8Array(32)
  for (let i = 31, rest = value; i >= 0; i--, rest >>= 8n) bytes[i] = Number(rest & 0xffn)
  return bytes
}
