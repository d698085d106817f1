import type { ApiErrorCode } from './errors.ts'
import type { Param } from './route.ts'
import { string } from './schema.ts'
import { SOCKET_PATH } from './ws/path.ts'

/** An address that answers with more than one answer; it is no route, but stands in the document. */
export interface Stream {
  path: string
  about: string
  query: Readonly<Record<string, Param>>
  /** 101 goes over to a WebSocket. */
  status: 200 | 101
  /** Media type of a stream by HTTP. */
  type?: string
  fails: readonly ApiErrorCode[]
}

export const STREAMS: readonly Stream[] = [
  {
    path: '/events',
    about:
      'Blocks, transactions and reorganisations as server-sent events. Each has an id; a client that comes back with the last one that it had, as browsers do by themselves, gets what it missed.',
    query: {
      types: {
        about:
          'Types of events that are wanted, of `block`, `reorg`, `tx` and `removed` (what left the mempool, and why), with commas between them; all but the last unless given.',
        schema: string('^[a-z]+(,[a-z]+)*$'),
        example: 'block,reorg',
      },
      lastEventId: {
        about: 'The last id that a client had, where it cannot send the header `Last-Event-ID`.',
        schema: string(),
      },
    },
    status: 200,
    type: 'text/event-stream',
    fails: ['event-type-unknown', 'too-many-listeners'],
  },
  {
    path: SOCKET_PATH,
    about:
      'The WebSocket of mempool.space, JSON both ways: init, want (blocks, mempool-blocks, stats), ping, refresh-blocks, track-tx, track-txs, track-address, track-addresses, track-scriptpubkeys, track-mempool-txids.',
    query: {},
    status: 101,
    fails: ['upgrade-required'],
  },
]
