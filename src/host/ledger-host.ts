import { CONNECTED, HAVE_BODY } from '../chain/header-store.ts'
import type { HeaderNode, HeaderTree } from '../chain/header-tree.ts'
import type { Network } from '../chain/network.ts'
import type { BlockRef, Reorg } from '../chain/reorg.ts'
import type { Chainstate, Connected, Invalid } from '../ledger/chainstate.ts'
import type { ChangeLog } from '../ledger/change-log.ts'
import type { FilterIndex } from '../ledger/filter-index.ts'
import type { Mempool } from '../ledger/mempool.ts'
import type { PackageOptions, PackageResult } from '../ledger/mempool-questions.ts'
import type { BroadcastResult } from '../ledger/queries.ts'
import type { LinkId, ToHub, ToLedger } from '../peer/queues.ts'
import type { Sync, SyncOutput } from '../peer/sync.ts'
import { stripWitness } from '../wire/block-parts.ts'
import { toDisplay } from '../wire/hash.ts'
import { BlockIntake } from './block-intake.ts'
import { ChainFollower } from './chain-follower.ts'
import { FilterKeeper } from './filter-keeper.ts'
import type { DigestedBlock, LedgerOutput, SubmitResult } from './ledger-output.ts'
import type { LedgerLimits } from './limits.ts'
import type { MempoolKeeper } from './mempool-keeper.ts'
import type { Levels, Meter } from './meter.ts'
import type { LogLine, Millis } from './ports.ts'
import { Progress } from './progress.ts'
import { ReadyBlocks } from './ready-blocks.ts'
import { Repairs } from './repairs.ts'
import { Transactions } from './transactions.ts'

export type { DigestedBlock, LedgerOutput, SubmitResult } from './ledger-output.ts'
export { type LedgerLimits, NODE_LIMITS } from './limits.ts'

export interface LedgerHostParts {
  network: Network
  tree: HeaderTree
  sync: Sync
  /** `undefined` for a ledger that keeps headers only. */
  full:
    | {
        chainstate: Chainstate
        mempool: Mempool
        keeper: MempoolKeeper
        changes: ChangeLog
        filters?: FilterIndex | undefined
      }
    | undefined
  epoch: number
  limits: LedgerLimits
  meter: Meter
}

/** What a ledger with blocks is made of. */
interface Full {
  chainstate: Chainstate
  changes: ChangeLog
  intake: BlockIntake
  follower: ChainFollower
  repairs: Repairs
  transactions: Transactions
  filters: FilterKeeper | undefined
}

const NO_TRANSACTIONS = 'no transactions are taken without blocks'

/** A tip older than this belongs to an initial download. */
const SYNCED_WITHIN: Millis = 24 * 3_600_000

/**
 * The ledger as one actor: values come in through the queue from the hub, go through header tree, sync machine,
 * chainstate and mempool, and answers go down the other queue. It awaits nothing: a block is taken apart elsewhere
 * (`digest`), and comes back as an input. Links hear of what is committed, and of nothing else.
 */
export class LedgerHost {
  readonly #network: Network
  readonly #tree: HeaderTree
  readonly #sync: Sync
  readonly #limits: LedgerLimits
  readonly #epoch: number
  readonly #meter: Meter
  readonly #full: Full | undefined
  readonly #progress = new Progress()
  #out: LedgerOutput[] = []
  /** What the sync machine wants done, in order. */
  #todo: SyncOutput[] = []
  /** There may be blocks to connect. */
  #moves = false
  /** What is open is committed by then. */
  #commitBy: Millis = Number.POSITIVE_INFINITY
  #synced = false
  /** The tip that the links know: committed. */
  #told: HeaderNode
  /** Of the input that is being worked on. */
  #now: Millis

  constructor({ network, tree, sync, full, epoch, limits, meter }: LedgerHostParts, now: Millis) {
    this.#network = network
    this.#tree = tree
    this.#sync = sync
    this.#limits = limits
    this.#epoch = epoch
    this.#meter = meter
    this.#now = now
    this.#full = full && this.#compose(full)
    this.#told = this.tip
    this.#synced = this.#isSynced()
  }

