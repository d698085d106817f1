import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { type Network, networks } from '../../src/chain/network.ts'
import { blockScriptFlags } from '../../src/chain/script-flags.ts'
import { block } from '../../src/wire/block.ts'
import { decode } from '../../src/wire/codec.ts'
import { fromDisplay, hexToBytes } from '../../src/wire/hash.ts'
import type { Transaction, TxOut } from '../../src/wire/transaction.ts'
import { readShared, readSharedJson, sharedVectors } from '../shared.ts'

/** A block of the shared vectors with all that its inputs spend. */
export interface RealBlock {
  name: string
  height: number
  /** SCRIPT_FLAG bits that its scripts are under. */
  flags: number
  coinbase: Transaction
  /** All others, in block order. */
  spends: RealSpend[]
  inputs: number
  /** What the vectors say of it, in satoshi. */
  fees: number
  coinbaseValue: number
}

export interface RealSpend {
  tx: Transaction
  /** In input order. */
  spent: TxOut[]
}

interface PrevoutsFile {
  network: string
  height: number
  hash: string
  fees: number
  coinbase_value: number
  inputs: [value: number, scriptHex: string][][]
}

/** Blocks that come with their prevouts, such as `mainnet-24835`. */
export function realBlockNames(): string[] {
  const folder = join(sharedVectors()!, 'blocks/prevouts')
  return readdirSync(folder).map((file) => file.replace('.json.gz', ''))
}

export function realBlock(name: string): RealBlock {
  const facts = readSharedJson(`blocks/prevouts/${name}.json.gz`) as PrevoutsFile
  const [coinbase, ...others] = decode(block, readRawBlock(name)).transactions
  const spends = others.map((tx, i) => ({
    tx,
    spent: facts.inputs[i]!.map(([value, hex]) => ({ value: BigInt(value), scriptPubKey: hexToBytes(hex) })),
  }))
  return {
    name,
    height: facts.height,
    flags: blockScriptFlags(networkOf(facts.network), facts.height, fromDisplay(facts.hash)),
    coinbase: coinbase!,
    spends,
    inputs: facts.inputs.reduce((sum, { length }) => sum + length, 0),
    fees: facts.fees,
    coinbaseValue: facts.coinbase_value,
  }
}

function readRawBlock(name: string): Uint8Array {
  const files = readdirSync(join(sharedVectors()!, 'blocks'))
  return readShared(`blocks/${files.find((file) => file.startsWith(`${name}.bin`))!}`)
}

function networkOf(name: string): Network {
  return name === 'mainnet' ? networks.main : networks[name as keyof typeof networks]
}
