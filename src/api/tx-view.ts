import type { Network } from '../chain/network.ts'
import { transactionSigopCost } from '../chain/sigops.ts'
import type { MerkleProof, Outspend, Prevout, TxInfo, TxStatus } from '../ledger/queries.ts'
import { addressOf } from '../script/address.ts'
import { toAsm } from '../script/asm.ts'
import { innerScripts, SCRIPT_TYPES, type ScriptType, scriptType } from '../script/type.ts'
import { bytesToHex, type Hasher, nobleHasher, toDisplay } from '../wire/hash.ts'
import { isCoinbase, type ParsedTransaction, parseTransaction, type TxIn } from '../wire/transaction.ts'
import {
  always,
  component,
  count,
  either,
  FLAG,
  HASH,
  HEIGHT,
  HEX,
  list,
  object,
  orNull,
  SATOSHI,
  string,
  U32,
  UNIX_TIME,
  word,
} from './schema.ts'

export const STATUS = component(
  'Status',
  either(
    object({ confirmed: always(false) }),
    object({ confirmed: always(true), block_height: HEIGHT, block_hash: HASH, block_time: UNIX_TIME }),
  ),
)

export const VOUT = component(
  'Output',
  object({
    scriptpubkey: HEX,
    scriptpubkey_asm: string(),
    scriptpubkey_type: word(...SCRIPT_TYPES),
    'scriptpubkey_address?': string(),
    value: SATOSHI,
  }),
)

const VIN = component(
  'Input',
  object({
    txid: HASH,
    vout: U32,
    prevout: orNull(VOUT),
    scriptsig: HEX,
    scriptsig_asm: string(),
    'witness?': list(HEX),
    is_coinbase: FLAG,
    sequence: U32,
    'inner_redeemscript_asm?': string(),
    'inner_witnessscript_asm?': string(),
  }),
)

export const TX = component(
  'Transaction',
  object({
    txid: HASH,
    version: U32,
    locktime: U32,
    vin: list(VIN),
    vout: list(VOUT),
    size: count('Bytes, witness included.'),
    weight: count('Weight units.'),
    'sigops?': count('Cost of its signature operations, where this relay is set to tell it.'),
    fee: SATOSHI,
    status: STATUS,
  }),
)

export const OUTSPEND = component(
  'Outspend',
  either(object({ spent: always(false) }), object({ spent: always(true), txid: HASH, vin: U32, status: STATUS })),
)

export const MERKLE_PROOF = component(
  'MerkleProof',
  object({ block_height: HEIGHT, merkle: list(HASH), pos: count('Place in the block.') }),
)

/** Shapes of the Esplora contract. Fields stand in the order of the wire; hashes are display hex, amounts satoshi. */
export interface TxJson {
  txid: string
  /** The signed version of the wire, read as unsigned. */
  version: number
  locktime: number
  vin: VinJson[]
  vout: VoutJson[]
  /** Bytes, witness included. */
  size: number
  weight: number
  /** Only where a setting asks for it. */
  sigops?: number
  fee: number
  status: StatusJson
}

export interface VinJson {
  txid: string
  vout: number
  prevout: VoutJson | null
  scriptsig: string
  scriptsig_asm: string
  witness?: string[]
  is_coinbase: boolean
  sequence: number
  inner_redeemscript_asm?: string
  inner_witnessscript_asm?: string
}

export interface VoutJson {
  scriptpubkey: string
  scriptpubkey_asm: string
  scriptpubkey_type: ScriptType
  scriptpubkey_address?: string
  value: number
}

export type StatusJson =
  | { confirmed: false }
  | { confirmed: true; block_height: number; block_hash: string; block_time: number }

export type OutspendJson = { spent: false } | { spent: true; txid: string; vin: number; status: StatusJson }

/** `sigops`: with the cost of its signature operations, as mempool.space's server has it. */
export function txView(info: TxInfo, network: Network, { sigops = false }: { sigops?: boolean } = {}): TxJson {
  const { tx, size, weight } = parseNamed(info.raw)
  const coinbase = isCoinbase(tx)
  return {
    txid: toDisplay(info.txid),
    version: tx.version >>> 0,
    locktime: tx.lockTime,
    vin: tx.inputs.map((input, i) => vinView(input, info.prevouts[i], coinbase, network)),
    vout: tx.outputs.map((output) => voutView({ value: Number(output.value), script: output.scriptPubKey }, network)),
    size,
    weight,
    ...(sigops && {
      sigops: transactionSigopCost(
        tx,
        info.prevouts.map((prevout) => prevout?.script),
      ),
    }),
    fee: info.fee,
    status: statusView(info.status),
  }
}

/** Stands in where the ledger has named the transaction already: no need to hash it again. */
const NO_HASH: Hasher = { ...nobleHasher, sha256d: () => new Uint8Array(0) }

/** A transaction whose txid is known; the two hashes of the result are empty. */
export function parseNamed(raw: Uint8Array): ParsedTransaction {
  return parseTransaction(raw, NO_HASH)
}

function vinView(input: TxIn, prevout: Prevout | undefined, coinbase: boolean, network: Network): VinJson {
  const inner = prevout ? innerScripts(input.scriptSig, input.witness, prevout.script) : {}
  return {
    txid: toDisplay(input.prevout.hash),
    vout: input.prevout.index,
    prevout: prevout ? voutView(prevout, network) : null,
    scriptsig: bytesToHex(input.scriptSig),
    scriptsig_asm: toAsm(input.scriptSig),
    ...(input.witness.length > 0 && { witness: input.witness.map(bytesToHex) }),
    is_coinbase: coinbase,
    sequence: input.sequence,
    ...(inner.redeemScript && { inner_redeemscript_asm: toAsm(inner.redeemScript) }),
    ...(inner.witnessScript && { inner_witnessscript_asm: toAsm(inner.witnessScript) }),
  }
}

export function voutView({ value, script }: Prevout, network: Network): VoutJson {
  const address = addressOf(script, network.address)
  return {
    scriptpubkey: bytesToHex(script),
    scriptpubkey_asm: toAsm(script),
    scriptpubkey_type: scriptType(script),
    ...(address !== undefined && { scriptpubkey_address: address }),
    value,
  }
}

export function statusView(status: TxStatus): StatusJson {
  if (!status.confirmed) return { confirmed: false }
  return {
    confirmed: true,
    block_height: status.height,
    block_hash: toDisplay(status.hash),
    block_time: status.time,
  }
}

export function outspendView(outspend: Outspend): OutspendJson {
  if (!outspend.spent) return { spent: false }
  return {
    spent: true,
    txid: toDisplay(outspend.txid),
    vin: outspend.vin,
    status: statusView(outspend.status),
  }
}

export function merkleProofView(proof: MerkleProof) {
  return { block_height: proof.height, merkle: proof.branch.map(toDisplay), pos: proof.pos }
}

/** The height of what is confirmed; `undefined` otherwise. */
export function heightOf(status: TxStatus): number | undefined {
  return status.confirmed ? status.height : undefined
}
