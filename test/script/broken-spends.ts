import { secp256k1 } from '@noble/curves/secp256k1.js'
import {
  multisig,
  opReturn,
  p2pk,
  p2wpkh,
  p2wshOf,
  push,
  pushNumber,
  script,
  witnessScriptPubKey,
} from '../../src/script/build.ts'
import { OP } from '../../src/script/opcodes.ts'
import type { ScriptError } from '../../src/script/script-error.ts'
import { concatBytes, hash160 } from '../../src/wire/hash.ts'
import type { Transaction } from '../../src/wire/transaction.ts'
import {
  FINAL,
  KINDS,
  type Kind,
  key,
  LOCK_BLOCKS,
  LOCK_HEIGHT,
  NONE,
  privateKey,
  redeemScript,
  type SpendPlan,
  tapscript,
  type Unlocking,
  witnessScript,
  xOnly,
} from './spends.ts'

/** A spend that no node relays. */
export interface Broken {
  name: string
  kind: Kind
  /** What its scripts fail with, or the reason that is given before they run. */
  why: ScriptError | { reason: string }
  plan: Partial<Omit<SpendPlan, 'coins'>>
}

type Alter = (signature: Uint8Array) => Uint8Array

const flipped: Alter = (signature) => signature.with(10, signature[10]! ^ 1)
const withType =
  (type: number): Alter =>
  (signature) =>
    concatBytes(signature.subarray(0, signature.length === 64 ? 64 : -1), Uint8Array.of(type))
const notDer: Alter = (signature) => signature.with(0, 0x31)
const highS: Alter = (signature) => {
  const { r, s } = secp256k1.Signature.fromBytes(signature.subarray(0, -1), 'der')
  const high = new secp256k1.Signature(r, secp256k1.Point.Fn.ORDER - s)
  return concatBytes(high.toBytes('der'), signature.subarray(-1))
}

/** What can be wrong with the signatures of every kind. */
export function badSignatures(name: string, kind: Kind): Broken[] {
  const broken = (what: string, why: ScriptError, alter: Alter, hashType = 1): Broken => ({
    name: `${name}: ${what}`,
    kind,
    why,
    plan: { signing: [{ hashType, alter }] },
  })
  const ofAmount = (why: ScriptError): Broken => ({
    name: `${name}: signed for another amount`,
    kind,
    why,
    plan: { signing: [{ hashType: kind.signs === 'taproot' ? 0 : 1, wrongBy: 1n }] },
  })
  if (kind.signs === 'taproot') {
    const isKeyPath = name === 'p2tr key'
    return [
      broken('another bit in the signature', 'SCHNORR_SIG', flipped, 0),
      broken('the default named', 'SCHNORR_SIG_HASHTYPE', withType(0), 0),
      broken('a hash type that there is not', 'SCHNORR_SIG_HASHTYPE', withType(4), 0),
      broken('a signature that is too short', 'SCHNORR_SIG_SIZE', (signature) => signature.subarray(1), 0),
      broken('no signature', isKeyPath ? 'SCHNORR_SIG_SIZE' : 'EVAL_FALSE', () => NONE, 0),
      ofAmount('SCHNORR_SIG'),
    ]
  }
  const hasVerify = name === 'p2wsh with a separator'
  return [
    broken('another bit in the signature', 'NULLFAIL', flipped),
    broken('a hash type that there is not', 'SIG_HASHTYPE', withType(4)),
    broken('a signature that is not DER', 'SIG_DER', notDer),
    broken('a signature with a high s', 'SIG_HIGH_S', highS),
    broken('no signature', hasVerify ? 'CHECKSIGVERIFY' : 'EVAL_FALSE', () => NONE),
    ...(name.includes('wpkh') || name.includes('wsh') ? [ofAmount('NULLFAIL')] : []),
  ]
}

const change = (edit: (unlocking: Unlocking) => void) => ({ change: edit })
const before = (edit: (tx: Transaction) => void) => ({ before: edit })

/** P2SH of a script that wants nothing but itself, or these pushes. */
const plain = (code: Uint8Array, pushes: Uint8Array = NONE): Kind => redeemScript(code, () => pushes, { signs: 'none' })
const plainWitness = (code: Uint8Array, items: Uint8Array[] = []): Kind =>
  witnessScript(code, () => items, { signs: 'none' })
const leafOf = (code: Uint8Array, items: Uint8Array[] = [], version?: number): Kind =>
  tapscript([code], 0, () => items, { signs: 'none' }, version)
