import type { Millis } from '../../host/ports.ts'
import type { Changes, TxInfo } from '../../ledger/queries.ts'
import { CHANGES_AT_ONCE } from '../live-feed.ts'
import { txView } from '../tx-view.ts'
import { type Command, MAX_TRACKED_TXS, readCommands } from './command.ts'
import { chainMoved, type Happened, happened, poolMoved } from './happened.ts'
import { both, type Found, type Need, noNeed } from './need.ts'
import { Outbox } from './outbox.ts'
import { type About, type Overview, overviewOf } from './overview.ts'
import { ScriptTeller } from './script-teller.ts'
import { Session } from './session.ts'
import { TopicTeller } from './topic-teller.ts'
import { TxTeller } from './tx-teller.ts'
import { Watch } from './watch.ts'

export type SocketOutput =
  /** Ask the ledger what happened since, `CHANGES_AT_ONCE` at most; the answer comes back through `changed` or `failed`. */
  | { do: 'ask-changes'; cursor: string | undefined }
  /** Ask for all of this; the answer comes back through `found` or `failed`. */
  | { do: 'ask'; need: Need }
  | { do: 'send'; to: number; text: string }
  /** A client that is let go, which is a client no more. */
  | { do: 'close'; to: number; code: number; reason: string }

export interface SocketLimits {
  sessions: number
  /** Scripts that one client may follow in one way, and all clients together. */
  scripts: number
  scriptsTogether: number
  pollEveryMs: Millis
  /** How old may be what a newcomer is told of how things are. */
  overviewAgeMs: Millis
}

export const SOCKET_LIMITS: SocketLimits = {
  sessions: 2000,
  scripts: 100,
  // A block is looked through for each of them: a second of work.
  scriptsTogether: 20_000,
  pollEveryMs: 1000,
  overviewAgeMs: 1000,
}

/** Close codes of RFC 6455. */
export const SocketClose = {
  GOING_AWAY: 1001,
  NOT_JSON: 1007,
  POLICY: 1008,
  TOO_LARGE: 1009,
  FAULT: 1011,
  TRY_LATER: 1013,
} as const

/** A client that waits for an answer, and which of the transactions and scripts that it follows are new to it. */
interface Asker {
  session: Session
  txs: string[]
  scripts: string[]
}

type State =
  | { at: 'idle' }
  | { at: 'waiting'; until: Millis }
  | { at: 'asking-changes' }
  | { at: 'asking'; askers: Asker[]; news: Happened | undefined }

/**
 * The protocol of mempool.space's WebSocket, for all clients at once: one look at the ledger's changes serves them all,
 * and there is none while nobody follows anything. What a change costs is bounded by the change and by how many different
 * transactions and scripts are followed, not by the clients. One question is asked at a time; what clients ask for in the
 * meantime goes with the next. After a failure the same changes are looked at again.
 */
export class SocketFeed {
  readonly #about: About
  readonly #limits: SocketLimits
  readonly #sessions = new Map<number, Session>()
  /** Those of them to which something that happens may be of interest. */
  readonly #followers = new Set<Session>()
  readonly #watch = new Watch()
  readonly #topics = new TopicTeller()
  readonly #txs: TxTeller
  readonly #scripts: ScriptTeller
  #nextId = 1
  #state: State = { at: 'idle' }
  #cursor: string | undefined
  /** When the changes are to be looked at again. */
  #lookAt: Millis = 0
  /** Nothing is asked earlier: the ledger did not answer. */
  #notBefore: Millis = 0
  /** Clients for which the next question is to ask. */
  readonly #asking = new Set<Session>()
  #overview: { of: Overview; at: Millis } | undefined

  constructor(about: About, limits: SocketLimits = SOCKET_LIMITS) {
    this.#about = about
    this.#limits = limits
    const jsonOf = (tx: TxInfo) => JSON.stringify(txView(tx, about.network, about.settings))
    this.#txs = new TxTeller(this.#watch, jsonOf)
    this.#scripts = new ScriptTeller(this.#watch, jsonOf)
  }

  get sessions(): number {
    return this.#sessions.size
  }

