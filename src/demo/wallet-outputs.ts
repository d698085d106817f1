import { createHmac } from 'node:crypto'
import { multisig, P2A, p2pk, p2pkh, p2shOf, p2tr, p2wpkh, p2wshOf, push, script } from '../script/build.ts'
import { OP } from '../script/opcodes.ts'
import { isPrivateKey, publicKeyOf, xOnlyKeyOf } from '../script/sign.ts'
import { taprootOutput, tweakPrivateKey } from '../script/taproot.ts'
import { hash160 } from '../wire/hash.ts'

/** Every standard kind of output that takes a key to spend. Multisigs are bare 1-of-2, P2SH and P2WSH 2-of-3, wrapped P2WSH 2-of-2. */
export const keyedKinds = [
  'p2pk',
  'p2pkh',
  'multisig',
  'p2sh',
  'p2sh-p2wpkh',
  'p2sh-p2wsh',
  'p2wpkh',
  'p2wsh',
  'p2tr',
  'p2tr-script',
] as const
export type KeyedKind = (typeof keyedKinds)[number]
export type WalletKind = KeyedKind | 'p2a'

/** What unlocks an output. */
export interface Unlocking {
  scriptSig: Uint8Array
  witness: Uint8Array[]
}

/** Signs one input, each way with the private key to use; signatures come with their hash type. */
export interface InputSigner {
  legacy(scriptCode: Uint8Array, privateKey: Uint8Array): Uint8Array
  witnessV0(scriptCode: Uint8Array, privateKey: Uint8Array): Uint8Array
  /** With the tweaked key. */
  taprootKey(privateKey: Uint8Array): Uint8Array
  taprootLeaf(leafHash: Uint8Array, privateKey: Uint8Array): Uint8Array
}

/** An output of the wallet's: what it is paid to and how it is spent. */
export interface OwnScript {
  kind: WalletKind
  index: number
  script: Uint8Array
  unlock(signer: InputSigner): Unlocking
}

/** Not keyed to anybody, so every wallet makes the same. */
export const anchor: OwnScript = {
  kind: 'p2a',
  index: 0,
  script: P2A,
  unlock: () => ({ scriptSig: new Uint8Array(), witness: [] }),
}

/** Script number `index` of a kind. The same seed always gives the same scripts. */
export function ownScript(seed: Uint8Array, kind: KeyedKind, index: number): OwnScript {
  const privateKey = (n: number) => derivePrivateKey(seed, `${kind}/${index}/${n}`)
  return { kind, index, ...makers[kind](privateKey) }
}

/**
 * The private key at a path: HMAC-SHA256 of the path under the seed, tried again with another ending in the case, never
 * seen, that it is no key. All keys are hardened, as BIP32 would say: one that leaks tells nothing about another.
 */
export function derivePrivateKey(seed: Uint8Array, path: string): Uint8Array {
  for (let attempt = 0; ; attempt++) {
    const key = new Uint8Array(createHmac('sha256', seed).update(`causeway/${path}/${attempt}`).digest())
    if (isPrivateKey(key)) return key
  }
}

type Maker = (privateKey: (n: number) => Uint8Array) => Pick<OwnScript, 'script' | 'unlock'>

const NO_SCRIPT = new Uint8Array()