const bare = (code: Uint8Array, witness: Uint8Array[] = []): Kind => ({
  script: code,
  signs: 'none',
  unlock: () => ({ scriptSig: NONE, witness }),
})

const kind = (name: keyof typeof KINDS) => KINDS[name]!
const TRUE = Uint8Array.of(1)
const LONG_KEY = key(1, false)
const longKeyHash: Kind = {
  ...kind('p2wpkh'),
  script: p2wpkh(hash160(LONG_KEY)),
  unlock: (signer) => ({
    scriptSig: NONE,
    witness: [signer.witnessV0(kind('p2pkh of a long key').script, privateKey(1)), LONG_KEY],
  }),
}
/** Says whether the other coordinate is odd, and is right. */
const hybridKey = LONG_KEY.with(0, 6 + (LONG_KEY[64]! & 1))
const hybrid: Kind = {
  ...kind('p2pk'),
  script: p2pk(hybridKey),
  unlock: (signer) => ({ scriptSig: push(signer.legacy(p2pk(hybridKey), privateKey(1))), witness: [] }),
}
/** More checks of one signature than its witness has the weight for. */
const manyChecks = concatBytes(
  ...Array.from({ length: 20 }, () => script(OP.OP_DUP, xOnly(1), OP.OP_CHECKSIGVERIFY)),
  script(OP.OP_DROP, OP.OP_1),
)

function list(entries: [string, Kind, Broken['why'], Broken['plan']?][]): Broken[] {
  return entries.map(([name, kind, why, plan = {}]) => ({ name, kind, why, plan }))
}