  /** How many different things are followed. */
  get watched(): { scripts: number; txs: number } {
    return { scripts: this.#watch.scripts.size, txs: this.#watch.txs.size }
  }

  /** When `wake` wants to be called. */
  get deadline(): Millis {
    return this.#state.at === 'waiting' ? this.#state.until : Number.POSITIVE_INFINITY
  }

  /** `undefined` when there are as many clients as there may be. */
  open(): number | undefined {
    if (this.#sessions.size >= this.#limits.sessions) return undefined
    const session = new Session(this.#nextId++)
    this.#sessions.set(session.id, session)
    return session.id
  }

  closed(id: number): void {
    const session = this.#sessions.get(id)
    if (!session) return
    this.#sessions.delete(id)
    this.#followers.delete(session)
    this.#asking.delete(session)
    this.#watch.forget(session)
    if (this.#state.at === 'waiting' && this.#followers.size + this.#asking.size === 0) this.#rest()
  }

  /** A client says something; from one that is let go nothing more is heard. */
  message(id: number, text: string, now: Millis): SocketOutput[] {
    const session = this.#sessions.get(id)
    if (!session) return []
    if (!session.mayAsk(now)) return this.#letGo(session, SocketClose.POLICY, 'too many messages')
    const commands = readCommands(text, this.#about.network, this.#limits.scripts)
    if (!commands) return this.#letGo(session, SocketClose.NOT_JSON, 'not JSON')
    const outbox = new Outbox()
    for (const command of commands) this.#obey(session, command, outbox)
    if (this.#isFresh(session, now)) this.#payDebts(session, outbox)
    if (session.follows) this.#followers.add(session)
    else this.#followers.delete(session)
    if (session.asks) this.#asking.add(session)
    else this.#asking.delete(session)
    return [...send(outbox), ...(this.#isBusy() ? [] : this.#next(now))]
  }

  wake(now: Millis): SocketOutput[] {
    return this.#state.at === 'waiting' && now >= this.#state.until ? this.#next(now) : []
  }

  changed(changes: Changes, now: Millis): SocketOutput[] {
    if (this.#state.at !== 'asking-changes') throw new Error('changes without a question')
    // A slice that is as large as it may be is not all.
    this.#lookAt = changes.changes.length < CHANGES_AT_ONCE / 2 ? now + this.#limits.pollEveryMs : now
    const news = this.#cursor === undefined ? undefined : happened(changes)
    if (news && (chainMoved(news) || poolMoved(news))) return this.#ask(news)
    this.#cursor = changes.cursor
    return this.#next(now)
  }

  found(found: Found, now: Millis): SocketOutput[] {
    if (this.#state.at !== 'asking') throw new Error('answers without a question')
    const { askers, news } = this.#state
    const outbox = new Outbox()
    if (found.overview) this.#overview = { of: overviewOf(found.overview, this.#about, now), at: now }
    else if (news) this.#overview = undefined
    if (news) {
      this.#cursor = news.cursor
      this.#topics.tellNews(this.#sessions.values(), news, this.#overview?.of, outbox)
      this.#txs.tellNews(news, found, outbox)
      this.#scripts.tellNews(news, found, outbox)
    }
    for (const { session, txs } of askers) {
      for (const key of txs) this.#txs.tellFresh(session, key, found, outbox)
    }
    this.#scripts.remember(found.mempoolOf)
    if (found.overview) for (const session of this.#sessions.values()) this.#payDebts(session, outbox)
    return [...send(outbox), ...this.#next(now)]
  }

  /** The ledger did not answer. */
  failed(now: Millis): SocketOutput[] {
    if (this.#state.at === 'asking') {
      // News will be looked at again, for the cursor is where it was.
      for (const { session, txs, scripts } of this.#state.askers) this.#askAgain(session, txs, scripts)
    }
    this.#state = { at: 'idle' }
    this.#notBefore = now + this.#limits.pollEveryMs
    this.#lookAt = now
    return this.#next(now)
  }

  #obey(session: Session, command: Command, outbox: Outbox): void {
    switch (command.do) {
      case 'ping':
        outbox.put(session, 'pong', 'true')
        break
      case 'init':
        session.owed.add('init')
        break
      case 'refresh-blocks':
        session.owed.add('blocks')
        break
      case 'want':
        for (const topic of command.topics) if (!session.topics.has(topic)) session.owed.add(topic)
        session.topics = command.topics
        break
      case 'track-tx':
        session.waitsForTx = command.txid !== undefined && command.watch
        this.#watch.followTx(session, command.txid)
        break
      case 'track-txs':
        this.#watch.followTxs(session, command.txids)
        break
      case 'track-scripts': {
        const { kind, scripts } = command
        const others = this.#watch.scripts.size - session.scripts[kind].size
        if (others + scripts.size > this.#limits.scriptsTogether) this.#tooMany(session, kind, outbox)
        else this.#watch.followScripts(session, kind, scripts)
        break
      }
      case 'track-mempool-txids':
        session.wantsTxids = command.on
        break
      case 'too-many':
        this.#tooMany(session, command.kind, outbox)
    }
  }

  #tooMany(session: Session, kind: 'txs' | keyof Session['scripts'], outbox: Outbox): void {
    const most = kind === 'txs' ? MAX_TRACKED_TXS : this.#limits.scripts
    const what = kind === 'txs' ? 'transactions' : kind === 'scriptpubkeys' ? kind : 'addresses'
    if (kind === 'txs') this.#watch.followTxs(session, [])
    else this.#watch.followScripts(session, kind, new Map())
    const text = `too many ${what} requested, this connection supports tracking a maximum of ${most} ${what}`
    outbox.put(session, `track-${kind}-error`, JSON.stringify(text))
  }

  #askAgain(session: Session, txs: readonly string[], scripts: readonly string[]): void {
    if (!this.#sessions.has(session.id)) return
    for (const key of txs) if (this.#watch.txs.get(key)?.followers.has(session)) session.freshTxs.add(key)
    for (const key of scripts) if (this.#watch.scripts.has(key)) session.freshScripts.add(key)
    if (session.asks) this.#asking.add(session)
  }

  #needOf(askers: readonly Asker[]): Need {
    const need = noNeed()
    for (const { session, txs, scripts } of askers) {
      need.overview ||= session.owed.size > 0
      need.mempoolOf.push(...scripts.map((key) => this.#watch.scripts.get(key)!.scripthash))
      for (const key of txs) {
        const { txid } = this.#watch.txs.get(key)!
        need.whereabouts.push(txid)
        // What it wants to know of one that is not there.
        if (session.waitsForTx && session.tx === key) need.txs.push(txid)
        if (session.waitsForTx || session.txs.has(key)) need.replacements.push(txid)
      }
    }
    return need
  }

  #needFor(news: Happened): Need {
    const need = noNeed()
    need.overview = [...this.#sessions.values()].some(({ topics }) => topics.size > 0)
    for (const [key, { txid, where }] of this.#watch.txs) {
      // The rest has not moved, as far as news can tell.
      if (chainMoved(news) || where === 'mempool' || news.came.has(key)) need.whereabouts.push(txid)
    }
    if (this.#watch.txs.size + this.#watch.scripts.size > 0) need.txs.push(...news.came.values())
    for (const [key, { txid, why }] of news.left) {
      if (why === 'replaced' && this.#watch.txs.has(key)) need.replacements.push(txid)
    }
    if (news.isReset) {
      need.txs.push(...this.#scripts.waiting)
      for (const { scripthash } of this.#watch.scripts.values()) need.mempoolOf.push(scripthash)
    }
    need.blocks.push(...news.connected)
    if (news.connected.length > 0) {
      for (const { scripthash } of this.#watch.scripts.values()) need.inBlocksOf.push(scripthash)
    }
    return need
  }

  /** Gives a client what it was to be told of how things are. */
  #payDebts(session: Session, outbox: Outbox): void {
    const { init, topics } = this.#overview!.of
    for (const owed of session.owed) {
      for (const [field, json] of owed === 'init' ? init : topics[owed]) outbox.put(session, field, json)
    }
    session.owed.clear()
  }

  /** Whether the overview is new enough for a client: what has happened since, one that follows must hear by news. */
  #isFresh(session: Session, now: Millis): boolean {
    if (!this.#overview || now - this.#overview.at > this.#limits.overviewAgeMs) return false
    return this.#cursor !== undefined || !session.follows
  }

  #isBusy(): boolean {
    return this.#state.at === 'asking-changes' || this.#state.at === 'asking'
  }

  /** What is to be done when nothing is being asked. */
  #next(now: Millis): SocketOutput[] {
    const isFollowed = this.#followers.size > 0
    const isAsked = this.#asking.size > 0
    if (!isFollowed && !isAsked) return this.#rest()
    const until = isAsked ? this.#notBefore : Math.max(this.#lookAt, this.#notBefore)
    if (now < until) {
      this.#state = { at: 'waiting', until }
      return []
    }
    // Who begins to follow gets its place in the changes before it is told how things are, so that nothing is between.
    if (isFollowed && (this.#cursor === undefined || now >= this.#lookAt)) return this.#look()
    return this.#ask(undefined)
  }

  #look(): SocketOutput[] {
    this.#state = { at: 'asking-changes' }
    return [{ do: 'ask-changes', cursor: this.#cursor }]
  }

  /** Asks for what clients ask for and what the news takes. */
  #ask(news: Happened | undefined): SocketOutput[] {
    const askers = [...this.#asking].map((session) => ({
      session,
      txs: [...session.freshTxs],
      scripts: [...session.freshScripts],
    }))
    for (const { session } of askers) {
      session.freshTxs.clear()
      session.freshScripts.clear()
    }
    this.#asking.clear()
    this.#state = { at: 'asking', askers, news }
    const need = this.#needOf(askers)
    return [{ do: 'ask', need: news ? both(need, this.#needFor(news)) : need }]
  }

  #rest(): SocketOutput[] {
    this.#state = { at: 'idle' }
    this.#cursor = undefined
    this.#scripts.forget()
    return []
  }

  #letGo(session: Session, code: number, reason: string): SocketOutput[] {
    this.closed(session.id)
    return [{ do: 'close', to: session.id, code, reason }]
  }
}

function send(outbox: Outbox): SocketOutput[] {
  return [...outbox.messages()].map(([to, text]) => ({ do: 'send', to, text }))
}
