import { instantiate, Memory, Op, Simd, ValueType, WasmCode, type WasmExports, wasmModule } from './wasm-code.ts'

/** Messages that go side by side: the 32-bit words of a vector. */
export const LANES = 4

/** Where things lie in the memory of the module. */
export const Layout = {
  /** The round constants, 64 words. */
  constants: 0,
  /** By lane the last two blocks of its message, padded. */
  tails: 256,
  /** Free for whoever calls: jobs, messages, hashes. */
  free: 1024,
} as const

/** Bytes of a job: where a message begins, its length, where its hash goes; u32 each. `LANES` jobs are a group. */
export const JOB = 12

const TAIL = 128
const BLOCK = 64
const WORDS = 16
const ROUNDS = 64

/** The first 32 bits of the fractional parts of the square roots (initial state) and cube roots (constants) of primes. */
const { initial, constants } = rootsOfPrimes()

/**
 * SHA-256 of four messages at a time as WebAssembly, by FIPS 180-4: the same step is done to a word of each with one vector
 * instruction. `run(jobs, groups, blocks, again)` hashes so many groups of messages that all are `blocks` blocks long when
 * padded, and their hashes once more if `again` is 1. It reads up to 64 bytes past a message.
 */
export function sha256Lanes(): WasmExports<LanesFunction> {
  const locals = [
    [INTS, ValueType.i32],
    [VECTORS, ValueType.v128],
  ] as const
  const exports = instantiate<LanesFunction>(wasmModule(PARAMETERS, locals, program()))
  new Uint32Array(exports.memory.buffer, Layout.constants, ROUNDS).set(constants)
  return exports
}

export type LanesFunction = (jobs: number, groups: number, blocks: number, again: number) => void

// Locals: parameters, then numbers, then vectors.
const PARAMETERS = 4
const [JOBS, GROUPS, BLOCKS, AGAIN] = [0, 1, 2, 3]
const BLOCK_AT = 4
/** By lane: where its message begins, how many of its blocks are whole, where the block at hand lies. */
const [MESSAGE, WHOLE, FROM] = [5, 9, 13]
const LENGTH = 17
const INTS = 14
const FIRST_VECTOR = PARAMETERS + INTS
/** The state before the block, the working variables a to h, and the last 16 words of the schedule. */
const [STATE, WORKING, SCHEDULE] = [FIRST_VECTOR, FIRST_VECTOR + 8, FIRST_VECTOR + 16]
const SCRATCH = FIRST_VECTOR + 32
const VECTORS = 36

function program(): WasmCode {
  const code = new WasmCode()
  code.put(Op.loop, Op.void)
  for (let lane = 0; lane < LANES; lane++) takeJob(code, lane)
  for (let i = 0; i < 8; i++) splat(code, initial[i]!).set(STATE + i)
  code.constant(0).set(BLOCK_AT)
  code.put(Op.loop, Op.void)
  code.get(BLOCK_AT).get(BLOCKS).put(Op.i32LtU, Op.if, Op.void)
  loadBlocks(code)
  code.put(Op.else)
  takeHashes(code)
  code.put(Op.end)
  compress(code)
  code.get(BLOCK_AT).constant(1).put(Op.i32Add).set(BLOCK_AT)
  code.get(BLOCK_AT).get(BLOCKS).get(AGAIN).put(Op.i32Add, Op.i32LtU, Op.brIf, 0, Op.end)
  giveHashes(code)
  code
    .get(JOBS)
    .constant(JOB * LANES)
    .put(Op.i32Add)
    .set(JOBS)
  code.get(GROUPS).constant(1).put(Op.i32Sub).set(GROUPS)
  code.constant(0).get(GROUPS).put(Op.i32LtU, Op.brIf, 0, Op.end)
  return code
}