/** What can be wrong with scripts, and with what is pushed for them. */
export const BROKEN_SCRIPTS: readonly Broken[] = list([
  [
    'a push that is longer than it need be',
    kind('p2pk'),
    'MINIMALDATA',
    change((to) => (to.scriptSig = concatBytes(Uint8Array.of(OP.OP_PUSHDATA1), to.scriptSig))),
  ],
  [
    'a bare multisig whose dummy is not empty',
    kind('bare multisig'),
    'SIG_NULLDUMMY',
    change((to) => (to.scriptSig[0] = OP.OP_1)),
  ],
  ['the same in P2WSH', kind('p2wsh multisig'), 'SIG_NULLDUMMY', change((to) => (to.witness[0] = TRUE))],
  [
    'a push that nobody takes',
    kind('p2pkh'),
    'CLEANSTACK',
    change((to) => (to.scriptSig = concatBytes(script(OP.OP_1), to.scriptSig))),
  ],
  ['the same in P2WSH', kind('p2wsh height lock'), 'CLEANSTACK', change((to) => to.witness.unshift(TRUE))],
  ['the same in a leaf', kind('p2tr age lock'), 'CLEANSTACK', change((to) => to.witness.unshift(TRUE))],
  ['the same in P2WPKH', kind('p2wpkh'), 'WITNESS_PROGRAM_MISMATCH', change((to) => to.witness.unshift(TRUE))],
  [
    'another key than the hash is of',
    kind('p2pkh'),
    'EQUALVERIFY',
    { change: (to) => (to.scriptSig = concatBytes(to.scriptSig.subarray(0, -33), key(2))) },
  ],
  ['another witness key', kind('p2wpkh'), 'EQUALVERIFY', change((to) => (to.witness[1] = key(2)))],
  [
    'another redeem script',
    kind('p2sh multisig'),
    'EVAL_FALSE',
    change((to) => (to.scriptSig = to.scriptSig.with(-1, OP.OP_CHECKMULTISIGVERIFY))),
  ],
  [
    'another witness script',
    kind('p2wsh multisig'),
    'WITNESS_PROGRAM_MISMATCH',
    change((to) => to.witness.splice(-1, 1, script(OP.OP_1))),
  ],
  ['no witness', kind('p2wsh multisig'), 'WITNESS_PROGRAM_WITNESS_EMPTY', change((to) => to.witness.splice(0))],
  ['no witness of a key', kind('p2tr key'), 'WITNESS_PROGRAM_WITNESS_EMPTY', change((to) => to.witness.splice(0))],
  [
    'a scriptSig beside a witness',
    kind('p2wpkh'),
    'WITNESS_MALLEATED',
    change((to) => (to.scriptSig = script(OP.OP_1))),
  ],
  [
    'a wrapped program that is not alone',
    kind('p2sh-p2wpkh'),
    'WITNESS_MALLEATED_P2SH',
    change((to) => (to.scriptSig = concatBytes(script(OP.OP_1), to.scriptSig))),
  ],
  ['a long key behind a witness', longKeyHash, 'WITNESS_PUBKEYTYPE'],
  ['a hybrid key', hybrid, 'PUBKEYTYPE'],
  [
    'another preimage',
    kind('p2wsh contract by its preimage'),
    'EQUALVERIFY',
    change((to) => (to.witness[1] = new Uint8Array(32))),
  ],
  [
    'a condition that is not 1',
    kind('p2wsh contract by its preimage'),
    'MINIMALIF',
    change((to) => (to.witness[2] = Uint8Array.of(2))),
  ],
  [
    'a lock time that comes too early',
    kind('p2wsh height lock'),
    'UNSATISFIED_LOCKTIME',
    before((tx) => (tx.lockTime = LOCK_HEIGHT - 1)),
  ],
  [
    'a lock time that does not count',
    kind('p2sh height lock'),
    'UNSATISFIED_LOCKTIME',
    before((tx) => (tx.inputs[0]!.sequence = FINAL)),
  ],
  [
    'an age that is too young',
    kind('p2tr age lock'),
    'UNSATISFIED_LOCKTIME',
    before((tx) => (tx.inputs[0]!.sequence = LOCK_BLOCKS - 1)),
  ],
  ['a version without ages', kind('p2sh age lock'), 'UNSATISFIED_LOCKTIME', { version: 1 }],
  ['a negative lock time', plain(script(OP.OP_1NEGATE, OP.OP_CHECKLOCKTIMEVERIFY)), 'NEGATIVE_LOCKTIME'],
  ['a control block that is cut off', kind('p2tr hash lock'), 'TAPROOT_WRONG_CONTROL_SIZE', cut()],
  [
    'another internal key',
    kind('p2tr hash lock'),
    'WITNESS_PROGRAM_MISMATCH',
    change((to) => to.witness.splice(-1, 1, to.witness.at(-1)!.with(5, to.witness.at(-1)![5]! ^ 1))),
  ],
  ['a leaf of a version to come', leafOf(script(OP.OP_1), [], 0xc2), 'DISCOURAGE_UPGRADABLE_TAPROOT_VERSION'],
  ['a leaf with an opcode to come', leafOf(script(OP.OP_RESERVED)), 'DISCOURAGE_OP_SUCCESS'],
  [
    'a leaf with a key of a kind to come',
    leafOf(script(key(1), OP.OP_CHECKSIG), [TRUE]),
    'DISCOURAGE_UPGRADABLE_PUBKEYTYPE',
  ],
  ['a leaf with an empty key', leafOf(script(OP.OP_0, OP.OP_CHECKSIG), [TRUE]), 'TAPSCRIPT_EMPTY_PUBKEY'],
  ['a leaf with a multisig', leafOf(script(OP.OP_0, OP.OP_0, OP.OP_0, OP.OP_CHECKMULTISIG)), 'TAPSCRIPT_CHECKMULTISIG'],
  [
    'a leaf with a condition that is not 1',
    leafOf(script(OP.OP_IF, OP.OP_ENDIF, OP.OP_1), [Uint8Array.of(2)]),
    'TAPSCRIPT_MINIMALIF',
  ],
  [
    'a leaf that checks too much',
    tapscript([manyChecks], 0, (signer, leafHash) => [signer.taproot(privateKey(1), { leafHash })]),
    'TAPSCRIPT_VALIDATION_WEIGHT',
  ],
  ['a NOP that may get a meaning', plain(script(0xb9, OP.OP_1)), 'DISCOURAGE_UPGRADABLE_NOPS'],
  ['a separator before witnesses', plain(script(OP.OP_CODESEPARATOR, OP.OP_1)), 'OP_CODESEPARATOR'],
  ['an opcode that was taken away', plain(script(OP.OP_1, OP.OP_1, 0x7e)), 'DISABLED_OPCODE'],
  ['an opcode that there is not', plain(script(0xba)), 'BAD_OPCODE'],
  ['a condition without its end', plain(script(OP.OP_1, OP.OP_IF)), 'UNBALANCED_CONDITIONAL'],
  ['a stack that has nothing to give', plain(script(OP.OP_DROP)), 'INVALID_STACK_OPERATION'],
  ['an end in the middle', plainWitness(script(OP.OP_RETURN)), 'OP_RETURN'],
  ['what is to hold and does not', plainWitness(script(OP.OP_0, OP.OP_VERIFY)), 'VERIFY'],
  ['a number that is too long', plainWitness(script(OP.OP_ABS), [new Uint8Array(5).fill(1)]), 'SCRIPTNUM'],
  ['nothing that is true', plainWitness(script(OP.OP_0)), 'EVAL_FALSE'],
  ['more operations than go', plainWitness(new Uint8Array(202).fill(OP.OP_NOP)), 'OP_COUNT'],
])

