import {
  multisig,
  p2pk,
  p2pkh,
  p2shOf,
  p2tr,
  p2wpkh,
  p2wshOf,
  push,
  pushNumber,
  script,
} from '../../src/script/build.ts'
import { OP } from '../../src/script/opcodes.ts'
import { SIGHASH, SignatureHashes, type TaprootContext } from '../../src/script/sighash.ts'
import { publicKeyOf, signEcdsa, signSchnorr, withHashType, xOnlyKeyOf } from '../../src/script/sign.ts'
import { type TapTree, taprootOutput, tweakPrivateKey } from '../../src/script/taproot.ts'
import { concatBytes, hash160, sha256 } from '../../src/wire/hash.ts'
import type { Transaction, TxOut } from '../../src/wire/transaction.ts'

/** What unlocks an output. */
export interface Unlocking {
  scriptSig: Uint8Array
  witness: Uint8Array[]
}

/** A way to pay, and to spend that. */
export interface Kind {
  script: Uint8Array
  /** Whose hash types its signatures have; `none` where there are no signatures. */
  signs: 'ecdsa' | 'taproot' | 'none'
  /** What the spending input and transaction say at least. */
  sequence?: number
  lockTime?: number
  unlock(signer: Signer): Unlocking
}

export const HASH_TYPES = {
  ecdsa: [1, 2, 3, 0x81, 0x82, 0x83],
  taproot: [0, 1, 2, 3, 0x81, 0x82, 0x83],
  none: [0],
} as const satisfies Record<Kind['signs'], readonly number[]>

export interface SignerOptions {
  hashType: number
  /** What becomes of each signature, its hash type included. */
  alter?: (signature: Uint8Array) => Uint8Array
  /** What is added to the amounts that are signed. */
  wrongBy?: bigint
}

/** Signs one input. */
export class Signer {
  readonly #index: number
  readonly #spent: TxOut[]
  readonly #hashes: SignatureHashes
  readonly #options: SignerOptions

  constructor(tx: Transaction, index: number, spent: readonly TxOut[], options: SignerOptions) {
    this.#index = index
    this.#options = options
    this.#spent = spent.map(({ value, scriptPubKey }) => ({ value: value + (options.wrongBy ?? 0n), scriptPubKey }))
    this.#hashes = new SignatureHashes(tx, this.#spent)
  }

  legacy(code: Uint8Array, privateKey: Uint8Array): Uint8Array {
    return this.#ecdsa(this.#hashes.legacy(this.#index, code, this.#ecdsaType), privateKey)
  }

  witnessV0(code: Uint8Array, privateKey: Uint8Array): Uint8Array {
    const { value } = this.#spent[this.#index]!
    return this.#ecdsa(this.#hashes.witnessV0(this.#index, code, value, this.#ecdsaType), privateKey)
  }

  taproot(privateKey: Uint8Array, context: TaprootContext = {}): Uint8Array {
    const { hashType, alter = same } = this.#options
    const hash = this.#hashes.taproot(this.#index, hashType, context)
    if (!hash) throw new Error('nothing to sign')
    return alter(withHashType(signSchnorr(hash, privateKey), hashType))
  }

  get #ecdsaType(): number {
    return this.#options.hashType || SIGHASH.ALL
  }

  #ecdsa(hash: Uint8Array, privateKey: Uint8Array): Uint8Array {
    const { alter = same } = this.#options
    return alter(withHashType(signEcdsa(hash, privateKey), this.#ecdsaType))
  }
}

const same = (signature: Uint8Array) => signature

/** Private key number `n` of all that is paid here. */
export const privateKey = (n: number): Uint8Array => sha256(Uint8Array.of(n, 0xca))
export const key = (n: number, compressed = true) => publicKeyOf(privateKey(n), compressed)
export const xOnly = (n: number) => xOnlyKeyOf(privateKey(n))

export const NONE = new Uint8Array(0)
const PREIMAGE = new Uint8Array(32).fill(0x42)
export const LOCK_HEIGHT = 50
export const LOCK_BLOCKS = 3
export const FINAL = 0xffff_ffff
const NOT_FINAL = 0xffff_fffe

const byHeight = concatBytes(
  pushNumber(LOCK_HEIGHT),
  script(OP.OP_CHECKLOCKTIMEVERIFY, OP.OP_DROP, key(1), OP.OP_CHECKSIG),
)
const byAge = concatBytes(
  pushNumber(LOCK_BLOCKS),
  script(OP.OP_CHECKSEQUENCEVERIFY, OP.OP_DROP, key(1), OP.OP_CHECKSIG),
)
const byPreimage = script(OP.OP_SHA256, sha256(PREIMAGE), OP.OP_EQUALVERIFY, key(1), OP.OP_CHECKSIG)
/** With the preimage at once, without it after some blocks, by other keys. */
const contract = concatBytes(
  script(OP.OP_IF, OP.OP_HASH160, hash160(PREIMAGE), OP.OP_EQUALVERIFY, key(1), OP.OP_ELSE),
  pushNumber(LOCK_BLOCKS),
  script(OP.OP_CHECKSEQUENCEVERIFY, OP.OP_DROP, key(2), OP.OP_ENDIF, OP.OP_CHECKSIG),
)
/** Signed from behind the separator on. */
const afterSeparator = script(key(2), OP.OP_CHECKSIG)
const separated = concatBytes(script(key(1), OP.OP_CHECKSIGVERIFY, OP.OP_CODESEPARATOR), afterSeparator)

