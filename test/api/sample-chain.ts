import { merkleRoot } from '../../src/chain/merkle.ts'
import { networks } from '../../src/chain/network.ts'
import {
  multisig,
  opReturn,
  P2A,
  p2pk,
  p2pkh,
  p2sh,
  p2shOf,
  p2tr,
  p2wpkh,
  p2wsh,
  p2wshOf,
  push,
  pushNumber,
  witnessScriptPubKey,
} from '../../src/script/build.ts'
import { type Block, block as blockCodec } from '../../src/wire/block.ts'
import { decode, encode } from '../../src/wire/codec.ts'
import { concatBytes } from '../../src/wire/hash.ts'
import { blockHash } from '../../src/wire/header.ts'
import { type Transaction, transaction, txid } from '../../src/wire/transaction.ts'
import { FakeLedger } from './fake-ledger.ts'

export const network = networks.regtest
const COIN = 100_000_000
/** What a hostile miner and a hostile payer write. */
export const HOSTILE = '<script>alert("mined")</script>'
export const HOSTILE_DATA = '<img src=x onerror=alert(1)> & "quotes"'
/** Unix seconds of the sample chain's tip, and of whoever looks at it. */
export const TIP_TIME = 1_795_356_186
export const NOW = TIP_TIME + 372

const bytes = (length: number, value: number) => new Uint8Array(length).fill(value)
const utf8 = (text: string) => new TextEncoder().encode(text)

/** A key that is a key by its form alone. */
const KEY = concatBytes(Uint8Array.of(2), bytes(32, 0x11))
const MULTISIG = multisig(1, [KEY, concatBytes(Uint8Array.of(3), bytes(32, 0x22))])

/** One output script of every kind there is a name for, and some there is none for. */
export const SCRIPTS = {
  p2pk: p2pk(KEY),
  p2pkh: p2pkh(bytes(20, 1)),
  p2sh: p2sh(bytes(20, 2)),
  p2shMultisig: p2shOf(MULTISIG),
  p2wpkh: p2wpkh(bytes(20, 3)),
  p2wsh: p2wsh(bytes(32, 4)),
  p2wshMultisig: p2wshOf(MULTISIG),
  p2tr: p2tr(bytes(32, 5)),
  anchor: P2A,
  future: witnessScriptPubKey(7, bytes(30, 6)),
  multisig: MULTISIG,
  empty: new Uint8Array(0),
  data: opReturn(utf8(HOSTILE_DATA)),
}
export const MINER = p2wpkh(bytes(20, 0xe7))

interface Spend {
  tx: Transaction
  vout: number
  scriptSig?: Uint8Array
  witness?: Uint8Array[]
  sequence?: number
}

export function makeTx(spends: Spend[], outputs: [value: number, script: Uint8Array][], lockTime = 0): Transaction {
  return {
    version: 2,
    inputs: spends.map(({ tx, vout, scriptSig, witness, sequence }) => ({
      prevout: { hash: txid(tx), index: vout },
      scriptSig: scriptSig ?? new Uint8Array(0),
      sequence: sequence ?? 0xffff_fffd,
      witness: witness ?? [bytes(71, 0x30), KEY],
    })),
    outputs: outputs.map(([value, scriptPubKey]) => ({ value: BigInt(value), scriptPubKey })),
    lockTime,
  }
}

/** Blocks that look right to whoever does not check them: there is no work in them. */
export class ChainBuilder {
  readonly blocks: Uint8Array<ArrayBuffer>[] = [network.genesis]
  readonly coinbases: Transaction[] = decode(blockCodec, network.genesis).transactions.slice()

  mine(txs: Transaction[], time: number, says = ''): Transaction {
    const height = this.blocks.length
    const coinbase: Transaction = {
      version: 1,
      inputs: [
        {
          prevout: { hash: bytes(32, 0), index: 0xffff_ffff },
          scriptSig: concatBytes(pushNumber(height), push(utf8(says || `block ${height}`))),
          sequence: 0xffff_ffff,
          witness: [bytes(32, 0)],
        },
      ],
      outputs: [
        { value: BigInt(50 * COIN), scriptPubKey: MINER },
        { value: 0n, scriptPubKey: opReturn(concatBytes(Uint8Array.of(0xaa, 0x21, 0xa9, 0xed), bytes(32, 9))) },
      ],
      lockTime: 0,
    }
    const transactions = [coinbase, ...txs]
    const made: Block = {
      header: {
        version: 0x2000_0000,
        prevBlock: blockHash(this.blocks.at(-1)!.slice(0, 80)),
        merkleRoot: merkleRoot(concatBytes(...transactions.map((tx) => txid(tx)))).root,
        time,
        bits: 0x207f_ffff,
        nonce: height,
      },
      transactions,
    }
    this.blocks.push(encode(blockCodec, made))
    this.coinbases.push(coinbase)
    return coinbase
  }
}