/** What is wrong before any script runs. */
export const BROKEN_FORMS: readonly Broken[] = list([
  ['a witness where none belongs', kind('p2pkh'), witnessForm(), change((to) => (to.witness = [TRUE]))],
  ['an annex', kind('p2tr key'), witnessForm(), change((to) => to.witness.push(Uint8Array.of(0x50, 1)))],
  ['an empty control block', kind('p2tr hash lock'), witnessForm(), change((to) => to.witness.splice(-1, 1, NONE))],
  [
    'a long item in a leaf',
    kind('p2tr hash lock'),
    witnessForm(),
    change((to) => (to.witness[1] = new Uint8Array(81))),
  ],
  [
    'a long item',
    kind('p2wsh contract by its preimage'),
    witnessForm(),
    change((to) => (to.witness[1] = new Uint8Array(81))),
  ],
  ['a long witness script', plainWitness(longScript()), witnessForm()],
  ['a hundred and one items', plainWitness(script(OP.OP_1), Array(101).fill(TRUE)), witnessForm()],
  ['a witness program to come', bare(witnessScriptPubKey(2, new Uint8Array(32)), [TRUE]), inputForm()],
  ['taproot of a strange length', bare(witnessScriptPubKey(1, new Uint8Array(33)), [TRUE]), inputForm()],
  ['what anybody may spend', bare(script(OP.OP_1)), inputForm()],
  ['a bare script', bare(script(pushNumber(7), OP.OP_DROP)), inputForm()],
  [
    'sixteen signatures in a redeem script',
    plain(
      concatBytes(
        script(OP.OP_1, OP.OP_IF, OP.OP_1, OP.OP_ELSE),
        new Uint8Array(16).fill(OP.OP_CHECKSIG),
        script(OP.OP_ENDIF),
      ),
    ),
    inputForm(),
  ],
  [
    'a scriptSig that computes',
    kind('p2pkh'),
    { reason: 'scriptsig-not-pushonly' },
    change((to) => (to.scriptSig = concatBytes(to.scriptSig, script(OP.OP_NOP)))),
  ],
  [
    'a long scriptSig',
    kind('p2pk'),
    { reason: 'scriptsig-size' },
    change((to) => (to.scriptSig = concatBytes(new Uint8Array(1600).fill(OP.OP_1), to.scriptSig))),
  ],
  ['an output that anybody may spend', kind('p2wpkh'), { reason: 'scriptpubkey' }, output(script(OP.OP_1))],
  [
    'an output of four keys',
    kind('p2wpkh'),
    { reason: 'scriptpubkey' },
    output(
      multisig(
        1,
        [1, 2, 3, 4].map((n) => key(n)),
      ),
    ),
  ],
  [
    'an output of version 0 and 33 bytes',
    kind('p2wpkh'),
    { reason: 'scriptpubkey' },
    output(witnessScriptPubKey(0, new Uint8Array(33))),
  ],
  [
    'data with an opcode',
    kind('p2wpkh'),
    { reason: 'scriptpubkey' },
    output(concatBytes(opReturn(TRUE), script(OP.OP_NOP))),
  ],
  ['dust', kind('p2wpkh'), { reason: 'dust' }, { outputs: [{ value: 1n, scriptPubKey: p2wshOf(script(OP.OP_1)) }] }],
])

function witnessForm(): Broken['why'] {
  return { reason: 'bad-witness-nonstandard' }
}

function inputForm(): Broken['why'] {
  return { reason: 'bad-txns-nonstandard-inputs' }
}

function output(scriptPubKey: Uint8Array): Broken['plan'] {
  return { outputs: [{ value: 500_000n, scriptPubKey }] }
}

function cut(): Broken['plan'] {
  return change((to) => to.witness.splice(-1, 1, to.witness.at(-1)!.subarray(0, -1)))
}

/** Of 3,601 bytes; true whatever it is given. */
function longScript(): Uint8Array {
  const parts = Array.from({ length: 6 }, () => script(new Uint8Array(520), OP.OP_DROP))
  const code = concatBytes(...parts)
  return concatBytes(code, script(new Uint8Array(3601 - code.length - 5), OP.OP_DROP, OP.OP_1))
}
