import { checkBlock, checkBlockContext, subsidy } from '../chain/block-rules.ts'
import { type BlockDigest, digestBlock } from '../chain/digest.ts'
import { HAVE_BODY } from '../chain/header-store.ts'
import type { HeaderNode, HeaderTree } from '../chain/header-tree.ts'
import type { Network } from '../chain/network.ts'
import type { Reorg } from '../chain/reorg.ts'
import { blockScriptFlags, sigopRules } from '../chain/script-flags.ts'
import { meetsChallenge } from '../chain/signet.ts'
import { nobleSecp256k1 } from '../script/noble-secp256k1.ts'
import type { Secp256k1 } from '../script/secp256k1.ts'
import { StoreError } from '../store/error.ts'
import { blob, type SqlPort } from '../store/sql.ts'
import { equalBytes, type Hasher, nobleHasher } from '../wire/hash.ts'
import { Batch } from './batch.ts'
import { writeRows } from './batch-rows.ts'
import type { BatchWriter } from './batch-writer.ts'
import { Bip30 } from './bip30.ts'
import { BlockDamaged, type BlockPart } from './block-damaged.ts'
import { BlockRepair } from './block-repair.ts'
import { type BlockRow, blockRow } from './block-row.ts'
import { BlockScripts, type ScriptFate } from './block-scripts.ts'
import { noStats, statsOf } from './block-stats.ts'
import { readBody } from './bodies.ts'
import { CoinCache } from './coin-cache.ts'
import { CoinTable, writeCoinsHeight } from './coin-table.ts'
import { CoinView } from './coin-view.ts'
import { Coins } from './coins.ts'
import { type Connected, type Invalid, invalid, type Unavailable } from './connect-result.ts'
import { forgetBlocks } from './forget-blocks.ts'
import { HandedBatches } from './handed-batches.ts'
import { type Candidate, InputCheck } from './input-check.ts'
import type { Stored } from './parts.ts'
import type { PassedTxs } from './passed-txs.ts'
import { PrefixCounts } from './prefix-counts.ts'
import { readPrevouts } from './prevouts.ts'
import { blockRef, Reorganisation } from './reorganisation.ts'
import { type ScriptChecks, scriptChecksHere } from './script-checks.ts'
import { claimStore } from './store-identity.ts'
import { TipTimes } from './tip-times.ts'
import { touchesOf } from './touches.ts'
import { TxHeights } from './tx-heights.ts'
import { readUndo, undoCoins } from './undo.ts'

const DEFAULT_CACHE_BYTES = 128_000_000
const DEFAULT_BATCH_BYTES = 64_000_000
/** Some seconds of work. */
const DEFAULT_STEP_BYTES = 32_000_000
/** A retarget period: near-empty blocks hold few bytes, but take their time. */
const DEFAULT_STEP_BLOCKS = 2016
/** Of the bytes that may be open, those of a batch that is handed over to a writer without work, and to one that has some. */
const IDLE_SHARE = 1 / 8
const BUSY_SHARE = 3 / 8

export type { Connected, Invalid, Unavailable } from './connect-result.ts'

export interface ChainstateOptions {
  sql: SqlPort
  network: Network
  /** Over the same store. */
  tree: HeaderTree
  hasher?: Hasher
  /** Checks signatures; the one in plain JavaScript unless given. */
  secp256k1?: Secp256k1
  /** Runs the scripts of blocks; here and now unless given. */
  scriptChecks?: ScriptChecks | undefined
  /** Transactions whose scripts passed on their way through the mempool, while there can be any. */
  passedTxs?: (() => PassedTxs | undefined) | undefined
  /** Told of the scripts of each block that comes as far: of so many inputs. */
  scriptsCounted?: ((fate: ScriptFate, inputs: number) => void) | undefined
  /** Bytes of memory for coins that the store has as well. */
  cacheBytes?: number
  /** Bytes of changed coins that a commit may leave unwritten; none unless given. */
  coinLagBytes?: number
  /**
   * A reorganisation that holds more than this in memory, or goes over blocks of more bytes than that, or over more of
   * them, commits in several steps.
   */
  batchBytes?: number
  stepBytes?: number
  stepBlocks?: number
  /** Writes the batches of a download while the next ones are made. */
  writer?: BatchWriter | undefined
  /** Told of each raw block that is committed and needed no longer: one that was handed in. Never of the tip's. */
  release?: ((bytes: Uint8Array<ArrayBuffer>) => void) | undefined
}