/** Reads a job and pads the end of its message. */
function takeJob(code: WasmCode, lane: number): void {
  const tail = Layout.tails + lane * TAIL
  code
    .get(JOBS)
    .at(Memory.i32Load, lane * JOB)
    .set(MESSAGE + lane)
  code
    .get(JOBS)
    .at(Memory.i32Load, lane * JOB + 4)
    .set(LENGTH)
  code
    .get(LENGTH)
    .constant(6)
    .put(Op.i32ShrU)
    .set(WHOLE + lane)
  for (let at = 0; at < TAIL; at += 16) {
    code.constant(tail + at)
    splat(code, 0).at(Memory.v128Store, 0)
  }
  // memory.copy
  code
    .constant(tail)
    .get(MESSAGE + lane)
    .get(WHOLE + lane)
    .constant(6)
    .put(Op.i32Shl, Op.i32Add)
  code
    .get(LENGTH)
    .constant(BLOCK - 1)
    .put(Op.i32And, 0xfc, 0x0a, 0, 0)
  code
    .get(LENGTH)
    .constant(BLOCK - 1)
    .put(Op.i32And)
    .constant(0x80)
    .at(Memory.i32Store8, tail)
  // The length in bits, big-endian, ends the last block.
  code
    .get(BLOCKS)
    .get(WHOLE + lane)
    .put(Op.i32Sub)
    .constant(6)
    .put(Op.i32Shl)
  code.get(LENGTH).constant(5).put(Op.i32ShrU).constant(0xff00).put(Op.i32And)
  code.get(LENGTH).constant(21).put(Op.i32ShrU).constant(0xff).put(Op.i32And, Op.i32Or)
  code.get(LENGTH).constant(11).put(Op.i32Shl).constant(0xff_0000).put(Op.i32And, Op.i32Or)
  code.get(LENGTH).constant(27).put(Op.i32Shl, Op.i32Or)
  code.at(Memory.i32Store, tail - 4)
}

/** The block at hand of each message, word by word. */
function loadBlocks(code: WasmCode): void {
  for (let lane = 0; lane < LANES; lane++) {
    const offset = (from: number) => code.get(BLOCK_AT).get(from).put(Op.i32Sub).constant(6).put(Op.i32Shl)
    code
      .get(MESSAGE + lane)
      .get(BLOCK_AT)
      .constant(6)
      .put(Op.i32Shl, Op.i32Add)
    code.constant(Layout.tails + lane * TAIL)
    offset(WHOLE + lane).put(Op.i32Add)
    code
      .get(BLOCK_AT)
      .get(WHOLE + lane)
      .put(Op.i32LtU, Op.select)
      .set(FROM + lane)
  }
  for (let word = 0; word < WORDS; word += LANES) {
    const load = (lane: number) => code.get(FROM + lane).at(Memory.v128Load, word * 4)
    for (const [pair, a, b] of [
      [0, 0, 1],
      [2, 2, 3],
    ] as const) {
      for (const half of [0, 1]) {
        load(a)
        load(b)
        code.shuffle(bigEndianPairs(half)).set(SCRATCH + pair + half)
      }
    }
    for (let i = 0; i < LANES; i++) {
      const half = i >> 1
      code
        .get(SCRATCH + half)
        .get(SCRATCH + 2 + half)
        .shuffle(halves(i & 1))
        .set(SCHEDULE + word + i)
    }
  }
}

/** The hashes are the next message, one block each. */
function takeHashes(code: WasmCode): void {
  for (let i = 0; i < 8; i++) {
    code.get(STATE + i).set(SCHEDULE + i)
    splat(code, initial[i]!).set(STATE + i)
  }
  splat(code, 0x8000_0000).set(SCHEDULE + 8)
  for (let i = 9; i < 15; i++) splat(code, 0).set(SCHEDULE + i)
  splat(code, 256).set(SCHEDULE + 15)
}

