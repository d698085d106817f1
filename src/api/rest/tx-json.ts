import type { AddressParams } from '../../script/address.ts'
import { toCoreAsm } from '../../script/core-asm.ts'
import { decode } from '../../wire/codec.ts'
import { bytesToHex, toDisplay } from '../../wire/hash.ts'
import { isCoinbase, type TxIn, transaction, witnessSize } from '../../wire/transaction.ts'
import { component, count, either, FLAG, HASH, HEIGHT, HEX, list, number, object, string, U32 } from '../schema.ts'
import { coinText } from './number-text.ts'
import { SCRIPT_PUB_KEY, scriptJson } from './script-json.ts'

export const COINS = component('Coins', number('An amount in coins, with 8 decimals.'))

const WITNESS = { 'txinwitness?': list(HEX) }
const VIN = either(
  object({ coinbase: HEX, ...WITNESS, sequence: U32 }),
  object({
    txid: HASH,
    vout: U32,
    scriptSig: object({ asm: string(), hex: HEX }),
    ...WITNESS,
    'prevout?': object({ generated: FLAG, height: HEIGHT, value: COINS, scriptPubKey: SCRIPT_PUB_KEY }),
    sequence: U32,
  }),
)

const FIELDS = {
  txid: HASH,
  hash: HASH,
  version: U32,
  size: count('Bytes, witness included.'),
  vsize: count('Virtual bytes.'),
  weight: count(),
  locktime: U32,
  vin: list(VIN),
  vout: list(object({ value: COINS, n: U32, scriptPubKey: SCRIPT_PUB_KEY })),
}

export const CORE_TX = component('CoreTransaction', object({ ...FIELDS, 'blockhash?': HASH, hex: HEX }))
export const CORE_BLOCK_TX = component('CoreBlockTransaction', object({ ...FIELDS, 'fee?': COINS, hex: HEX }))

/** What an input spends. */
export interface SpentOutput {
  value: number
  script: Uint8Array
  height: number
  /** A coinbase made it. */
  generated: boolean
}

/** A transaction as on the wire, with its names. */
export interface NamedTx {
  raw: Uint8Array
  /** Wire order. */
  txid: Uint8Array
  wtxid: Uint8Array
}

export interface TxContext {
  address: AddressParams
  /** The block that it is in, where that is to be said. */
  block?: Uint8Array
  /** What each input spends, where that is to be said; none for a coinbase. */
  spent?: readonly SpentOutput[]
}

/** A transaction as Bitcoin Core prints it. Nothing in it has to be escaped. */
export function txJson({ raw, txid, wtxid }: NamedTx, { address, block, spent }: TxContext): string {
  const tx = decode(transaction, raw)
  const coinbase = isCoinbase(tx)
  const weight = weightOf(raw, tx.inputs)
  const vin = tx.inputs.map((input, i) => (coinbase ? coinbaseJson(input) : inputJson(input, spent?.[i], address)))
  const vout = tx.outputs.map(
    ({ value, scriptPubKey }, n) =>
      `{"value":${coinText(Number(value))},"n":${n},"scriptPubKey":${scriptJson(scriptPubKey, address)}}`,
  )
  let fee = ''
  if (spent && !coinbase) {
    const paid = spent.reduce((sum, { value }) => sum + value, 0)
    fee = `"fee":${coinText(tx.outputs.reduce((left, { value }) => left - Number(value), paid))},`
  }
  return (
    `{"txid":"${toDisplay(txid)}","hash":"${toDisplay(wtxid)}","version":${tx.version >>> 0},"size":${raw.length},` +
    `"vsize":${Math.ceil(weight / 4)},"weight":${weight},"locktime":${tx.lockTime},` +
    `"vin":[${vin.join(',')}],"vout":[${vout.join(',')}],` +
    `${fee}${block ? `"blockhash":"${toDisplay(block)}",` : ''}"hex":"${bytesToHex(raw)}"}`
  )
}

/** Weight units (BIP 141). */
function weightOf(raw: Uint8Array, inputs: readonly TxIn[]): number {
  if (inputs.every(({ witness }) => witness.length === 0)) return 4 * raw.length
  let witnessBytes = 2 // marker and flag
  for (const { witness } of inputs) witnessBytes += witnessSize(witness)
  return 4 * raw.length - 3 * witnessBytes
}

function coinbaseJson({ scriptSig, witness, sequence }: TxIn): string {
  return `{"coinbase":"${bytesToHex(scriptSig)}",${witnessJson(witness)}"sequence":${sequence}}`
}

function inputJson(input: TxIn, spent: SpentOutput | undefined, address: AddressParams): string {
  const { prevout, scriptSig, witness, sequence } = input
  return (
    `{"txid":"${toDisplay(prevout.hash)}","vout":${prevout.index},` +
    `"scriptSig":{"asm":"${toCoreAsm(scriptSig, true)}","hex":"${bytesToHex(scriptSig)}"},` +
    `${witnessJson(witness)}${spent ? spentJson(spent, address) : ''}"sequence":${sequence}}`
  )
}

function witnessJson(witness: readonly Uint8Array[]): string {
  return witness.length === 0 ? '' : `"txinwitness":[${witness.map((item) => `"${bytesToHex(item)}"`).join(',')}],`
}

function spentJson({ generated, height, value, script }: SpentOutput, address: AddressParams): string {
  const scriptPubKey = scriptJson(script, address)
  return `"prevout":{"generated":${generated},"height":${height},"value":${coinText(value)},"scriptPubKey":${scriptPubKey}},`
}
