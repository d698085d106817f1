import { buildPartialMerkle } from '../chain/partial-merkle.ts'
import { encode } from '../wire/codec.ts'
import { bytesToHex } from '../wire/hash.ts'
import { merkleblock } from '../wire/merkleblock.ts'
import { json, octets, text } from './answer.ts'
import { BY_DEPTH, SHORTLY } from './cache-rule.ts'
import type { ApiDeps } from './deps.ts'
import { fail } from './errors.ts'
import { indexParam, parseHash, parseU32, TXID } from './params.ts'
import { get, inBytes, inJson, inText, type Route, tagged } from './route.ts'
import { HEX, list, string } from './schema.ts'
import {
  heightOf,
  MERKLE_PROOF,
  merkleProofView,
  OUTSPEND,
  outspendView,
  STATUS,
  statusView,
  TX,
  txView,
} from './tx-view.ts'

/** Transactions that one question about spends may name. */
const OUTSPENDS_TXS = 50

export function txRoutes({ queries, network, settings }: ApiDeps): Route[] {
  const txOf = async (txidHex: string) => (await queries.tx(parseHash(txidHex))) ?? fail('tx-unknown')
  const proofOf = async (txid: Uint8Array) => (await queries.merkleProof(txid)) ?? fail('tx-unproved')
  return tagged('Transactions', [
    get('/tx/:txid', {
      about: 'A transaction, mined or waiting, with what it spends.',
      params: { txid: TXID },
      gives: inJson(TX),
      fails: ['bad-hex', 'tx-unknown'],
      keep: BY_DEPTH,
      answer: async ({ params }) => {
        const tx = await txOf(params.txid)
        return json(txView(tx, network, settings), { height: heightOf(tx.status) })
      },
    }),
    get('/tx/:txid/hex', {
      about: 'Its bytes in hex.',
      params: { txid: TXID },
      gives: inText(HEX),
      fails: ['bad-hex', 'tx-unknown'],
      keep: BY_DEPTH,
      answer: async ({ params }) => {
        const tx = await txOf(params.txid)
        return text(bytesToHex(tx.raw), { height: heightOf(tx.status) })
      },
    }),
    get('/tx/:txid/raw', {
      about: 'Its bytes.',
      params: { txid: TXID },
      gives: inBytes(),
      fails: ['bad-hex', 'tx-unknown'],
      keep: BY_DEPTH,
      answer: async ({ params }) => {
        const tx = await txOf(params.txid)
        return octets(tx.raw, { height: heightOf(tx.status) })
      },
    }),
    get('/tx/:txid/status', {
      about: 'Whether and where it is mined; an unknown one is not.',
      params: { txid: TXID },
      gives: inJson(STATUS),
      fails: ['bad-hex'],
      keep: BY_DEPTH,
      answer: async ({ params }) => {
        const found = await queries.txStatus(parseHash(params.txid))
        return json(statusView(found), { height: heightOf(found) })
      },
    }),
    get('/tx/:txid/merkle-proof', {
      about: 'Proof that its block holds it, as Electrum has it.',
      params: { txid: TXID },
      gives: inJson(MERKLE_PROOF),
      fails: ['bad-hex', 'tx-unproved'],
      keep: BY_DEPTH,
      answer: async ({ params }) => {
        const proof = await proofOf(parseHash(params.txid))
        return json(merkleProofView(proof), { height: proof.height })
      },
    }),
    get('/tx/:txid/merkleblock-proof', {
      about: 'The same as a merkleblock message, in hex (BIP37).',
      params: { txid: TXID },
      gives: inText(HEX),
      fails: ['bad-hex', 'tx-unproved'],
      keep: BY_DEPTH,
      answer: async ({ params }) => {
        const { hash, height, pos } = await proofOf(parseHash(params.txid))
        // Should a reorg fall between the questions, the proof is of a block that is gone.
        const { header } = (await queries.block(hash)) ?? fail('tx-unproved')
        const txids = (await queries.blockTxids(hash)) ?? fail('tx-unproved')
        const tree = buildPartialMerkle(txids, new Set([pos]))
        const bytes = encode(merkleblock, { command: 'merkleblock', header, ...tree })
        return text(bytesToHex(bytes), { height })
      },
    }),
    get('/tx/:txid/outspend/:vout', {
      about: 'What spends an output, if anything; unknown transactions and outputs count as unspent.',
      params: { txid: TXID, vout: indexParam('Index of the output.') },
      gives: inJson(OUTSPEND),
      fails: ['bad-hex', 'bad-number'],
      keep: BY_DEPTH,
      answer: async ({ params }) => {
        const txid = parseHash(params.txid)
        const vout = parseU32(params.vout)
        // Clients rely on the 200.
        const outspend = (await queries.outspends(txid))?.[vout] ?? { spent: false }
        return json(outspendView(outspend), { height: outspend.spent ? heightOf(outspend.status) : undefined })
      },
    }),
    get('/tx/:txid/outspends', {
      about: 'The same for each of its outputs, in order.',
      params: { txid: TXID },
      gives: inJson(list(OUTSPEND)),
      fails: ['bad-hex', 'tx-unknown'],
      keep: SHORTLY,
      answer: async ({ params }) => {
        const outspends = (await queries.outspends(parseHash(params.txid))) ?? fail('tx-unknown')
        return json(outspends.map(outspendView))
      },
    }),
    get('/txs/outspends', {
      about: `The same for up to ${OUTSPENDS_TXS} transactions, in the order asked for; an unknown one has none.`,
      query: {
        txids: {
          about: 'Txids with commas between them.',
          schema: string('^[0-9a-fA-F]{64}(,[0-9a-fA-F]{64})*$'),
          required: true,
          example: '{txid}',
        },
      },
      gives: inJson(list(list(OUTSPEND), OUTSPENDS_TXS)),
      fails: ['no-txids', 'too-many-txids', 'bad-hex'],
      keep: SHORTLY,
      answer: async ({ query }) => {
        const named = query.get('txids')?.split(',') ?? fail('no-txids')
        if (named.length > OUTSPENDS_TXS) fail('too-many-txids')
        const all = []
        for (const txid of named.map(parseHash)) all.push(((await queries.outspends(txid)) ?? []).map(outspendView))
        return json(all)
      },
    }),
  ])
}