function compress(code: WasmCode): void {
  for (let i = 0; i < 8; i++) code.get(STATE + i).set(WORKING + i)
  for (let round = 0; round < ROUNDS; round++) {
    const word = SCHEDULE + (round % WORDS)
    const earlier = (distance: number) => SCHEDULE + ((round + WORDS - distance) % WORDS)
    if (round >= WORDS) {
      code.get(word)
      small(code, earlier(15), 7, 18, 3).simd(Simd.add)
      code.get(earlier(7)).simd(Simd.add)
      small(code, earlier(2), 17, 19, 10).simd(Simd.add).set(word)
    }
    // The variables keep their places; their names move on by one each round.
    const [a, b, c, d, e, f, g, h] = Array.from({ length: 8 }, (_, i) => WORKING + ((i + ROUNDS - round) % 8)) as Eight
    code.get(h)
    big(code, e, 6, 11, 25).simd(Simd.add)
    code.get(f).get(g).get(e).simd(Simd.bitselect).simd(Simd.add)
    code
      .get(word)
      .constant(Layout.constants)
      .at(Memory.v128LoadSplat32, round * 4)
      .simd(Simd.add)
      .simd(Simd.add)
      .set(SCRATCH)
    code.get(d).get(SCRATCH).simd(Simd.add).set(d)
    // The majority: where a and b differ it is c.
    code.get(SCRATCH)
    big(code, a, 2, 13, 22).simd(Simd.add)
    code.get(c).get(a).get(a).get(b).simd(Simd.xor).simd(Simd.bitselect).simd(Simd.add).set(h)
  }
  for (let i = 0; i < 8; i++)
    code
      .get(STATE + i)
      .get(WORKING + i)
      .simd(Simd.add)
      .set(STATE + i)
}

type Eight = [number, number, number, number, number, number, number, number]

function giveHashes(code: WasmCode): void {
  for (const first of [0, 4]) {
    for (const [pair, a, b] of [
      [0, 0, 1],
      [2, 2, 3],
    ] as const) {
      for (const half of [0, 1]) {
        code
          .get(STATE + first + a)
          .get(STATE + first + b)
          .shuffle(bigEndianPairs(half))
          .set(SCRATCH + pair + half)
      }
    }
    for (let lane = 0; lane < LANES; lane++) {
      const half = lane >> 1
      code.get(JOBS).at(Memory.i32Load, lane * JOB + 8)
      code
        .get(SCRATCH + half)
        .get(SCRATCH + 2 + half)
        .shuffle(halves(lane & 1))
        .at(Memory.v128Store, first * 4)
    }
  }
}

/** Of two vectors the first (or last) two words, by turns, with their bytes turned around. */
function bigEndianPairs(half: number): number[] {
  const word = (n: number) => [3, 2, 1, 0].map((byte) => n * 4 + byte)
  return [2 * half, 4 + 2 * half, 2 * half + 1, 5 + 2 * half].flatMap(word)
}

/** The first (or last) halves of two vectors. */
function halves(which: number): number[] {
  return Array.from({ length: 16 }, (_, i) => (i < 8 ? i : i + 8) + which * 8)
}

function rotated(code: WasmCode, local: number, by: number): WasmCode {
  code.get(local).constant(by).simd(Simd.shrU)
  return code
    .get(local)
    .constant(32 - by)
    .simd(Simd.shl)
    .simd(Simd.or)
}

/** Three rotations, added without carry. */
function big(code: WasmCode, local: number, a: number, b: number, c: number): WasmCode {
  rotated(code, local, a)
  rotated(code, local, b).simd(Simd.xor)
  return rotated(code, local, c).simd(Simd.xor)
}

/** Two rotations and a shift. */
function small(code: WasmCode, local: number, a: number, b: number, shift: number): WasmCode {
  rotated(code, local, a)
  rotated(code, local, b).simd(Simd.xor)
  return code.get(local).constant(shift).simd(Simd.shrU).simd(Simd.xor)
}

function splat(code: WasmCode, value: number): WasmCode {
  return code.constant(value).simd(Simd.splat)
}

/** Exact: integer roots of the primes scaled by 2^64 and 2^96. */
function rootsOfPrimes(): { initial: Uint32Array; constants: Uint32Array } {
  const primes: bigint[] = []
  for (let n = 2n; primes.length < ROUNDS; n++) if (primes.every((prime) => n % prime !== 0n)) primes.push(n)
  const fraction = (prime: bigint, power: bigint) => Number(root(prime << (32n * power), power) & 0xffff_ffffn)
  return {
    initial: Uint32Array.from(primes.slice(0, 8), (prime) => fraction(prime, 2n)),
    constants: Uint32Array.from(primes, (prime) => fraction(prime, 3n)),
  }
}

/** The largest whole number whose power is not above `value`. */
function root(value: bigint, power: bigint): bigint {
  let low = 0n
  let high = 1n << 40n
  while (low < high) {
    const middle = (low + high + 1n) >> 1n
    if (middle ** power <= value) low = middle
    else high = middle - 1n
  }
  return low
}
