import { pushBytes } from '../script/build.ts'
import { SCRIPT_FLAG } from '../script/flags.ts'
import { InputScripts } from '../script/input-scripts.ts'
import { instructionAt } from '../script/instructions.ts'
import { OP } from '../script/opcodes.ts'
import type { Secp256k1 } from '../script/secp256k1.ts'
import { type Codec, decode, list, struct, varBytes } from '../wire/codec.ts'
import { WireError } from '../wire/error.ts'
import { concatBytes, type Hasher } from '../wire/hash.ts'
import { MAX_BYTES, type Transaction, transaction, txid } from '../wire/transaction.ts'
import type { BlockDigest } from './digest.ts'
import { commitmentOutput } from './digest-hashes.ts'
import { merkleRoot } from './merkle.ts'

/** Begins the push that holds the solution, in the coinbase's witness commitment. */
const SOLUTION_TAG = [0xec, 0xc7, 0xda, 0xa2]

/** What the solution is checked under, whatever the height (Bitcoin Core, signet.cpp). */
const SOLUTION_FLAGS = SCRIPT_FLAG.P2SH | SCRIPT_FLAG.WITNESS | SCRIPT_FLAG.DERSIG | SCRIPT_FLAG.NULLDUMMY

/** What stands in a push of the commitment after the tag. */
const solution: Codec<{ scriptSig: Uint8Array; witness: Uint8Array[] }> = struct({
  scriptSig: varBytes(MAX_BYTES),
  witness: list(varBytes(MAX_BYTES), MAX_BYTES),
})

/**
 * Whether a block satisfies its network's challenge (BIP 325). `digest` is of `bytes`, and its merkle root is the header's.
 * Not to be asked of a genesis block.
 */
export function meetsChallenge(
  bytes: Uint8Array,
  digest: BlockDigest,
  challenge: Uint8Array,
  { secp256k1, hasher }: { secp256k1: Secp256k1; hasher: Hasher },
): boolean {
  const spending = solutionSpend(bytes, digest, challenge, hasher)
  if (!spending) return false
  const spent = { value: 0n, scriptPubKey: challenge }
  return new InputScripts(spending, [spent], secp256k1, hasher).check(0, SOLUTION_FLAGS) === undefined
}

/**
 * The virtual transaction that spends the challenge with the block's solution, and commits to the block without that: it
 * spends another one, in which the block's facts stand. A block without a solution may still satisfy a challenge that asks
 * for none. `undefined`: the coinbase has no witness commitment, or its solution cannot be read.
 */
export function solutionSpend(
  bytes: Uint8Array,
  digest: BlockDigest,
  challenge: Uint8Array,
  hasher: Hasher,
): Transaction | undefined {
  const output = commitmentOutput(bytes, digest)
  if (output < 0) return undefined
  const coinbase = decode(transaction, bytes.subarray(digest.txStart[0]!, digest.txStart[1]!))
  const commitment = coinbase.outputs[output]!
  const taken = takeOut(commitment.scriptPubKey)
  const given = taken ? readSolution(taken.solution) : { scriptSig: new Uint8Array(0), witness: [] }
  if (!given) return undefined
  if (taken) commitment.scriptPubKey = taken.rest
  const { header } = digest
  const root = rootWith(digest.txids, txid(coinbase, hasher), hasher)
  // Version and parent, then the root in place of the header's own, and the time.
  const facts = concatBytes(header.subarray(0, 36), root, header.subarray(68, 72))
  const naming = concatBytes(Uint8Array.of(OP.OP_0), pushBytes(facts))
  const nothing = { hash: new Uint8Array(32), index: 0xffff_ffff }
  const named: Transaction = {
    version: 0,
    inputs: [{ prevout: nothing, scriptSig: naming, sequence: 0, witness: [] }],
    outputs: [{ value: 0n, scriptPubKey: challenge }],
    lockTime: 0,
  }
  return {
    version: 0,
    inputs: [{ prevout: { hash: txid(named, hasher), index: 0 }, sequence: 0, ...given }],
    outputs: [{ value: 0n, scriptPubKey: Uint8Array.of(OP.OP_RETURN) }],
    lockTime: 0,
  }
}

/**
 * The solution in a commitment's script, and the script without it: of the first push that begins with the tag and has more,
 * only the tag stays. As in Bitcoin Core what cannot be read is left out, every push is written anew in its shortest form,
 * and of an empty one there stays the opcode.
 */
function takeOut(script: Uint8Array): { solution: Uint8Array; rest: Uint8Array } | undefined {
  let solution: Uint8Array | undefined
  const rest: Uint8Array[] = []
  for (let at = 0; at < script.length; ) {
    const { opcode, data, next, broken } = instructionAt(script, at)
    if (broken) break
    at = next
    if (!data || data.length === 0) {
      rest.push(Uint8Array.of(opcode))
      continue
    }
    const isSolution =
      !solution && data.length > SOLUTION_TAG.length && SOLUTION_TAG.every((byte, i) => data[i] === byte)
    if (isSolution) solution = data.subarray(SOLUTION_TAG.length)
    rest.push(pushBytes(isSolution ? data.subarray(0, SOLUTION_TAG.length) : data))
  }
  return solution && { solution, rest: concatBytes(...rest) }
}

function readSolution(bytes: Uint8Array): { scriptSig: Uint8Array; witness: Uint8Array[] } | undefined {
  try {
    return decode(solution, bytes)
  } catch (error) {
    if (error instanceof WireError) return undefined
    throw error
  }
}

/** The merkle root with another coinbase. */
function rootWith(txids: Uint8Array, coinbaseId: Uint8Array, hasher: Hasher): Uint8Array {
  const leaves = txids.slice()
  leaves.set(coinbaseId)
  return merkleRoot(leaves, hasher).root
}
