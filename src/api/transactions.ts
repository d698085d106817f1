import { buildPartialMerkle } from '../chain/partial-merkle.ts'
import { encode } from '../wire/codec.ts'
import { bytesToHex, toDisplay } from '../wire/hash.ts'
import { merkleblock } from '../wire/merkleblock.ts'
import { json, octets, SHORT, text, ttlByDepth } from './answer.ts'
import type { ApiDeps } from './deps.ts'
import { fail } from './errors.ts'
import { parseHash, parseU32 } from './params.ts'
import type { Route } from './route.ts'
import { heightOf, outspendView, statusView, txView } from './tx-view.ts'

export function txRoutes({ queries, status, network }: ApiDeps): Route[] {
  const txOf = async (txidHex: string) => (await queries.tx(parseHash(txidHex))) ?? fail('tx-unknown')
  const proofOf = async (txid: Uint8Array) => (await queries.merkleProof(txid)) ?? fail('tx-unproved')
  const ttl = async (height: number | undefined) => ttlByDepth(await status.tipHeight(), height)
  return [
    [
      'GET',
      '/tx/:txid',
      async ({ params }) => {
        const tx = await txOf(params.txid)
        return json(txView(tx, network), await ttl(heightOf(tx.status)))
      },
    ],
    [
      'GET',
      '/tx/:txid/hex',
      async ({ params }) => {
        const tx = await txOf(params.txid)
        return text(bytesToHex(tx.raw), await ttl(heightOf(tx.status)))
      },
    ],
    [
      'GET',
      '/tx/:txid/raw',
      async ({ params }) => {
        const tx = await txOf(params.txid)
        return octets(tx.raw, await ttl(heightOf(tx.status)))
      },
    ],
    [
      'GET',
      '/tx/:txid/status',
      async ({ params }) => {
        const found = await queries.txStatus(parseHash(params.txid))
        return json(statusView(found), await ttl(heightOf(found)))
      },
    ],
    [
      'GET',
      '/tx/:txid/merkle-proof',
      async ({ params }) => {
        const proof = await proofOf(parseHash(params.txid))
        const view = { block_height: proof.height, merkle: proof.branch.map(toDisplay), pos: proof.pos }
        return json(view, await ttl(proof.height))
      },
    ],
    [
      'GET',
      '/tx/:txid/merkleblock-proof',
      async ({ params }) => {
        const { hash, height, pos } = await proofOf(parseHash(params.txid))
        // Should a reorg fall between the questions, the proof is of a block that is gone.
        const { header } = (await queries.block(hash)) ?? fail('tx-unproved')
        const txids = (await queries.blockTxids(hash)) ?? fail('tx-unproved')
        const tree = buildPartialMerkle(txids, new Set([pos]))
        const bytes = encode(merkleblock, { command: 'merkleblock', header, ...tree })
        return text(bytesToHex(bytes), await ttl(height))
      },
    ],
    [
      'GET',
      '/tx/:txid/outspend/:vout',
      async ({ params }) => {
        const txid = parseHash(params.txid)
        const vout = parseU32(params.vout)
        // Unknown transactions and outputs count as unspent: clients rely on the 200.
        const outspend = (await queries.outspends(txid))?.[vout] ?? { spent: false }
        return json(outspendView(outspend), await ttl(outspend.spent ? heightOf(outspend.status) : undefined))
      },
    ],
    [
      'GET',
      '/tx/:txid/outspends',
      async ({ params }) => {
        const outspends = (await queries.outspends(parseHash(params.txid))) ?? fail('tx-unknown')
        return json(outspends.map(outspendView), SHORT)
      },
    ],
  ]
}