  /** The connected tip; for a ledger of headers only the best header. May be ahead of what is committed. */
  get tip(): HeaderNode {
    return this.#full ? this.#full.chainstate.tip : this.#tree.best
  }

  /** Initial download is over. */
  get synced(): boolean {
    return this.#synced
  }

  get levels(): Levels {
    return { tipHeight: this.tip.height, headersHeight: this.#tree.best.height }
  }

  get deadline(): Millis {
    if (this.#mayMakeFilters()) return this.#now
    const { follower, transactions } = this.#full ?? {}
    const never = Number.POSITIVE_INFINITY
    return Math.min(
      this.#commitBy,
      this.#sync.deadline,
      follower?.deadline ?? never,
      Math.max(transactions?.deadline ?? never, this.#now),
    )
  }

  /** To be performed before anything else is put in: introduces this epoch and takes up where the store stands. */
  start(now: Millis): LedgerOutput[] {
    this.#hub({ kind: 'epoch', epoch: this.#epoch, height: this.tip.height })
    this.#moves = true
    return this.#run(now, () => {
      this.#tellTip()
      if (this.#full && !this.#synced) this.#tellAssumed()
      this.#full?.transactions.wake(now)
    })
  }

  receive(value: ToLedger, now: Millis): LedgerOutput[] {
    return this.#run(now, () => {
      const sync = this.#sync
      switch (value.kind) {
        case 'link-up':
          this.#do(sync.linkUp(value.link, value.info, now))
          break
        case 'link-down':
          this.#do(sync.linkDown(value.link, now))
          this.#full?.transactions.linkDown(value.link)
          break
        case 'drained':
          this.#do(sync.drained(value.link, now))
          break
        case 'heard':
          this.#full?.transactions.heard(value.txs)
          break
        case 'message': {
          const { link, command, payload } = value
          const bytes = payload.length
          if (command !== 'tx') this.#do(sync.message(link, command, payload, now))
          else if (this.#synced) this.#full?.transactions.receive(payload, link, now)
          this.#hub({ kind: 'taken', link, bytes })
        }
      }
    })
  }

  wake(now: Millis): LedgerOutput[] {
    return this.#run(now, () => {
      if (now >= this.#commitBy) this.#commit({ coinsMayWait: this.#areMoreKnown() })
      this.#full?.transactions.wake(now)
      if (now >= (this.#full?.follower.deadline ?? Number.POSITIVE_INFINITY)) this.#moves = true
      if (this.#mayMakeFilters()) this.#makeFilters(this.#full!.filters!)
      this.#do(this.#sync.wake(now))
    })
  }

  /** The answer to a `digest` output. */
  digested(id: number, block: DigestedBlock, now: Millis): LedgerOutput[] {
    return this.#run(now, () => {
      this.#full?.intake.digested(id, block, now)
      this.#moves = true
    })
  }

  /** Somebody else who reads the store could not read this block (`header.id`) as it was written. */
  damaged(blockId: number, now: Millis): LedgerOutput[] {
    return this.#run(now, () => {
      const node = this.#tree.nodeById(blockId)
      if (node) this.#damaged(node)
    })
  }

  /** A block made here, by a miner. `done` is called once its fate is known and committed. */
  submitBlock(bytes: Uint8Array<ArrayBuffer>, done: (result: SubmitResult) => void, now: Millis): LedgerOutput[] {
    return this.#run(now, () => {
      if (this.#full) this.#full.intake.submit(bytes, done)
      else done({ kind: 'refused', reason: 'headers-only' })
    })
  }

  /** A transaction handed in by a person or program. */
  broadcast(bytes: Uint8Array, now: Millis): { result: BroadcastResult; outputs: LedgerOutput[] } {
    const none: BroadcastResult = { kind: 'refused', code: -26, message: NO_TRANSACTIONS }
    return this.#handIn(none, (transactions) => transactions.broadcast(bytes, now), now)
  }

  /** A child and its parents, likewise. */
  submitPackage(
    raws: readonly Uint8Array[],
    options: PackageOptions | undefined,
    now: Millis,
  ): { result: PackageResult; outputs: LedgerOutput[] } {
    const none: PackageResult = { kind: 'refused', code: -25, message: NO_TRANSACTIONS }
    return this.#handIn(none, (transactions) => transactions.submitPackage(raws, options, now), now)
  }

  /** Commits what is open. Nothing may be put in after this. */
  stop(): void {
    this.#commit()
    this.#full?.transactions.stop()
  }

  #handIn<T>(none: T, hand: (transactions: Transactions) => T, now: Millis): { result: T; outputs: LedgerOutput[] } {
    let result = none
    const outputs = this.#run(now, () => {
      if (this.#full) result = hand(this.#full.transactions)
    })
    return { result, outputs }
  }

  #compose({ chainstate, mempool, keeper, changes, filters: index }: NonNullable<LedgerHostParts['full']>): Full {
    const tree = this.#tree
    const ready = new ReadyBlocks(this.#limits.readyBytes)
    const refused = (refusal: Invalid, from: LinkId | undefined) => this.#refused(refusal, from)
    const log = (line: LogLine) => this.#log(line)
    const intake = new BlockIntake({
      tree,
      chainstate,
      ready,
      digest: (id, bytes) => this.#out.push({ do: 'digest', id, bytes }),
      arrived: (node) => this.#arrived(node),
      mend: (block) => repairs.mend(block),
      refused,
    })
    const repairs = new Repairs({
      tree,
      chainstate,
      fetch: (node) => this.#do(this.#sync.fetchAgain(node, this.#now)),
      reread: (node, bytes) => intake.reread(node, bytes),
      mended: () => this.#mended(),
      log,
      meter: this.#meter,
    })
    const follower = new ChainFollower({
      tree,
      chainstate,
      ready,
      intake,
      stepBytes: this.#limits.stepBytes,
      moved: (reverted, connected) => this.#moved(reverted, connected),
      commit: () => void this.#commit(),
      committed: (reorg) => this.#committed(reorg),
      refused,
      lost: (node) => this.#lost(node),
      damaged: (node) => repairs.report(node),
      log,
    })
    const hub = (value: ToHub) => this.#hub(value)
    const meter = this.#meter
    const { takeBackBytes } = this.#limits
    const transactions = new Transactions({
      tree,
      chainstate,
      mempool,
      keeper,
      changes,
      takeBackBytes,
      hub,
      log,
      meter,
    })
    const filters = index && new FilterKeeper(index, this.#limits.filterStep)
    return { chainstate, changes, intake, follower, repairs, transactions, filters }
  }

  // ---- one input

  /** Works off an input and all that follows from it. */
  #run(now: Millis, input: () => void): LedgerOutput[] {
    this.#now = now
    this.#meter.hold()
    try {
      input()
      for (;;) {
        if (this.#todo.length > 0) this.#performAll()
        else if (this.#moves) this.#move()
        else if (this.#mayAnswer()) this.#answerSubmitted(this.#full!)
        else break
      }
      this.#full?.transactions.settle(now)
    } finally {
      this.#meter.release()
    }
    const out = this.#out
    this.#out = []
    return out
  }

  /** Answers are owed, and the chain has come to where it can come to for now. */
  #mayAnswer(): boolean {
    const { intake, follower } = this.#full ?? {}
    return intake?.owesAnswers === true && !follower!.isUnderWay && !follower!.rests
  }

  #performAll(): void {
    const todo = this.#todo
    this.#todo = []
    for (const output of todo) this.#perform(output)
  }

  #move(): void {
    this.#moves = false
    if (this.#full) this.#advance(this.#full)
    else this.#followHeaders()
  }

  #answerSubmitted({ intake }: Full): void {
    this.#commit()
    intake.answer()
  }

  #do(outputs: readonly SyncOutput[]): void {
    for (const output of outputs) this.#todo.push(output)
  }

  #perform(output: SyncOutput): void {
    switch (output.do) {
      case 'send':
        this.#hub({ kind: 'send', link: output.link, command: output.command, payload: output.payload })
        break
      case 'block':
        this.#full?.intake.receive(output.node, output.bytes, output.link)
        break
      case 'misbehaving':
      case 'disconnect':
        this.#hub({ kind: output.do, link: output.link, reason: output.reason })
        break
      case 'knows-block':
        this.#hub({
          kind: 'knows-block',
          link: output.link,
          hash: output.hash,
          height: this.#tree.node(output.hash)?.height,
        })
        break
      case 'headers-changed':
        this.#moves = true
        break
      case 'read-block': {
        const whole = this.#readBody(output.node)
        this.#do(this.#sync.blockRead(output.id, whole && !output.witness ? stripWitness(whole) : whole))
      }
    }
  }

  // ---- blocks

  #advance({ chainstate, follower }: Full): void {
    const { tip } = chainstate
    follower.advance(this.#now)
    this.#seeToDamage(chainstate)
    if (follower.isUnderWay) return
    if (!this.#synced && this.#isSynced()) this.#becomeSynced()
    this.#commitIfTime(chainstate)
    const moved = chainstate.tip
    const hasMoved = moved.id !== tip.id && moved.id !== this.#told.id
    if (hasMoved || !this.#tree.isMain(moved)) this.#do(this.#sync.advanced(moved, this.#now))
    this.#tellProgress()
  }

  #arrived(node: HeaderNode): void {
    this.#sync.bodyStored(node)
    this.#full?.follower.arrived(node)
  }

  #refused(refusal: Invalid, from: LinkId | undefined): void {
    const { node, reason, detail } = refusal
    // A connected block was checked in full: another copy cannot make it invalid.
    const mutated = refusal.mutated || (this.#tree.nodeById(node.id)!.status & CONNECTED) !== 0
    const facts = { height: node.height, hash: toDisplay(node.hash), reason, ...(detail && { detail }) }
    const text = mutated ? 'a block is not what its header commits to' : 'a block breaks a rule'
    this.#log({ level: 'warn', text, facts })
    this.#meter.refused('block', reason)
    if (!mutated) {
      this.#tree.markFailed(node)
      this.#full?.intake.failed(refusal)
      this.#moves = true
    }
    this.#do(this.#sync.invalidBlock(node.hash, reason, from, this.#now))
    this.#full?.repairs.refused(node)
  }

  #moved(reverted: readonly BlockRef[], connected: readonly Connected[]): void {
    const { transactions, chainstate } = this.#full!
    transactions.follow(reverted, connected, this.#now)
    this.#meter.counts.blocksConnected += connected.length
    // Many blocks may be at hand when a gap closes.
    if (chainstate.isFull) this.#commit({ coinsMayWait: this.#areMoreKnown() })
  }

  /** While syncing, blocks are committed in batches; at the tip each one at once. */
  #commitIfTime({ pendingBytes, isFull, tip }: Chainstate): void {
    if (pendingBytes === 0) return
    this.#commitBy = Math.min(this.#commitBy, this.#now + this.#limits.batchMs)
    const isAtTip = this.#synced && this.#tree.best.height - tip.height < 2
    if (!isAtTip && !isFull && this.#now < this.#commitBy) return
    this.#commit({ coinsMayWait: this.#areMoreKnown() })
  }

  #areMoreKnown(): boolean {
    return this.#tree.best.height > this.tip.height
  }

  /** Whether that moved the tip. */
  #commit(options?: { coinsMayWait: boolean }): boolean {
    const { chainstate } = this.#full ?? {}
    const reorg = chainstate?.commit(options)
    const isOpen = chainstate !== undefined && chainstate.pendingBytes > 0
    this.#commitBy = isOpen ? this.#now + this.#limits.batchMs : Number.POSITIVE_INFINITY
    if (reorg) this.#committed(reorg)
    return reorg !== undefined
  }

  /** Makes known what is committed: to those who follow the changes, and, once in step with the network, to the links. */
  #committed(reorg: Reorg | undefined): void {
    const { chainstate, changes, filters } = this.#full!
    if (reorg) changes.push({ kind: 'reorg', reorg })
    else changes.reset()
    if (reorg?.reverted.length !== 0) this.#meter.counts.reorgs++
    filters?.moved()
    this.#tellTip()
    if (!this.#synced) return
    const tip = chainstate.committedTip
    this.#log({ level: 'info', text: 'block', facts: { height: tip.height, hash: toDisplay(tip.hash) } })
    const { bytes, from } = this.#latest(tip)
    this.#hub({
      kind: 'announce-block',
      hash: tip.hash.slice(),
      header: tip.raw.slice(),
      prev: tip.prev.slice(),
      height: tip.height,
      bytes,
      from,
    })
  }

  #latest(tip: HeaderNode): { bytes?: Uint8Array<ArrayBuffer>; from?: LinkId } {
    const { follower } = this.#full!
    if (follower.latest?.id === tip.id) return follower.latest
    const bytes = this.#readBody(tip)
    return bytes ? { bytes } : {}
  }

  /** There are filters to make, and nothing better to do: all blocks that are known are connected, and that is committed. */
  #mayMakeFilters(): boolean {
    if (!this.#synced || !this.#full?.filters?.isDue) return false
    const { tip, pendingBytes } = this.#full.chainstate
    return pendingBytes === 0 && tip.height >= this.#tree.best.height
  }

  #makeFilters(filters: FilterKeeper): void {
    const unreadable = filters.advance()
    if (unreadable !== undefined) this.#damaged(this.#tree.nodeById(unreadable)!)
  }

  // ---- damage

  /** For others; what cannot be read they do not get, and it is seen to. */
  #readBody(node: HeaderNode): Uint8Array<ArrayBuffer> | undefined {
    const body = this.#full?.chainstate.readBody(node)
    if (body?.kind === 'found') return body.bytes
    this.#damaged(this.#tree.nodeById(node.id)!)
    return undefined
  }

  /** What the chainstate came upon by itself. */
  #seeToDamage({ damaged }: Chainstate): void {
    for (const id of [...damaged]) this.#damaged(this.#tree.nodeById(id)!)
  }

  #damaged(node: HeaderNode): void {
    const { repairs, follower } = this.#full ?? {}
    if (node.status & CONNECTED) repairs?.report(node)
    else if (node.status & HAVE_BODY) follower?.lose(node, 'damaged')
  }

  /** A block that waits for its turn is wanted by the download again, any other one for its own sake. */
  #lost(node: HeaderNode): void {
    this.#do(this.#sync.bodyLost(node, this.#now))
    if (!this.#tree.isMain(node)) this.#do(this.#sync.fetchAgain(node, this.#now))
  }

  #mended(): void {
    this.#full?.follower.mended()
    this.#full?.filters?.moved()
    this.#moves = true
  }

  // ---- the tip

  #tellTip(): void {
    const tip = this.#full?.chainstate.committedTip ?? this.tip
    this.#told = tip
    this.#do(this.#sync.connected(tip, this.#now))
    this.#hub({ kind: 'tip', height: tip.height, hash: tip.hash.slice(), time: tip.time, synced: this.#synced })
  }

  /** What of a download is not checked. */
  #tellAssumed(): void {
    const { assumeValid } = this.#network
    this.#log(
      assumeValid
        ? { level: 'info', text: 'scripts up to a block are taken as checked', facts: { hash: toDisplay(assumeValid) } }
        : { level: 'info', text: 'every script is checked', facts: {} },
    )
  }

  #isSynced(): boolean {
    const { tip } = this
    const { minChainWork, regtest } = this.#network
    return tip.work >= minChainWork && (regtest || tip.time * 1000 >= this.#now - SYNCED_WITHIN)
  }

  #becomeSynced(): void {
    this.#synced = true
    this.#log({ level: 'info', text: 'initial download is over', facts: { height: this.tip.height } })
    if (!this.#commit()) this.#tellTip()
  }

  /** A ledger of headers: the best header is its tip. */
  #followHeaders(): void {
    const { tip } = this
    if (tip.id === this.#told.id) return
    if (!this.#synced && this.#isSynced()) this.#becomeSynced()
    else this.#tellTip()
    if (this.#synced)
      this.#log({ level: 'info', text: 'header', facts: { height: tip.height, hash: toDisplay(tip.hash) } })
    this.#tellProgress()
  }

  #tellProgress(): void {
    if (this.#synced) return
    const line = this.#progress.report(this.tip.height, this.#tree.best.height, this.#now)
    if (line) this.#log(line)
  }

  #hub(value: ToHub): void {
    this.#out.push({ do: 'hub', value })
  }

  #log(line: LogLine): void {
    this.#out.push({ do: 'log', line })
  }
}
