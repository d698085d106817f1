/**
 * Which rules a script is run under, as bits, by the names that Bitcoin Core gives them. Each takes something away that
 * would pass without it.
 */
export const SCRIPT_FLAG = {
  /** BIP 16: the script behind a P2SH output runs. */
  P2SH: 1 << 0,
  /** Signatures, hash types and public keys have one of their usual forms. */
  STRICTENC: 1 << 1,
  /** BIP 66: signatures are strict DER. */
  DERSIG: 1 << 2,
  /** The s of a signature is the lower of the two that would do. */
  LOW_S: 1 << 3,
  /** BIP 147: what CHECKMULTISIG takes off the stack beside its arguments is empty. */
  NULLDUMMY: 1 << 4,
  /** A scriptSig only pushes. */
  SIGPUSHONLY: 1 << 5,
  /** Pushes and numbers have their shortest form. */
  MINIMALDATA: 1 << 6,
  /** NOPs that a soft fork may give a meaning to are not executed. */
  DISCOURAGE_UPGRADABLE_NOPS: 1 << 7,
  /** Nothing but true is left on the stack. Only together with P2SH and WITNESS. */
  CLEANSTACK: 1 << 8,
  /** BIP 65. */
  CHECKLOCKTIMEVERIFY: 1 << 9,
  /** BIP 112. */
  CHECKSEQUENCEVERIFY: 1 << 10,
  /** BIPs 141 and 143. Only together with P2SH. */
  WITNESS: 1 << 11,
  DISCOURAGE_UPGRADABLE_WITNESS_PROGRAM: 1 << 12,
  /** In version 0 witness scripts the argument of IF and NOTIF is empty or 01; in tapscript it is in any case. */
  MINIMALIF: 1 << 13,
  /** A signature that does not verify is empty. */
  NULLFAIL: 1 << 14,
  /** Public keys of version 0 witness scripts are compressed. */
  WITNESS_PUBKEYTYPE: 1 << 15,
  /** Before segwit: no OP_CODESEPARATOR, and no signature in the script that it signs. */
  CONST_SCRIPTCODE: 1 << 16,
  /** BIPs 341 and 342. Only together with WITNESS. */
  TAPROOT: 1 << 17,
  DISCOURAGE_UPGRADABLE_TAPROOT_VERSION: 1 << 18,
  DISCOURAGE_OP_SUCCESS: 1 << 19,
  DISCOURAGE_UPGRADABLE_PUBKEYTYPE: 1 << 20,
} as const

export type ScriptFlagName = keyof typeof SCRIPT_FLAG

const FLAG = SCRIPT_FLAG

/** All that blocks have to keep to today. */
export const CONSENSUS_FLAGS =
  FLAG.P2SH |
  FLAG.DERSIG |
  FLAG.NULLDUMMY |
  FLAG.CHECKLOCKTIMEVERIFY |
  FLAG.CHECKSEQUENCEVERIFY |
  FLAG.WITNESS |
  FLAG.TAPROOT

/** What transactions have to keep to that are relayed: all of the above, and what may become a rule or is of no use to anybody. */
export const STANDARD_FLAGS =
  CONSENSUS_FLAGS |
  FLAG.STRICTENC |
  FLAG.LOW_S |
  FLAG.MINIMALDATA |
  FLAG.DISCOURAGE_UPGRADABLE_NOPS |
  FLAG.CLEANSTACK |
  FLAG.MINIMALIF |
  FLAG.NULLFAIL |
  FLAG.DISCOURAGE_UPGRADABLE_WITNESS_PROGRAM |
  FLAG.WITNESS_PUBKEYTYPE |
  FLAG.CONST_SCRIPTCODE |
  FLAG.DISCOURAGE_UPGRADABLE_TAPROOT_VERSION |
  FLAG.DISCOURAGE_OP_SUCCESS |
  FLAG.DISCOURAGE_UPGRADABLE_PUBKEYTYPE
