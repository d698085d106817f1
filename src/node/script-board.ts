import type { ScriptBlock, ScriptFailure, ScriptRunner } from '../ledger/script-checks.ts'

/** Words of the board: the block's round, stretches of its inputs that are taken and done, and how it is laid out. */
const ROUND = 0
const TAKEN = 1
const DONE = 2
/** Number of the first input that is known to fail. */
const FAILED = 3
/** Threads that may look at the block. */
const BUSY = 4
/** Counts the buffers that blocks were laid out in. */
const BUFFER = 5
const STRETCHES = 6
const STRETCH_INPUTS = 7
const TX_COUNT = 8
const BYTES = 9
const PREVOUTS = 10
const FLAGS = 11
const HAS_SKIP = 12
const WORDS = 13

/** In TAKEN where there is nothing to take. */
const NOTHING = 0x4000_0000
const NONE_FAILED = 0x7fff_ffff

/** Of a stretch: it is not done; it is; whoever took it could not do it. */
const OPEN = 0
const PASSED_OVER = 1
const RETURNED = 2

/** A block as threads share it, in one buffer. */
interface Laid extends ScriptBlock {
  /** By stretch. */
  state: Uint8Array<SharedArrayBuffer>
}

/**
 * What the ledger's thread and those that run scripts beside it know together. One block is laid out at a time, in a buffer
 * that all have; its inputs are taken a stretch at a time, by whoever has nothing to do. It is laid out while no thread is
 * looking: one that is late finds nothing to take, because TAKEN says so before anything else changes and is set last.
 */
export class ScriptBoard {
  readonly words: Int32Array<SharedArrayBuffer>
  /** The block's, as this thread sees it. */
  #laid: Laid | undefined

  constructor(words: Int32Array<SharedArrayBuffer> = new Int32Array(new SharedArrayBuffer(WORDS * 4))) {
    this.words = words
  }

  // ---- the ledger's side

  /** Takes back all that was not taken. */
  close(): void {
    Atomics.store(this.words, TAKEN, NOTHING)
  }

  /** Bytes of buffer that the block takes when laid out. */
  static size({ bytes, prevouts, digest }: ScriptBlock, stretchInputs: number): number {
    const { txCount, inputStart } = digest
    const stretches = Math.ceil((inputStart[txCount]! - inputStart[1]!) / stretchInputs)
    return layout(txCount, bytes.length, prevouts.length, stretches).size
  }

  /**
   * Lays a block out, after `close` and with no thread looking, and calls the threads. `isNew`: in a buffer that they have
   * been sent, but have not seen.
   */
  open(block: ScriptBlock, buffer: SharedArrayBuffer, stretchInputs: number, isNew: boolean): void {
    const { bytes, prevouts, digest, txAt, flags, skip } = block
    const { txCount, txStart, inputStart } = digest
    const { words } = this
    const stretches = Math.ceil((inputStart[txCount]! - inputStart[1]!) / stretchInputs)
    words[STRETCHES] = stretches
    words[STRETCH_INPUTS] = stretchInputs
    words[TX_COUNT] = txCount
    words[BYTES] = bytes.length
    words[PREVOUTS] = prevouts.length
    words[FLAGS] = flags
    words[HAS_SKIP] = skip ? 1 : 0
    words[FAILED] = NONE_FAILED
    words[DONE] = 0
    if (isNew) words[BUFFER]!++
    const laid = this.#view(buffer)
    laid.bytes.set(bytes)
    laid.prevouts.set(prevouts)
    laid.digest.txStart.set(txStart)
    laid.digest.inputStart.set(inputStart)
    laid.txAt.set(txAt)
    if (skip) laid.skip!.set(skip)
    laid.state.fill(OPEN)
    // The ledger's own thread has it in better memory.
    this.#laid = { ...block, state: laid.state }
    Atomics.store(words, TAKEN, 0)
    Atomics.add(words, ROUND, 1)
    Atomics.notify(words, ROUND)
  }

  /** Waits until no thread looks at a block; false when nothing changes for `giveUpMs`. */
  waitForRest(giveUpMs: number): boolean {
    return this.#waitFor(BUSY, (busy) => busy === 0, giveUpMs)
  }

  /** Waits until all stretches are done or returned; false when nothing changes for `giveUpMs`. */
  waitForEnd(giveUpMs: number): boolean {
    const stretches = this.words[STRETCHES]!
    return this.#waitFor(DONE, (done) => done >= stretches, giveUpMs)
  }