/**
 * The connected chain: coins, index rows, bodies. One writer; everything is synchronous.
 *
 * What is connected is visible here at once, and in the store after `commit`, which writes all of it in one
 * transaction: only what is committed is acknowledged. When a call throws, nothing half-written is in the store, but
 * memory has run ahead of it: every later call throws as well, and the store has to be opened anew.
 */
export class Chainstate {
  /** The coins as of the tip, for looking at. */
  readonly coins: CoinView
  readonly #sql: SqlPort
  readonly #network: Network
  readonly #tree: HeaderTree
  readonly #hasher: Hasher
  readonly #secp256k1: Secp256k1
  readonly #batchBytes: number
  readonly #stepBytes: number
  readonly #stepBlocks: number
  readonly #handed: HandedBatches | undefined
  readonly #release: ChainstateOptions['release']
  readonly #coins: Coins
  readonly #table: CoinTable
  readonly #heights: TxHeights
  readonly #inputs: InputCheck
  readonly #scripts: BlockScripts
  readonly #bip30: Bip30
  readonly #repair: BlockRepair
  readonly #batch = new Batch()
  /** Ids of blocks of which something stored was found damaged, or gone. */
  readonly #damaged = new Set<number>()
  #tip!: HeaderNode
  #committedTip!: HeaderNode
  #times!: TipTimes
  #nextTx = 0
  /** Bytes of stored blocks that were taken back or connected since the last commit. */
  #steppedBytes = 0
  /** Coins as of the tip. */
  #utxoSize = 0
  /** Of the rows in `history`, where this object has written them all. */
  #counts: PrefixCounts | undefined
  #broken = false

  /** Opens the store, which is refused (`StoreError`) when it is another network's, and connects genesis in a new one. */
  constructor({ sql, network, tree, hasher = nobleHasher, ...options }: ChainstateOptions) {
    claimStore(sql, network)
    this.#sql = sql
    this.#network = network
    this.#tree = tree
    this.#hasher = hasher
    this.#secp256k1 = options.secp256k1 ?? nobleSecp256k1
    this.#batchBytes = options.batchBytes ?? DEFAULT_BATCH_BYTES
    this.#stepBytes = options.stepBytes ?? DEFAULT_STEP_BYTES
    this.#stepBlocks = options.stepBlocks ?? DEFAULT_STEP_BLOCKS
    const { writer } = options
    this.#handed = writer && new HandedBatches(writer, (handed, damaged) => this.#written(handed, damaged))
    this.#release = options.release
    const seed = blob(sql.sql.exec('SELECT randomblob(8)').raw().toArray()[0]![0])
    const cache = new CoinCache(options.cacheBytes ?? DEFAULT_CACHE_BYTES, seed)
    this.#coins = new Coins(sql, cache, hasher)
    this.#heights = new TxHeights(sql)
    this.#inputs = new InputCheck(this.#coins, this.#heights)
    this.#scripts = new BlockScripts({
      network,
      tree,
      hasher,
      checks: options.scriptChecks ?? scriptChecksHere(this.#secp256k1, hasher),
      passedTxs: options.passedTxs ?? (() => undefined),
      counted: options.scriptsCounted ?? (() => {}),
    })
    this.#repair = new BlockRepair(sql, hasher)
    this.#bip30 = new Bip30({ sql, network, tree, coins: this.#coins })
    const lagBytes = options.coinLagBytes ?? 0
    this.#table = new CoinTable({ sql, hasher, coins: this.#coins, bip30: this.#bip30, lagBytes })
    this.coins = new CoinView(sql, cache, this.#heights)
    this.#load()
  }