export interface Sample {
  ledger: FakeLedger
  /** Pays one output of every kind of script. */
  everyKind: Transaction
  /** Spends two of them by revealing scripts. */
  revealing: Transaction
  /** 300 outputs, and the transaction that spends them all. */
  wide: Transaction
  sweeping: Transaction
  /** Waits, and is spent by another that waits. */
  waiting: Transaction
  /** The raw block at a height that the chain may not have yet; the first new one holds `waiting`. */
  next: (block: number) => Uint8Array<ArrayBuffer>
}

/** A regtest chain of 31 blocks and a mempool with something of everything that a page or an answer may show. */
export async function sampleChain(): Promise<Sample> {
  const chain = new ChainBuilder()
  const HEIGHTS = 30
  const timeAt = (height: number) => TIP_TIME - (HEIGHTS - height) * 600
  for (let height = 1; height <= 12; height++) chain.mine([], timeAt(height))

  const kinds = Object.values(SCRIPTS)
  const everyKind = makeTx(
    [{ tx: chain.coinbases[1]!, vout: 0 }],
    kinds.map((script, i) => [script === SCRIPTS.data ? 0 : 3 * COIN + i * 111, script]),
  )
  chain.mine([everyKind], timeAt(13))
  const at = (script: Uint8Array) => kinds.indexOf(script)
  const revealing = makeTx(
    [
      {
        tx: everyKind,
        vout: at(SCRIPTS.p2shMultisig),
        scriptSig: concatBytes(Uint8Array.of(0), push(bytes(71, 0x30)), push(MULTISIG)),
        witness: [],
      },
      { tx: everyKind, vout: at(SCRIPTS.p2wshMultisig), witness: [new Uint8Array(0), bytes(71, 0x30), MULTISIG] },
    ],
    [[5 * COIN, SCRIPTS.p2wpkh]],
    13,
  )
  chain.mine([revealing], timeAt(14), HOSTILE)
  const wide = makeTx(
    [{ tx: chain.coinbases[2]!, vout: 0 }],
    Array.from({ length: 300 }, (_, i) => [10_000_000 + i, p2tr(bytes(32, i % 200))]),
  )
  chain.mine([wide], timeAt(15))
  const sweeping = makeTx(
    wide.outputs.map((_, vout) => ({ tx: wide, vout })),
    Array.from({ length: 40 }, (_, i) => [70_000_000, p2tr(bytes(32, i))]),
  )
  chain.mine([sweeping], timeAt(16))
  const many = Array.from({ length: 59 }, (_, i) =>
    makeTx([{ tx: sweeping, vout: i % 40 }], [[60_000_000 - i, SCRIPTS.p2wpkh]], i),
  )
  chain.mine(many, timeAt(17))
  for (let height = 18; height <= HEIGHTS; height++)
    chain.mine([], timeAt(height), height === HEIGHTS ? '/Pool & Söhne/' : '')

  let seconds = NOW - 65
  const ledger = new FakeLedger(chain.blocks, () => seconds)
  const waiting = makeTx(
    [{ tx: chain.coinbases[3]!, vout: 0 }],
    [
      [132_415_260, SCRIPTS.p2wpkh],
      [4_867_580_000, SCRIPTS.p2tr],
    ],
  )
  const child = makeTx([{ tx: waiting, vout: 1 }], [[4_867_400_000, SCRIPTS.p2pkh]])
  for (const [i, tx] of [
    waiting,
    child,
    ...Array.from({ length: 10 }, (_, i) =>
      makeTx([{ tx: chain.coinbases[4 + i]!, vout: 0 }], [[50 * COIN - 150 - 400 * i * i, SCRIPTS.p2wpkh]]),
    ),
  ].entries()) {
    seconds = NOW - 65 + 5 * i
    await ledger.broadcast(encode(transaction, tx))
  }
  const next = (block: number) => {
    while (chain.blocks.length <= block) {
      const height = chain.blocks.length
      chain.mine(height === HEIGHTS + 1 ? [waiting] : [], timeAt(height))
    }
    return chain.blocks[block]!
  }
  return { ledger, everyKind, revealing, wide, sweeping, waiting, next }
}
