import { expect, test } from 'vitest'
import { blockPieces, blockTxidsJson } from '../../../src/api/rest/block-json.ts'
import { txJson } from '../../../src/api/rest/tx-json.ts'
import { digestBlock } from '../../../src/chain/digest.ts'
import { networks } from '../../../src/chain/network.ts'
import type { BlockDetail } from '../../../src/ledger/core-queries.ts'
import { concatBytes, fromDisplay, hexToBytes, sha256d } from '../../../src/wire/hash.ts'
import { parseTransaction } from '../../../src/wire/transaction.ts'
import { describeShared, readShared, readSharedJson } from '../../shared.ts'

// biome-ignore lint/suspicious/noExplicitAny: recorded answers
type Json = any

const { main, testnet3 } = networks

/** Our transaction, read back. */
function ours(hex: string, network = main, block?: string): Json {
  const raw = hexToBytes(hex)
  const { txid, wtxid } = parseTransaction(raw)
  const context = { address: network.address, ...(block !== undefined && { block: fromDisplay(block) }) }
  return JSON.parse(txJson({ raw, txid, wtxid }, context))
}

/** A block as the ledger gives it, with what a recorded answer knows of the chain around it. */
function detailOf(bytes: Uint8Array<ArrayBuffer>, recorded: Json): BlockDetail {
  const { txids, txStart, strippedSize, txCount, header, hash } = digestBlock(bytes)
  const raws = Array.from({ length: txCount }, (_, i) => bytes.subarray(txStart[i]!, txStart[i + 1]!))
  const { height, mediantime, chainwork, nextblockhash, confirmations } = recorded
  return {
    block: {
      hash,
      height,
      header,
      medianTime: mediantime,
      work: hexToBytes(chainwork),
      txCount,
      next: fromDisplay(nextblockhash),
    },
    tip: height + confirmations - 1,
    bytes,
    strippedSize,
    txStart,
    txids,
    wtxids: concatBytes(...raws.map(sha256d)),
  }
}

/** Field by field, and in the same order. */
function expectSame(given: Json, recorded: Json): void {
  expect(given).toEqual(recorded)
  expect(JSON.stringify(given)).toBe(JSON.stringify(recorded))
}

/** What Core of 2018 said of scripts that today's does not, taken out of both; `address` and `desc` came later. */
function asOf2018(tx: Json): Json {
  const vout = tx.vout.map(({ scriptPubKey, ...rest }: Json) => {
    const { reqSigs, addresses, address, desc, ...script } = scriptPubKey
    return { ...rest, scriptPubKey: { asm: script.asm, hex: script.hex, type: script.type } }
  })
  const { weight, confirmations, time, blocktime, ...others } = tx
  return { ...others, vout }
}

describeShared("Core's recorded answers", () => {
  test('getrawtransaction: all but what it says of the block', () => {
    const recorded: Json[] = readSharedJson('api/rpc-getrawtransaction.json')
    for (const { hex, blockhash, confirmations, time, blocktime, ...tx } of recorded) {
      // REST says of the block only its hash, and that before the bytes.
      const expected = { ...tx, ...(blockhash && { blockhash }), hex }
      expectSame(ours(hex, testnet3, blockhash), expected)
    }
    expect(recorded).toHaveLength(2)
  })

  test.each(['decode-tt-delin1-out', 'decode-tt-locktime317000-out'])('%s', (name) => {
    const recorded = readSharedJson(`api/${name}.json`)
    expectSame(ours(recorded.hex), recorded)
  })

  test('getblock of 2026, verbosity 1', () => {
    const recorded = readSharedJson('api/rpc-getblock-951658.json.gz')
    const detail = detailOf(readShared('blocks/mainnet-951658.bin.gz'), recorded)
    expectSame(JSON.parse(blockTxidsJson(detail)), recorded)
    // With transactions everything else is the same; the recording has only their names.
    const whole = JSON.parse([...blockPieces(detail, main.address)].join(''))
    expectSame({ ...whole, tx: whole.tx.map(({ txid }: Json) => txid) }, recorded)
  })

  test('getblock and getrawtransaction of 2018, verbosity 2', () => {
    for (const { call, result } of readSharedJson('api/rpc-early-blocks.json') as Json[]) {
      if (call === 'getrawtransaction') {
        const { hex, blockhash, ...tx } = asOf2018(result)
        expect(asOf2018(ours(hex, main, blockhash))).toEqual({ ...tx, blockhash, hex })
        continue
      }
      const bytes = rebuilt(result)
      const { target, coinbase_tx, tx, ...block } = JSON.parse(
        [...blockPieces(detailOf(bytes, result), main.address)].join(''),
      )
      const { tx: recordedTx, ...recorded } = result
      expect(block).toEqual(recorded)
      expect(tx.map(asOf2018)).toEqual(recordedTx.map(asOf2018))
    }
  })
})

/** The raw block of an answer that has its transactions in hex; early ones have fewer than 253. */
function rebuilt({ version, previousblockhash, merkleroot, time, bits, nonce, tx }: Json): Uint8Array<ArrayBuffer> {
  const header = new Uint8Array(80)
  const view = new DataView(header.buffer)
  view.setInt32(0, version, true)
  if (previousblockhash) header.set(fromDisplay(previousblockhash), 4)
  header.set(fromDisplay(merkleroot), 36)
  view.setUint32(68, time, true)
  view.setUint32(72, Number.parseInt(bits, 16), true)
  view.setUint32(76, nonce, true)
  return concatBytes(header, Uint8Array.of(tx.length), ...tx.map(({ hex }: Json) => hexToBytes(hex)))
}
