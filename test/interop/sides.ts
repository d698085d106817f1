import { expect } from 'vitest'
import { bytesToHex } from '../../src/wire/hash.ts'
import { type PollOptions, pollFor } from '../poll.ts'
import { Program } from '../program.ts'
import { Litecoind, type NodeProgram } from './litecoind.ts'

/** Ours or theirs. */
export type Side = Program | Litecoind

/** A relay of ours as its API shows it, on whichever shell. */
export type Explorer = Pick<Program, 'text' | 'json' | 'bytes'>

/** A relay of the node's network that dials these; without any it waits to be dialled. */
export async function startRelay({ network }: NodeProgram, ...connect: Side[]): Promise<Program> {
  return Program.start(['relay', '--network', network, ...connect.flatMap((to) => ['--connect', addressOf(to)])])
}

/** `host:port` for P2P. */
export function addressOf(side: Side): string {
  return side instanceof Program ? side.p2p : side.address
}

/** Display hex of the best block. */
export function tipOf(side: Explorer | Litecoind): Promise<string> {
  return side instanceof Litecoind ? side.rpc('getbestblockhash') : side.text('/api/blocks/tip/hash')
}

export async function heightOf(side: Explorer | Litecoind): Promise<number> {
  return side instanceof Litecoind ? side.rpc('getblockcount') : Number(await side.text('/api/blocks/tip/height'))
}

/** Until the best block is this one, given as display hex or as the best one of another side. */
export async function waitForTip(
  side: Explorer | Litecoind,
  wanted: string | Explorer | Litecoind,
  options?: PollOptions,
): Promise<void> {
  const hashHex = typeof wanted === 'string' ? wanted : await tipOf(wanted)
  await pollFor('the tip is the wanted block', () => tipOf(side), hashHex, options)
}

/** Takes a node off the network, until `setnetworkactive` brings it back; nothing that comes later reaches it. */
export async function disconnect(node: Litecoind): Promise<void> {
  await node.rpc('setnetworkactive', [false])
  await pollFor('it has no connections', () => node.rpc<number>('getconnectioncount'), 0)
}

/** Display hex of all unconfirmed transactions, sorted. */
export async function mempoolOf(side: Explorer | Litecoind): Promise<string[]> {
  const txids =
    side instanceof Litecoind ? side.rpc<string[]>('getrawmempool') : side.json<string[]>('/api/mempool/txids')
  return (await txids).sort()
}

export async function waitForTx(side: Explorer | Litecoind, txidHex: string, options?: PollOptions): Promise<void> {
  await pollFor(`${txidHex} is in the mempool`, async () => (await mempoolOf(side)).includes(txidHex), true, options)
}

/** Blocks and headers are the same to the byte at these heights. */
export async function expectSameBlocks(relay: Explorer, node: Litecoind, heights: Iterable<number>): Promise<void> {
  for (const height of heights) {
    const hashHex = await node.rpc<string>('getblockhash', [height])
    expect(await relay.text(`/api/block-height/${height}`)).toBe(hashHex)
    expect(bytesToHex(await relay.bytes(`/api/block/${hashHex}/raw`))).toBe(await node.rpc('getblock', [hashHex, 0]))
    expect(await relay.text(`/api/block/${hashHex}/header`)).toBe(await node.rpc('getblockheader', [hashHex, false]))
  }
}

/** A node's log line about a peer that did wrong, or that it could not understand. */
const COMPLAINT = /Misbehaving|Exception '|CHECKSUM ERROR|Header error|Unknown command|Unparseable/

/** Nobody did anything that the other holds against it. */
export function expectNoComplaints(...sides: Side[]): void {
  for (const side of sides) {
    if (side instanceof Program) expect(side.log.filter(({ level }) => level >= WARN)).toEqual([])
    else
      expect(
        side
          .debugLog()
          .split('\n')
          .filter((line) => COMPLAINT.test(line)),
      ).toEqual([])
  }
}

/** pino's number for `warn`. */
const WARN = 40

/** Ends all that were started; those that were not are `undefined`. */
export async function removeAll(...sides: (Side | undefined)[]): Promise<void> {
  await Promise.all(sides.map((side) => (side instanceof Program ? side.remove() : side?.stop())))
}
