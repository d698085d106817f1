import { expect, test } from 'vitest'
import { networks } from '../../src/chain/network.ts'
import { FakeLedger } from './fake-ledger.ts'
import { frontOver } from './front.ts'

const HASH = '000000000019d6689c085ae165831e934ff763ae46a2a6c172b3f1b60a8ce26f'
const TXID = '4a5e1e4baab89f3a32518a88c31bc87f618f76673e2cc77ab2127b7afdeda33b'
const SCRIPTHASH = '3318537dfb3135df9f3d950dbdf8a7ae68dd7c7dfef61ed17963ff80f3850474'
/** What the reference Esplora server prints for mainnet's first block and its transaction. */
const BLOCK = `{"id":"${HASH}","height":0,"version":1,"timestamp":1231006505,"tx_count":1,"size":285,"weight":1140,"merkle_root":"${TXID}","previousblockhash":null,"mediantime":1231006505,"nonce":2083236893,"bits":486604799,"difficulty":1.0}`
const TX = `{"txid":"${TXID}","version":1,"locktime":0,"vin":[{"txid":"0000000000000000000000000000000000000000000000000000000000000000","vout":4294967295,"prevout":null,"scriptsig":"04ffff001d0104455468652054696d65732030332f4a616e2f32303039204368616e63656c6c6f72206f6e206272696e6b206f66207365636f6e64206261696c6f757420666f722062616e6b73","scriptsig_asm":"OP_PUSHBYTES_4 ffff001d OP_PUSHBYTES_1 04 OP_PUSHBYTES_69 5468652054696d65732030332f4a616e2f32303039204368616e63656c6c6f72206f6e206272696e6b206f66207365636f6e64206261696c6f757420666f722062616e6b73","is_coinbase":true,"sequence":4294967295}],"vout":[{"scriptpubkey":"4104678afdb0fe5548271967f1a67130b7105cd6a828e03909a67962e0ea1f61deb649f6bc3f4cef38c4f35504e51ec112de5c384df7ba0b8d578a4c702b6bf11d5fac","scriptpubkey_asm":"OP_PUSHBYTES_65 04678afdb0fe5548271967f1a67130b7105cd6a828e03909a67962e0ea1f61deb649f6bc3f4cef38c4f35504e51ec112de5c384df7ba0b8d578a4c702b6bf11d5f OP_CHECKSIG","scriptpubkey_type":"p2pk","value":5000000000}],"size":204,"weight":816,"fee":0,"status":{"confirmed":true,"block_height":0,"block_hash":"${HASH}","block_time":1231006505}}`

const front = frontOver(networks.main, new FakeLedger([networks.main.genesis]))

test.each([
  ['/blocks/tip/height', '0'],
  ['/blocks/tip/hash', HASH],
  ['/block-height/0', HASH],
  [`/block/${HASH}`, BLOCK],
  ['/blocks', `[${BLOCK}]`],
  [`/block/${HASH}/txids`, `["${TXID}"]`],
  [`/block/${HASH}/txid/0`, TXID],
  [`/block/${HASH}/txs`, `[${TX}]`],
  [`/block/${HASH}/status`, '{"in_best_chain":true,"height":0,"next_best":null}'],
  [`/tx/${TXID}`, TX],
  [`/tx/${TXID}/status`, `{"confirmed":true,"block_height":0,"block_hash":"${HASH}","block_time":1231006505}`],
  [`/tx/${TXID}/merkle-proof`, '{"block_height":0,"merkle":[],"pos":0}'],
  [`/tx/${TXID}/outspends`, '[{"spent":false}]'],
  [
    `/scripthash/${SCRIPTHASH}`,
    `{"chain_stats":{"funded_txo_count":1,"funded_txo_sum":5000000000,"spent_txo_count":0,"spent_txo_sum":0,"tx_count":1},"mempool_stats":{"funded_txo_count":0,"funded_txo_sum":0,"spent_txo_count":0,"spent_txo_sum":0,"tx_count":0},"scripthash":"${SCRIPTHASH}"}`,
  ],
])('mainnet’s first block: %s', async (path, body) => {
  const response = await front.get(`/api${path}`)
  expect(response.status).toBe(200)
  expect(await response.text()).toBe(body)
})