/** A witness script, as such and wrapped into P2SH. */
export function witnessScript(
  code: Uint8Array,
  unlock: (signer: Signer) => Uint8Array[],
  rest: Partial<Kind> = {},
): Kind {
  return {
    script: p2wshOf(code),
    signs: 'ecdsa',
    unlock: (signer) => ({ scriptSig: NONE, witness: [...unlock(signer), code] }),
    ...rest,
  }
}

export function redeemScript(code: Uint8Array, unlock: (signer: Signer) => Uint8Array, rest: Partial<Kind> = {}): Kind {
  return {
    script: p2shOf(code),
    signs: 'ecdsa',
    unlock: (signer) => ({ scriptSig: concatBytes(unlock(signer), push(code)), witness: [] }),
    ...rest,
  }
}

function wrapped(inner: Kind): Kind {
  return {
    ...inner,
    script: p2shOf(inner.script),
    unlock: (signer) => ({ scriptSig: push(inner.script), witness: inner.unlock(signer).witness }),
  }
}

/** The leaf number `at` of a tree, unlocked by what goes before script and control block. */
export function tapscript(
  codes: readonly Uint8Array[],
  at: number,
  unlock: (signer: Signer, leafHash: Uint8Array) => Uint8Array[],
  rest: Partial<Kind> = {},
  version = 0xc0,
): Kind {
  const [first, ...others] = codes.map((code): TapTree => ({ script: code, version }))
  const output = taprootOutput(
    xOnly(9),
    others.reduce<TapTree>((tree, leaf) => [tree, leaf], first!),
  )
  const leaf = output.leaves[at]!
  return {
    script: p2tr(output.outputKey),
    signs: 'taproot',
    unlock: (signer) => ({
      scriptSig: NONE,
      witness: [...unlock(signer, leaf.hash), leaf.script, leaf.controlBlock],
    }),
    ...rest,
  }
}

function p2pkKind(compressed: boolean): Kind {
  const code = p2pk(key(1, compressed))
  return {
    script: code,
    signs: 'ecdsa',
    unlock: (signer) => ({ scriptSig: push(signer.legacy(code, privateKey(1))), witness: [] }),
  }
}

function p2pkhKind(compressed: boolean): Kind {
  const publicKey = key(1, compressed)
  const code = p2pkh(hash160(publicKey))
  return {
    script: code,
    signs: 'ecdsa',
    unlock: (signer) => ({ scriptSig: script(signer.legacy(code, privateKey(1)), publicKey), witness: [] }),
  }
}

function p2wpkhKind(): Kind {
  const publicKey = key(1)
  const code = p2pkh(hash160(publicKey))
  return {
    script: p2wpkh(hash160(publicKey)),
    signs: 'ecdsa',
    unlock: (signer) => ({ scriptSig: NONE, witness: [signer.witnessV0(code, privateKey(1)), publicKey] }),
  }
}

const twoOfThree = multisig(2, [key(1), key(2), key(3)])
const oneOfTwo = multisig(1, [key(1, false), key(2)])
const bothKeys = script(xOnly(1), OP.OP_CHECKSIG, xOnly(2), OP.OP_CHECKSIGADD, OP.OP_2, OP.OP_NUMEQUAL)
const hashLeaf = script(OP.OP_SHA256, sha256(PREIMAGE), OP.OP_EQUALVERIFY, xOnly(1), OP.OP_CHECKSIG)
const ageLeaf = concatBytes(
  pushNumber(LOCK_BLOCKS),
  script(OP.OP_CHECKSEQUENCEVERIFY, OP.OP_DROP, xOnly(1), OP.OP_CHECKSIG),
)

