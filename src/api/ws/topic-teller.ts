import { hashKey, toDisplay } from '../../wire/hash.ts'
import { type Happened, poolMoved } from './happened.ts'
import type { Outbox } from './outbox.ts'
import type { Overview } from './overview.ts'
import type { Session } from './session.ts'

/** Tells clients what they want of blocks, the mempool and its figures, and which txids come and go. */
export class TopicTeller {
  /** Of `mempool-txids`: a gap says that something was missed. */
  #sequence = 0

  tellNews(sessions: Iterable<Session>, news: Happened, overview: Overview | undefined, outbox: Outbox): void {
    const txids = this.#txidsJson(news)
    for (const session of sessions) {
      if (overview) tellTopics(session, news, overview, outbox)
      if (txids !== undefined && session.wantsTxids) outbox.put(session, 'mempool-txids', txids)
    }
  }

  /** `mined` are those that waited here; `removed` names what was replaced too. */
  #txidsJson(news: Happened): string | undefined {
    if (!poolMoved(news)) return undefined
    this.#sequence += news.isReset ? 2 : 1
    if (news.isReset) return undefined
    const removed = [...news.removed.values()]
    const left = (those: (why: string) => boolean) =>
      removed.filter(({ why }) => those(why)).map(({ txid }) => toDisplay(txid))
    return JSON.stringify({
      sequence: this.#sequence,
      added: [...news.added.values()].map(toDisplay),
      removed: left((why) => why !== 'mined'),
      mined: left((why) => why === 'mined'),
      replaced: removed.flatMap((removal) =>
        removal.why === 'replaced' ? [{ replaced: toDisplay(removal.txid), by: toDisplay(removal.by) }] : [],
      ),
    })
  }
}

/** Each block by itself where it only came on top, all of the latest where others had to go for it. */
function tellTopics(session: Session, news: Happened, { topics, blocks }: Overview, outbox: Outbox): void {
  const putAll = (fields: ReadonlyMap<string, string>) => {
    for (const [field, json] of fields) outbox.put(session, field, json)
  }
  if (session.topics.has('blocks')) {
    if (news.isReset || news.reverted) putAll(topics.blocks)
    else {
      const came = news.connected.flatMap((hash) => blocks.get(hashKey(hash)) ?? [])
      for (const json of came.slice(0, -1)) outbox.first(session, 'block', json)
      if (came.length > 0) outbox.put(session, 'block', came.at(-1)!)
    }
  }
  if (session.topics.has('mempool-blocks')) putAll(topics['mempool-blocks'])
  if (session.topics.has('stats')) putAll(topics.stats)
}