  /** Does what is not done, whoever has it, and says which input is the first that fails. */
  finish(runner: ScriptRunner): ScriptFailure | undefined {
    const { words } = this
    const laid = this.#laid!
    for (let stretch = 0; stretch < words[STRETCHES]!; stretch++) {
      if (Atomics.load(laid.state, stretch) !== PASSED_OVER) this.#run(runner, laid, stretch)
    }
    const input = Atomics.load(words, FAILED)
    this.#laid = undefined
    if (input === NONE_FAILED) return undefined
    // What a thread says is believed of no block before this one says so too.
    const failure = runner.run(laid, input, input + 1)
    if (!failure) throw new Error(`two threads do not agree on the script of input ${input}`)
    return failure
  }

  #waitFor(word: number, isIt: (value: number) => boolean, giveUpMs: number): boolean {
    for (;;) {
      const value = Atomics.load(this.words, word)
      if (isIt(value)) return true
      if (Atomics.wait(this.words, word, value, giveUpMs) === 'timed-out') return false
    }
  }

  // ---- the side of a thread that runs scripts

  /** Waits for a round after this one; which one it is. */
  waitForRound(round: number): number {
    Atomics.wait(this.words, ROUND, round)
    return Atomics.load(this.words, ROUND)
  }

  /** Takes part in the round. `bufferAt`: the buffer of that number, or of a later one; they are sent before they are used. */
  join(runner: ScriptRunner, bufferAt: (number: number) => SharedArrayBuffer): void {
    const { words } = this
    Atomics.add(words, BUSY, 1)
    try {
      const first = this.#take()
      if (first === undefined) return
      // Only now is it sure that a block is laid out, and stays.
      this.#laid = this.#view(bufferAt(Atomics.load(words, BUFFER)))
      this.#work(runner, first)
    } finally {
      this.#laid = undefined
      runner.forget()
      Atomics.sub(words, BUSY, 1)
      Atomics.notify(words, BUSY)
    }
  }

  // ---- both

  /** Takes stretches and runs them as long as there are any. */
  work(runner: ScriptRunner): void {
    this.#work(runner, this.#take())
  }

  #work(runner: ScriptRunner, first: number | undefined): void {
    const { words } = this
    const laid = this.#laid!
    for (let stretch = first; stretch !== undefined; stretch = this.#take()) {
      let state = RETURNED
      try {
        this.#run(runner, laid, stretch)
        state = PASSED_OVER
      } finally {
        Atomics.store(laid.state, stretch, state)
        Atomics.add(words, DONE, 1)
        Atomics.notify(words, DONE)
      }
    }
  }

  #take(): number | undefined {
    const { words } = this
    const stretch = Atomics.add(words, TAKEN, 1)
    return stretch < Atomics.load(words, STRETCHES) ? stretch : undefined
  }

  /** Inputs above one that fails need not run; all those below do, or the first would not be known. */
  #run(runner: ScriptRunner, laid: Laid, stretch: number): void {
    const { words } = this
    const { inputStart, txCount } = laid.digest
    const size = words[STRETCH_INPUTS]!
    const from = inputStart[1]! + stretch * size
    if (from > Atomics.load(words, FAILED)) return
    const failure = runner.run(laid, from, Math.min(from + size, inputStart[txCount]!))
    if (!failure) return
    for (let known = Atomics.load(words, FAILED); failure.input < known; ) {
      const was = Atomics.compareExchange(words, FAILED, known, failure.input)
      if (was === known) return
      known = was
    }
  }

  #view(buffer: SharedArrayBuffer): Laid {
    const { words } = this
    const txCount = words[TX_COUNT]!
    const [bytes, prevouts, stretches] = [words[BYTES]!, words[PREVOUTS]!, words[STRETCHES]!]
    const at = layout(txCount, bytes, prevouts, stretches)
    return {
      digest: {
        txCount,
        txStart: new Uint32Array(buffer, at.txStart, txCount + 1),
        inputStart: new Uint32Array(buffer, at.inputStart, txCount + 1),
      },
      txAt: new Uint32Array(buffer, at.txAt, txCount),
      bytes: new Uint8Array(buffer, at.bytes, bytes),
      prevouts: new Uint8Array(buffer, at.prevouts, prevouts),
      state: new Uint8Array(buffer, at.state, stretches),
      skip: words[HAS_SKIP] === 1 ? new Uint8Array(buffer, at.skip, txCount) : undefined,
      flags: words[FLAGS]!,
      toRun: 0,
    }
  }
}

/** Where the parts of a block lie: numbers of four bytes first. */
function layout(txCount: number, bytes: number, prevouts: number, stretches: number) {
  const txStart = 0
  const inputStart = txStart + 4 * (txCount + 1)
  const txAt = inputStart + 4 * (txCount + 1)
  const skip = txAt + 4 * txCount
  const state = skip + txCount
  const bytesAt = state + stretches
  const prevoutsAt = bytesAt + bytes
  return { txStart, inputStart, txAt, skip, state, bytes: bytesAt, prevouts: prevoutsAt, size: prevoutsAt + prevouts }
}