/** All that nodes have relayed since taproot, by name. */
export const KINDS: Readonly<Record<string, Kind>> = {
  p2pk: p2pkKind(true),
  'p2pk of a long key': p2pkKind(false),
  p2pkh: p2pkhKind(true),
  'p2pkh of a long key': p2pkhKind(false),
  'bare multisig': {
    script: oneOfTwo,
    signs: 'ecdsa',
    unlock: (signer) => ({ scriptSig: script(OP.OP_0, signer.legacy(oneOfTwo, privateKey(1))), witness: [] }),
  },
  'p2sh multisig': redeemScript(twoOfThree, (signer) =>
    script(OP.OP_0, ...[1, 3].map((n) => signer.legacy(twoOfThree, privateKey(n)))),
  ),
  'p2sh hash lock': redeemScript(byPreimage, (signer) => script(signer.legacy(byPreimage, privateKey(1)), PREIMAGE)),
  'p2sh height lock': redeemScript(byHeight, (signer) => script(signer.legacy(byHeight, privateKey(1))), {
    lockTime: LOCK_HEIGHT,
    sequence: NOT_FINAL,
  }),
  'p2sh age lock': redeemScript(byAge, (signer) => script(signer.legacy(byAge, privateKey(1))), {
    sequence: LOCK_BLOCKS,
  }),
  p2wpkh: p2wpkhKind(),
  'p2sh-p2wpkh': wrapped(p2wpkhKind()),
  'p2wsh multisig': witnessScript(twoOfThree, (signer) => [
    NONE,
    ...[1, 2].map((n) => signer.witnessV0(twoOfThree, privateKey(n))),
  ]),
  'p2sh-p2wsh hash lock': wrapped(
    witnessScript(byPreimage, (signer) => [signer.witnessV0(byPreimage, privateKey(1)), PREIMAGE]),
  ),
  'p2wsh height lock': witnessScript(byHeight, (signer) => [signer.witnessV0(byHeight, privateKey(1))], {
    lockTime: LOCK_HEIGHT,
    sequence: NOT_FINAL,
  }),
  'p2wsh contract by its preimage': witnessScript(contract, (signer) => [
    signer.witnessV0(contract, privateKey(1)),
    PREIMAGE,
    Uint8Array.of(1),
  ]),
  'p2wsh contract by its age': witnessScript(contract, (signer) => [signer.witnessV0(contract, privateKey(2)), NONE], {
    sequence: LOCK_BLOCKS,
  }),
  'p2wsh with a separator': witnessScript(separated, (signer) => [
    signer.witnessV0(afterSeparator, privateKey(2)),
    signer.witnessV0(separated, privateKey(1)),
  ]),
  'p2tr key': {
    script: p2tr(taprootOutput(xOnly(1)).outputKey),
    signs: 'taproot',
    unlock: (signer) => ({ scriptSig: NONE, witness: [signer.taproot(tweakPrivateKey(privateKey(1)))] }),
  },
  'p2tr keys together': tapscript([byPreimage, bothKeys], 1, (signer, leafHash) =>
    [2, 1].map((n) => signer.taproot(privateKey(n), { leafHash })),
  ),
  'p2tr hash lock': tapscript([hashLeaf, ageLeaf, bothKeys], 0, (signer, leafHash) => [
    signer.taproot(privateKey(1), { leafHash }),
    PREIMAGE,
  ]),
  'p2tr age lock': tapscript(
    [hashLeaf, ageLeaf, bothKeys],
    1,
    (signer, leafHash) => [signer.taproot(privateKey(1), { leafHash })],
    { sequence: LOCK_BLOCKS },
  ),
}

/** An output to be spent. */
export interface SpendableCoin {
  txid: Uint8Array
  vout: number
  valueSat: number
  kind: Kind
}

export interface SpendPlan {
  coins: readonly SpendableCoin[]
  outputs: readonly TxOut[]
  version?: number
  /** By input, in turn. */
  signing?: readonly SignerOptions[]
  /** Done to the transaction before it is signed. */
  before?: (tx: Transaction) => void
  /** Done to what unlocks the first input. */
  change?: (unlocking: Unlocking) => void
}

/** A transaction that spends coins as their kinds want it, signed. */
export function spendKinds({ coins, outputs, version = 2, signing = [], before, change }: SpendPlan): Transaction {
  const tx: Transaction = {
    version,
    inputs: coins.map(({ txid, vout, kind }) => ({
      prevout: { hash: txid, index: vout },
      scriptSig: NONE,
      sequence: kind.sequence ?? 0xffff_fffd,
      witness: [],
    })),
    outputs: [...outputs],
    lockTime: Math.max(0, ...coins.map(({ kind }) => kind.lockTime ?? 0)),
  }
  before?.(tx)
  const spent = coins.map(({ valueSat, kind }): TxOut => ({ value: BigInt(valueSat), scriptPubKey: kind.script }))
  const unlocked = coins.map(({ kind }, i) => {
    const options = signing[i] ?? { hashType: kind.signs === 'taproot' ? SIGHASH.DEFAULT : SIGHASH.ALL }
    return kind.unlock(new Signer(tx, i, spent, options))
  })
  if (change) change(unlocked[0]!)
  for (const [i, { scriptSig, witness }] of unlocked.entries()) {
    tx.inputs[i]!.scriptSig = scriptSig
    tx.inputs[i]!.witness = witness
  }
  return tx
}
