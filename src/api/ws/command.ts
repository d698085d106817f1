import type { Network } from '../../chain/network.ts'
import { parseAddress } from '../../script/address.ts'
import { p2pk } from '../../script/build.ts'
import { hexToBytes } from '../../wire/hash.ts'
import { readHash } from '../params.ts'

/** What may be wanted; the rest of what clients of mempool.space name is passed over, as it is there. */
export const TOPICS = ['blocks', 'mempool-blocks', 'stats'] as const
export type Topic = (typeof TOPICS)[number]

/** Transactions that one `track-txs` may name. */
export const MAX_TRACKED_TXS = 100

/** Scripts by the name that the client knows them by. */
export type NamedScripts = ReadonlyMap<string, Uint8Array>

/** How a client hears of its scripts: of one address, of several, or of scripts. */
export type TrackKind = 'address' | 'addresses' | 'scriptpubkeys'

export type Command =
  | { do: 'init' }
  | { do: 'ping' }
  | { do: 'want'; topics: ReadonlySet<Topic> }
  | { do: 'refresh-blocks' }
  /** `undefined` ends it. `watch`: the client has looked the transaction up and it was not there. */
  | { do: 'track-tx'; txid: Uint8Array | undefined; watch: boolean }
  | { do: 'track-txs'; txids: Uint8Array[] }
  | { do: 'track-scripts'; kind: TrackKind; scripts: NamedScripts }
  /** More than may be tracked; what was tracked before is not any more. */
  | { do: 'too-many'; kind: 'txs' | Exclude<TrackKind, 'address'> }
  | { do: 'track-mempool-txids'; on: boolean }

/**
 * What a message of a client says, in the order in which it is done; `undefined` for what is not JSON, or nothing in it.
 * One message may say several things. Whatever nobody knows is passed over, and names that are none end a tracking.
 * `maxScripts`: how many one list may name.
 */
export function readCommands(text: string, network: Network, maxScripts: number): Command[] | undefined {
  let said: unknown
  try {
    said = JSON.parse(text)
  } catch {
    return undefined
  }
  if (said === null) return undefined
  if (typeof said !== 'object' || Array.isArray(said)) return []
  return [...commandsOf(said as Record<string, unknown>, network, maxScripts)]
}

function* commandsOf(said: Record<string, unknown>, network: Network, maxScripts: number): Generator<Command> {
  const ofAddress = (address: string) => scriptOfAddress(address, network)
  if (said.action === 'want' && Array.isArray(said.data)) {
    const named = new Set(said.data)
    yield { do: 'want', topics: new Set(TOPICS.filter((topic) => named.has(topic))) }
  }
  if (said['refresh-blocks']) yield { do: 'refresh-blocks' }
  if (said['track-tx']) {
    yield { do: 'track-tx', txid: txidOf(said['track-tx']), watch: Boolean(said['watch-mempool']) }
  }
  if (said['track-txs']) yield trackTxs(said['track-txs'])
  if (said['track-address']) {
    yield { do: 'track-scripts', kind: 'address', scripts: named([said['track-address']], ofAddress) }
  }
  yield* trackScripts(said['track-addresses'], 'addresses', ofAddress, maxScripts)
  yield* trackScripts(said['track-scriptpubkeys'], 'scriptpubkeys', scriptOfHex, maxScripts)
  if (typeof said['track-mempool-txids'] === 'boolean') {
    yield { do: 'track-mempool-txids', on: said['track-mempool-txids'] }
  }
  if (said.action === 'init') yield { do: 'init' }
  if (said.action === 'ping') yield { do: 'ping' }
}

function trackTxs(names: unknown): Command {
  if (!Array.isArray(names)) return { do: 'track-txs', txids: [] }
  if (names.length > MAX_TRACKED_TXS) return { do: 'too-many', kind: 'txs' }
  return { do: 'track-txs', txids: names.flatMap((name) => txidOf(name) ?? []) }
}

/** A list that names too many is not even read: that would be work for nothing. */
function* trackScripts(
  names: unknown,
  kind: Exclude<TrackKind, 'address'>,
  scriptOf: (name: string) => Uint8Array | undefined,
  maxScripts: number,
): Generator<Command> {
  if (!Array.isArray(names)) return
  if (names.length > maxScripts) yield { do: 'too-many', kind }
  else yield { do: 'track-scripts', kind, scripts: named(names, scriptOf) }
}

function txidOf(name: unknown): Uint8Array | undefined {
  return typeof name === 'string' ? readHash(name) : undefined
}

function named(names: readonly unknown[], scriptOf: (name: string) => Uint8Array | undefined): NamedScripts {
  const scripts = new Map<string, Uint8Array>()
  for (const name of names) {
    const script = typeof name === 'string' && scriptOf(name)
    if (script) scripts.set(name as string, script)
  }
  return scripts
}

/** What an address of this network pays to; a public key in hex stands for the output that names it. */
function scriptOfAddress(address: string, network: Network): Uint8Array | undefined {
  if (/^(04[0-9a-fA-F]{128}|0[23][0-9a-fA-F]{64})$/.test(address)) return p2pk(hexToBytes(address))
  const parsed = parseAddress(address, network.address)
  return parsed.kind === 'ok' ? parsed.script : undefined
}

function scriptOfHex(hex: string): Uint8Array | undefined {
  return /^([0-9a-fA-F]{2})+$/.test(hex) ? hexToBytes(hex) : undefined
}
