import type { QueuePosition, Whereabouts } from '../../ledger/live-questions.ts'
import { hashKey, sha256 } from '../../wire/hash.ts'
import type { NamedScripts, TrackKind } from './command.ts'
import type { Session } from './session.ts'

/** Who follows a script, and by which name. */
export interface Follower {
  session: Session
  kind: TrackKind
  name: string
}

export interface WatchedScript {
  scripthash: Uint8Array
  followers: Set<Follower>
}

export interface WatchedTx {
  txid: Uint8Array
  followers: Set<Session>
  /** As last told; `undefined` before it was looked for. */
  where: Whereabouts['at'] | undefined
  position: QueuePosition | undefined
  /** The block, by key, that its confirmation was last told with. */
  toldIn: string | undefined
}

/** What all sessions together follow, found by hash: so what a change costs does not grow with the sessions. */
export class Watch {
  /** By scripthash. */
  readonly scripts = new Map<string, WatchedScript>()
  /** By txid. */
  readonly txs = new Map<string, WatchedTx>()

  /** In place of what the session followed in this way. */
  followScripts(session: Session, kind: TrackKind, scripts: NamedScripts): void {
    for (const script of session.scripts[kind].values()) this.#leaveScript(session, kind, hashKey(sha256(script)))
    session.scripts[kind] = scripts
    for (const [name, script] of scripts) {
      const scripthash = sha256(script)
      const key = hashKey(scripthash)
      const watched = this.scripts.get(key) ?? { scripthash, followers: new Set() }
      watched.followers.add({ session, kind, name })
      this.scripts.set(key, watched)
      session.freshScripts.add(key)
    }
  }

  followTx(session: Session, txid: Uint8Array | undefined): void {
    const before = session.tx
    session.tx = txid && hashKey(txid)
    if (before !== undefined) this.#leaveTx(session, before)
    if (txid) this.#joinTx(session, txid)
  }

  followTxs(session: Session, txids: readonly Uint8Array[]): void {
    const before = session.txs
    session.txs = new Set(txids.map(hashKey))
    for (const key of before) this.#leaveTx(session, key)
    for (const txid of txids) this.#joinTx(session, txid)
  }

  forget(session: Session): void {
    for (const kind of Object.keys(session.scripts) as TrackKind[]) this.followScripts(session, kind, new Map())
    this.followTx(session, undefined)
    this.followTxs(session, [])
  }

  #joinTx(session: Session, txid: Uint8Array): void {
    const key = hashKey(txid)
    const watched = this.txs.get(key) ?? {
      txid,
      followers: new Set(),
      where: undefined,
      position: undefined,
      toldIn: undefined,
    }
    watched.followers.add(session)
    this.txs.set(key, watched)
    session.freshTxs.add(key)
  }

  #leaveTx(session: Session, key: string): void {
    const watched = this.txs.get(key)
    if (!watched || session.tx === key || session.txs.has(key)) return
    session.freshTxs.delete(key)
    watched.followers.delete(session)
    if (watched.followers.size === 0) this.txs.delete(key)
  }

  #leaveScript(session: Session, kind: TrackKind, key: string): void {
    const watched = this.scripts.get(key)
    if (!watched) return
    session.freshScripts.delete(key)
    for (const follower of watched.followers) {
      if (follower.session === session && follower.kind === kind) watched.followers.delete(follower)
    }
    if (watched.followers.size === 0) this.scripts.delete(key)
  }
}