const makers: Record<KeyedKind, Maker> = {
  p2pk(privateKey) {
    const key = privateKey(0)
    const output = p2pk(publicKeyOf(key))
    return {
      script: output,
      unlock: (signer) => ({ scriptSig: push(signer.legacy(output, key)), witness: [] }),
    }
  },

  p2pkh(privateKey) {
    const key = privateKey(0)
    const publicKey = publicKeyOf(key)
    const output = p2pkh(hash160(publicKey))
    return {
      script: output,
      unlock: (signer) => ({ scriptSig: script(signer.legacy(output, key), publicKey), witness: [] }),
    }
  },

  multisig(privateKey) {
    const keys = [privateKey(0), privateKey(1)]
    const output = multisig(
      1,
      keys.map((key) => publicKeyOf(key)),
    )
    // The second key signs: the first is not always at hand.
    return {
      script: output,
      unlock: (signer) => ({ scriptSig: script(OP.OP_0, signer.legacy(output, keys[1]!)), witness: [] }),
    }
  },

  p2sh(privateKey) {
    const keys = [privateKey(0), privateKey(1), privateKey(2)]
    const redeemScript = multisig(
      2,
      keys.map((key) => publicKeyOf(key)),
    )
    return {
      script: p2shOf(redeemScript),
      unlock(signer) {
        const signatures = [keys[0]!, keys[2]!].map((key) => signer.legacy(redeemScript, key))
        return { scriptSig: script(OP.OP_0, ...signatures, redeemScript), witness: [] }
      },
    }
  },

  'p2sh-p2wpkh'(privateKey) {
    const { script: program, unlock } = makers.p2wpkh(privateKey)
    return wrapped(program, unlock)
  },

  'p2sh-p2wsh'(privateKey) {
    const keys = [privateKey(0), privateKey(1)]
    const { script: program, unlock } = witnessMultisig(2, keys, keys)
    return wrapped(program, unlock)
  },

  p2wpkh(privateKey) {
    const key = privateKey(0)
    const publicKey = publicKeyOf(key)
    const hash = hash160(publicKey)
    const scriptCode = p2pkh(hash)
    return {
      script: p2wpkh(hash),
      unlock: (signer) => ({ scriptSig: NO_SCRIPT, witness: [signer.witnessV0(scriptCode, key), publicKey] }),
    }
  },

  p2wsh(privateKey) {
    const keys = [privateKey(0), privateKey(1), privateKey(2)]
    return witnessMultisig(2, keys, [keys[1]!, keys[2]!])
  },

  p2tr(privateKey) {
    const key = privateKey(0)
    return {
      script: p2tr(taprootOutput(xOnlyKeyOf(key)).outputKey),
      unlock: (signer) => ({ scriptSig: NO_SCRIPT, witness: [signer.taprootKey(tweakPrivateKey(key))] }),
    }
  },

  /** Two leaves, one key or two keys together; spent by the second. */
  'p2tr-script'(privateKey) {
    const [internal, first, second] = [privateKey(0), privateKey(1), privateKey(2)]
    const firstKey = xOnlyKeyOf(first)
    const single = script(firstKey, OP.OP_CHECKSIG)
    const both = script(firstKey, OP.OP_CHECKSIG, xOnlyKeyOf(second), OP.OP_CHECKSIGADD, OP.OP_2, OP.OP_NUMEQUAL)
    const output = taprootOutput(xOnlyKeyOf(internal), [{ script: single }, { script: both }])
    const leaf = output.leaves[1]!
    return {
      script: p2tr(output.outputKey),
      unlock(signer) {
        // The script takes the last key's signature from deepest in the stack.
        const signatures = [second, first].map((key) => signer.taprootLeaf(leaf.hash, key))
        return { scriptSig: NO_SCRIPT, witness: [...signatures, leaf.script, leaf.controlBlock] }
      },
    }
  },
}

/** P2WSH of a multisig over `keys`, unlocked by `signing`, which stand in the same order. */
function witnessMultisig(required: number, keys: Uint8Array[], signing: Uint8Array[]): ReturnType<Maker> {
  const witnessScript = multisig(
    required,
    keys.map((key) => publicKeyOf(key)),
  )
  return {
    script: p2wshOf(witnessScript),
    unlock(signer) {
      const signatures = signing.map((key) => signer.witnessV0(witnessScript, key))
      return { scriptSig: NO_SCRIPT, witness: [NO_SCRIPT, ...signatures, witnessScript] }
    },
  }
}

/** The P2SH form of a witness program. */
function wrapped(program: Uint8Array, unlock: OwnScript['unlock']): ReturnType<Maker> {
  const scriptSig = script(program)
  return { script: p2shOf(program), unlock: (signer) => ({ ...unlock(signer), scriptSig }) }
}