  /** The connected tip. It may be ahead of what is committed. */
  get tip(): HeaderNode {
    return this.#tip
  }

  /** The tip as of the last commit that was told of. */
  get committedTip(): HeaderNode {
    return this.#committedTip
  }

  /** Bytes of memory held by what is not known to be committed, coins that may wait not counted. */
  get pendingBytes(): number {
    return this.#batch.bytes + this.#table.surplusBytes + (this.#handed?.bytes ?? 0)
  }

  /** Whether it is time for a commit, before memory runs out or while the writer has nothing to do. */
  get isFull(): boolean {
    if (this.pendingBytes >= this.#batchBytes) return true
    const share = this.#handed?.isIdle ? IDLE_SHARE : BUSY_SHARE
    const isWorthIt = this.#batch.bytes >= this.#batchBytes * share
    return isWorthIt && this.#handed?.hasRoom === true && this.#mayHandOver
  }

  /** Ids of blocks that are known to be damaged: more than those found by `inspect`. */
  get damaged(): ReadonlySet<number> {
    return this.#damaged
  }

  /** Whether the block's bytes are in the store or on their way there, as far as is known undamaged. */
  hasBody(node: HeaderNode): boolean {
    if (this.#batch.body(node) || this.#handed?.has(node.id)) return true
    return (node.status & HAVE_BODY) !== 0 && !this.#damaged.has(node.id)
  }

  /**
   * The raw block, verified; the bytes are the caller's. What is found damaged is no longer there for `hasBody`, until it
   * is stored again.
   */
  readBody(node: HeaderNode): Stored {
    const bytes = this.#batch.body(node)
    if (bytes) return { kind: 'found', bytes: bytes.slice() }
    if (this.#handed?.has(node.id)) this.#settle()
    const stored = readBody(this.#sql, node.id, this.#hasher)
    if (stored.kind === 'damaged' || (stored.kind === 'missing' && node.status & HAVE_BODY)) this.#damaged.add(node.id)
    return stored
  }

  /** What is damaged of a block that is connected, or stored; the parts in the order in which they are mended. */
  inspect({ id }: HeaderNode): BlockPart[] {
    this.#settle()
    const parts = this.#repair.inspect(id)
    if (parts.length === 0) this.#damaged.delete(id)
    else this.#damaged.add(id)
    return parts
  }

  /**
   * Writes what is damaged of a stored block anew, at once. The caller has seen `checkAlone` pass. False where it cannot
   * be mended; throws BlockDamaged for another block that has to be mended first.
   */
  mend({ id }: HeaderNode, bytes: Uint8Array, digest: BlockDigest): boolean {
    this.#refuseBroken()
    this.#settle()
    const isMended = this.#repair.mend({ id, bytes, digest })
    if (isMended) this.#damaged.delete(id)
    return isMended
  }

  /**
   * Keeps a block whose turn has not come, with the next commit; or again, where what is stored is damaged. The caller
   * has seen `checkAlone` pass.
   */
  storeBody(node: HeaderNode, bytes: Uint8Array<ArrayBuffer>): void {
    this.#refuseBroken()
    this.#batch.addBody(node, bytes)
  }

  /** What can be checked of a block without knowing where it stands; Bitcoin Core's word for what is wrong. */
  checkForm(bytes: Uint8Array, digest: BlockDigest): string | undefined {
    const reason = checkBlock(digest)
    const { signetChallenge, genesisHash } = this.#network
    if (reason || !signetChallenge || equalBytes(digest.hash, genesisHash)) return reason
    const curve = { secp256k1: this.#secp256k1, hasher: this.#hasher }
    return meetsChallenge(bytes, digest, signetChallenge, curve) ? undefined : 'bad-signet-blksig'
  }

  /** Everything that can be checked of a block without the coins. */
  checkAlone(node: HeaderNode, bytes: Uint8Array, digest: BlockDigest): Invalid | undefined {
    if (!equalBytes(digest.hash, node.hash)) throw new Error('the digest is of another block')
    const isNext = equalBytes(node.prev, this.#tip.hash)
    const medianTimePast = isNext
      ? this.#times.medianTimePast(this.#tip.height)
      : this.#tree.medianTimePast(this.#tree.node(node.prev)!)
    const context = { height: node.height, medianTimePast }
    const reason = this.checkForm(bytes, digest) ?? checkBlockContext(digest, context, this.#network)
    return reason === undefined ? undefined : invalid(node, reason)
  }

  /**
   * Checks the block that follows the tip, and applies it when it is valid; otherwise nothing has changed. The raw block
   * is kept until `commit` and not to be written to. `unavailable`: another block, which would have to be read to know.
   */
  connect(node: HeaderNode, bytes: Uint8Array<ArrayBuffer>, digest: BlockDigest): Connected | Invalid | Unavailable {
    this.#refuseBroken()
    if (!equalBytes(node.prev, this.#tip.hash)) throw new Error('only a child of the tip can be connected')
    const refused = this.checkAlone(node, bytes, digest)
    if (refused) return refused
    return this.#guarded(() => {
      const block = this.#candidate(node, bytes, digest)
      const repeated = this.#repeatedBy(block)
      if (repeated.kind === 'unavailable') return repeated
      const repeats = repeated.txNum !== undefined
      const reason = this.#checkCoins(node, block, repeats)
      if (reason) return invalid(node, reason)
      const refused = this.#applyIfScriptsPass(node, block, repeats)
      if (refused) return refused
      return { kind: 'connected', node, txids: digest.txids, outpoints: digest.outpoints, fees: this.#inputs.fees }
    })
  }

  /**
   * Writes everything since the last commit in one transaction, and says how the chain changed; `undefined` when it did
   * not, though bodies may have been stored. `coinsMayWait`: more blocks are to come, with which coins can be written that
   * are left by then. They are lost to nobody: a store that is opened makes them of its blocks. The writer, where there is
   * one, may then take this batch, and what is told of is only what was committed before.
   */
  commit({ coinsMayWait = false } = {}): Reorg | undefined {
    this.#refuseBroken()
    const reorg: Reorg = { reverted: this.#batch.reverted.map(blockRef), connected: [] }
    const goesOver = coinsMayWait && this.#mayHandOver
    if (goesOver) this.#handOver(this.#handed!)
    else this.#settle()
    for (const { connected, tip } of this.#guarded(() => this.#handed?.take() ?? [])) {
      reorg.connected.push(...connected)
      this.#committedTip = tip
    }
    if (!goesOver) {
      reorg.connected.push(...this.#batch.connected.map(blockRef))
      this.#commit(coinsMayWait)
    }
    return reorg.reverted.length + reorg.connected.length > 0 ? reorg : undefined
  }

  /**
   * The way to `target` as the tip: takes back what is not below it and connects the blocks on the way to it, all from the
   * store. Each step commits whole blocks, and one step does it all unless it does not fit `batchBytes`, `stepBytes` and
   * `stepBlocks`.
   * What is connected must be committed before; from the first step to the last nothing else may be connected.
   */
  reorganise(target: HeaderNode): Reorganisation {
    this.#refuseBroken()
    const isOpen = this.#batch.connected.length > 0 || this.#handed?.isEmpty === false
    if (isOpen) throw new Error('a reorganisation begins with everything committed')
    this.#commit()
    const chain = this
    const moves = {
      get tip() {
        return chain.#tip
      },
      damagedAbove: (fork: HeaderNode) => this.#damagedAbove(fork),
      revertTip: () => this.#guarded(() => this.#revertTip()),
      connectStored: (node: HeaderNode) => this.#connectStored(node),
      isFull: (blocks: number) => blocks > 0 && (blocks >= this.#stepBlocks || this.#isMuch()),
      commit: () => this.#commit(),
      discard: () => this.#discard(),
    }
    return new Reorganisation(moves, this.#tree, target)
  }

  // ---- one block

  #candidate(node: HeaderNode, bytes: Uint8Array<ArrayBuffer>, digest: BlockDigest): Candidate {
    const network = this.#network
    const { height } = node
    const flags = blockScriptFlags(network, height, node.hash)
    return {
      bytes,
      digest,
      height,
      firstTx: this.#nextTx,
      subsidy: subsidy(height, network),
      csv: height >= network.heights.csv,
      flags,
      sigopRules: sigopRules(flags),
      chain: this.#times,
    }
  }

  /** txNum of the last transaction that the block's coinbase repeats; or the block that hides it. */
  #repeatedBy(
    block: Pick<Candidate, 'digest' | 'firstTx'>,
  ): { kind: 'known'; txNum: number | undefined } | Unavailable {
    try {
      return { kind: 'known', txNum: this.#bip30.repeatedBy(block) }
    } catch (error) {
      if (!(error instanceof BlockDamaged)) throw error
      this.#damaged.add(error.blockId)
      return { kind: 'unavailable', node: this.#tree.nodeById(error.blockId)!, why: 'damaged' }
    }
  }

  #checkCoins(node: HeaderNode, block: Candidate, repeats: boolean): string | undefined {
    const holds = this.#bip30.holdsIn(node, this.#tip)
    const couldRepeat = repeats || this.#bip30.coinbases.any
    if (holds && couldRepeat && this.#bip30.replacesCoins(block)) return 'bad-txns-BIP30'
    const reason = this.#inputs.check(block)
    // A transaction that is repeated lacks its inputs, but that it is repeated comes first.
    return reason && holds && this.#bip30.replacesCoins(block) ? 'bad-txns-BIP30' : reason
  }

  /** The block has just passed `#checkCoins`. While its scripts run elsewhere its row is made. */
  #applyIfScriptsPass(node: HeaderNode, block: Candidate, repeats: boolean): Invalid | undefined {
    const { digest, bytes, firstTx } = block
    const { fees, txFees, spentPrefix } = this.#inputs
    // In an exception to BIP 30 the coins that are replaced have to be known, as they may be in the store only.
    const replaced = repeats ? this.#bip30.fetchReplaced(digest, bytes) : 0
    const { blob: prevouts, txAt } = this.#inputs.prevouts(block)
    const scripts = this.#scripts.begin(node, block, prevouts, txAt)
    const stats = statsOf(digest, bytes, txFees)
    // A coin that is replaced is no coin more.
    stats.utxoIncrease -= replaced
    const utxoSize = this.#utxoSize + stats.utxoIncrease
    const row = blockRow(node, { digest, bytes, firstTx, fees, stats, prevouts, txAt, spentPrefix, utxoSize })
    const refused = scripts.settle()
    if (refused) return refused
    this.#inputs.apply(block)
    if (!this.hasBody(node)) this.#batch.addBody(node, bytes)
    this.#addRows(node, digest, row)
    this.#bip30.coinbases.connected(digest.txids.subarray(0, 32), firstTx, node.height, repeats)
    this.#advance(node, digest.txCount)
    return undefined
  }

  #addRows(node: HeaderNode, digest: BlockDigest, row: BlockRow): void {
    const { spentTx, spentPrefix } = this.#inputs
    this.#utxoSize = row.utxoSize
    this.#batch.inserts.add(digest, row.firstTx, spentTx, spentPrefix)
    this.#batch.addConnected(node, row)
  }

  #advance(node: HeaderNode, txCount: number): void {
    this.#heights.push(this.#nextTx)
    this.#nextTx += txCount
    this.#tip = node
    this.#times.push(node)
  }

  /** Takes back the tip, which is committed. */
  #revertTip(): Unavailable | undefined {
    const node = this.#tip
    const body = this.readBody(node)
    if (body.kind !== 'found') return { kind: 'unavailable', node, why: body.kind }
    const { bytes } = body
    this.#steppedBytes += bytes.length
    const digest = digestBlock(bytes, this.#hasher)
    const firstTx = this.#heights.firstTxAt(node.height)
    const spent = readPrevouts(this.#sql, node.id, 0, undefined, this.#hasher)
    const prevouts = spent.kind === 'found' ? spent.bytes : new Uint8Array(0)
    const undo = spent.kind === 'damaged' ? undefined : readUndo(digest, bytes, firstTx, prevouts, this.#hasher)
    if (!undo) {
      this.#damaged.add(node.id)
      return { kind: 'unavailable', node, why: 'damaged' }
    }
    const repeated = this.#repeatedBy({ digest, firstTx })
    if (repeated.kind === 'unavailable') return repeated
    undoCoins(undo, this.#coins)
    this.#standAt(this.#tree.node(node.prev)!)
    if (repeated.txNum !== undefined && !this.#bip30.holdsIn(node, this.#tip)) {
      this.#bip30.restoreReplaced(digest, bytes, repeated.txNum)
    }
    this.#batch.deletes.add(digest, firstTx, undo.spentTx, undo.spentPrefix)
    this.#batch.addReverted(node, touchesOf(digest, bytes, firstTx, undo.spentPrefix, prevouts))
    this.#heights.pop()
    this.#bip30.coinbases.reverted(node.height, firstTx)
    this.#nextTx = firstTx
    this.#utxoSize = this.#utxoSizeAt(node.height - 1)
    return undefined
  }

  /** Whether one step of a reorganisation has done its share. */
  #isMuch(): boolean {
    const held = this.#batch.bytes + this.#coins.cache.dirtyBytes
    return this.#steppedBytes >= this.#stepBytes || held > this.#batchBytes
  }

  #connectStored(node: HeaderNode): Connected | Invalid | Unavailable {
    const body = this.readBody(node)
    if (body.kind !== 'found') return { kind: 'unavailable', node, why: body.kind }
    this.#steppedBytes += body.bytes.length
    return this.connect(node, body.bytes, digestBlock(body.bytes, this.#hasher))
  }

  /** Of the connected blocks above `fork` one that cannot be taken back, as far as is known. */
  #damagedAbove(fork: HeaderNode): Unavailable | undefined {
    for (const id of this.#damaged) {
      const node = this.#tree.nodeById(id)!
      const isAbove = node.height > fork.height && this.#tree.ancestor(this.#tip, node.height)?.id === id
      if (isAbove) return { kind: 'unavailable', node, why: 'damaged' }
    }
    return undefined
  }

  // ---- memory and store

  /** Takes up where the store stands. */
  #load(): void {
    const height = this.#loadChain()
    const coins = this.#table.catchUp(height)
    if (coins.damaged === undefined) return
    this.#damaged.add(coins.damaged)
    for (const id of forgetBlocks(this.#sql, this.#tree, this.#hasher, coins.height)) this.#damaged.add(id)
    this.#loadChain()
    this.#table.catchUp(coins.height)
  }

  /** Its height. */
  #loadChain(): number {
    const query = 'SELECT height, header_id, first_tx, tx_count FROM best ORDER BY height DESC LIMIT 1'
    const row = this.#sql.sql.exec(query).raw().toArray()[0] as number[] | undefined
    const [height = -1, id, firstTx = 0, txCount = 0] = row ?? []
    this.#nextTx = firstTx + txCount
    this.#utxoSize = this.#utxoSizeAt(height)
    this.#heights.load(height)
    this.#bip30.load(this.#nextTx)
    const tip = id === undefined ? undefined : this.#tree.nodeById(id)
    if (id !== undefined && !tip) throw new StoreError('corrupt', `no header for the tip at height ${height}`)
    if (tip) this.#standAt(tip)
    else this.#connectGenesis()
    this.#committedTip = this.#tip
    return height
  }

  /** Coins after a committed block. */
  #utxoSizeAt(height: number): number {
    const row = this.#sql.sql.exec('SELECT utxo_size FROM best WHERE height = ?', height).raw().toArray()[0]
    return (row?.[0] as number | undefined) ?? 0
  }

  #standAt(tip: HeaderNode): void {
    this.#tip = tip
    this.#times = new TipTimes(this.#tree, tip)
  }

  /** Its output was never a coin: only rows are made. */
  #connectGenesis(): void {
    const { genesis } = this.#network
    const node = this.#tree.mainAt(0)!
    const digest = digestBlock(genesis, this.#hasher)
    const nothing = { fees: 0, stats: noStats(), prevouts: new Uint8Array(0), txAt: new Uint32Array(1), utxoSize: 0 }
    const { spentPrefix } = this.#inputs
    this.#counts = new PrefixCounts()
    this.#batch.addBody(node, genesis)
    this.#addRows(node, digest, blockRow(node, { digest, bytes: genesis, firstTx: 0, spentPrefix, ...nothing }))
    this.#standAt(node)
    this.#heights.push(0)
    this.#nextTx = digest.txCount
    this.#commit()
  }

  #commit(coinsMayWait = false): void {
    this.#steppedBytes = 0
    const { connected } = this.#batch
    const table = this.#table
    const withCoins = table.isDue(coinsMayWait)
    if (this.#batch.isEmpty && !withCoins) return
    const damaged = this.#guarded(() =>
      this.#sql.transactionSync(() => {
        const found = writeRows(this.#sql, this.#hasher, this.#batch.rows(this.#counts))
        this.#batch.mark(this.#tree)
        const staysAt = withCoins || connected.length === 0 ? undefined : table.stay(connected[0]!.height - 1)
        if (withCoins) table.write()
        if (staysAt !== undefined) writeCoinsHeight(this.#sql, staysAt)
        this.#bip30.coinbases.write()
        return found
      }),
    )
    if (withCoins) table.written()
    this.#committedTip = this.#tip
    this.#bip30.coinbases.written()
    this.#written({ tip: this.#tip, nextTx: this.#nextTx, bodyIds: this.#batch.bodyIds }, damaged)
    if (this.#release) for (const bytes of this.#batch.bodiesBeside(this.#tip.id)) this.#release(bytes)
    this.#batch.clear()
  }

  /** Only what a download makes, and where it pays. */
  get #mayHandOver(): boolean {
    const { connected, reverted, bytes } = this.#batch
    const isDownload = reverted.length === 0 && !this.#table.isDue(true) && !this.#bip30.coinbases.isDirty
    return isDownload && this.#handed?.takes(connected.length, bytes) === true
  }

  #handOver(handed: HandedBatches): void {
    const batch = this.#batch
    const { bytes, connected } = batch
    const facts = {
      bodyIds: new Set(batch.bodyIds),
      connected: connected.map(blockRef),
      tip: this.#tip,
      nextTx: this.#nextTx,
      bytes,
    }
    this.#guarded(() => {
      const statuses = batch.note(this.#tree)
      const coinsHeight = this.#table.stay(connected[0]!.height - 1)
      handed.give(facts, { rows: batch.give(this.#tip.id, this.#counts), statuses, coinsHeight })
    })
  }

  /** What was handed over is in the store when this returns. */
  #settle(): void {
    this.#guarded(() => this.#handed?.settle())
  }

  /** The store has the blocks up to `tip`, and these bodies. */
  #written(
    { tip, nextTx, bodyIds }: { tip: HeaderNode; nextTx: number; bodyIds: Iterable<number> },
    damaged: ReadonlySet<number>,
  ): void {
    this.#heights.trim(tip.height)
    this.#bip30.coinbases.committed(nextTx)
    for (const id of damaged) this.#damaged.add(id)
    for (const id of bodyIds) this.#damaged.delete(id)
  }

  /** Back to what the store has. */
  #discard(): void {
    this.#steppedBytes = 0
    this.#batch.clear()
    this.#coins.cache.discard()
    this.#load()
  }

  #guarded<T>(fn: () => T): T {
    try {
      return fn()
    } catch (error) {
      this.#broken = true
      throw error
    }
  }

  #refuseBroken(): void {
    if (this.#broken) throw new Error('an earlier failure left this ledger ahead of its store: open it anew')
  }
}
