import { expect, test } from 'vitest'
import { type Block, block } from '../../src/wire/block.ts'
import { decode, encode } from '../../src/wire/codec.ts'
import { equalBytes, hexToBytes, toDisplay } from '../../src/wire/hash.ts'
import { blockHash, HEADER_SIZE } from '../../src/wire/header.ts'
import { hasWitness, parseTransaction, transaction, txid, wtxid } from '../../src/wire/transaction.ts'
import { describeShared, readDat, readShared, readSharedJson } from '../shared.ts'

interface Facts {
  file: string
  hash: string
  prev_hash: string
  merkle_root: string
  version: number
  time: number
  bits: string
  nonce: number
  size: number
  weight: number
  tx_count: number
  segwit_txs: number
}

/** Parses a block, checks that it is written back as the same bytes, and returns it. */
function sameBytes(bytes: Uint8Array): Block {
  const parsed = decode(block, bytes)
  expect(equalBytes(encode(block, parsed), bytes)).toBe(true)
  return parsed
}

function hashHex(bytes: Uint8Array): string {
  return toDisplay(blockHash(bytes.subarray(0, HEADER_SIZE)))
}

describeShared('real blocks parse and are written as the same bytes', () => {
  test.each<Facts>(readSharedJson('blocks/blocks.json'))('$file', (facts) => {
    const bytes = readShared(facts.file)
    const { header, transactions } = sameBytes(bytes)
    expect({
      hash: hashHex(bytes),
      prev_hash: toDisplay(header.prevBlock),
      merkle_root: toDisplay(header.merkleRoot),
      version: header.version,
      time: header.time,
      bits: header.bits.toString(16).padStart(8, '0'),
      nonce: header.nonce,
      size: bytes.length,
      tx_count: transactions.length,
      segwit_txs: transactions.filter(hasWitness).length,
    }).toEqual({
      hash: facts.hash,
      prev_hash: facts.prev_hash,
      merkle_root: facts.merkle_root,
      version: facts.version,
      time: facts.time,
      bits: facts.bits,
      nonce: facts.nonce,
      size: facts.size,
      tx_count: facts.tx_count,
      segwit_txs: facts.segwit_txs,
    })
    const weights = transactions.map((tx) => parseTransaction(encode(transaction, tx)).weight)
    const countSize = transactions.length < 0xfd ? 1 : 3
    expect(weights.reduce((sum, weight) => sum + weight, 4 * (HEADER_SIZE + countSize))).toBe(facts.weight)
  })

  test.each([
    ['mainnet-0-599.dat', 600, '0000000042844571bc6bce8e1c0fbec99466971eaff89fef8c0d123582181d4d'],
    ['regtest-1-206.dat', 206, '3de082158b117acd088306c395d09771bb7cbf0b7355796c1b1e0bd748ef9bed'],
    ['mainnet-alt-1-2016.dat.gz', 2016, '000000000c806553811fd3e6c40bc9c279db53643da7d3b401a9882c074c24b2'],
  ])('%s, each linked to the one before', (file, count, lastHex) => {
    const blocks = readDat(`blocks/${file}`)
    expect(blocks.length).toBe(count)
    let previousHex: string | undefined
    for (const bytes of blocks) {
      const { header } = sameBytes(bytes)
      if (previousHex !== undefined) expect(toDisplay(header.prevBlock)).toBe(previousHex)
      previousHex = hashHex(bytes)
    }
    expect(previousHex).toBe(lastHex)
  })

  test('two branches of regtest', () => {
    const branches: string[][] = Object.values(readSharedJson('blocks/regtest-reorg.json')).filter(Array.isArray)
    expect(branches.length).toBeGreaterThan(1)
    for (const hex of branches.flat()) sameBytes(hexToBytes(hex))
  })
})

describeShared('names of transactions in a real block', () => {
  test('are the same from objects and from bytes', () => {
    const { transactions } = sameBytes(readShared('blocks/mainnet-757739.bin'))
    for (const tx of transactions) {
      const parsed = parseTransaction(encode(transaction, tx))
      expect(toDisplay(parsed.txid)).toBe(toDisplay(txid(tx)))
      expect(toDisplay(parsed.wtxid)).toBe(toDisplay(wtxid(tx)))
    }
  })
})
