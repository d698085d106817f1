/** Bytes of a WebAssembly module, put together by hand: as much of the format as `sha256-lanes.ts` needs. */
export class WasmCode {
  readonly #bytes: number[] = []

  get bytes(): readonly number[] {
    return this.#bytes
  }

  /** Instructions and other bytes, as they are. */
  put(...bytes: readonly number[]): this {
    this.#bytes.push(...bytes)
    return this
  }

  /** LEB128. */
  unsigned(value: number): this {
    let rest = value
    for (; rest >= 0x80; rest >>>= 7) this.#bytes.push((rest & 0x7f) | 0x80)
    this.#bytes.push(rest)
    return this
  }

  /** What is so many bytes long, behind its length. */
  sized(bytes: readonly number[]): this {
    this.unsigned(bytes.length)
    for (const byte of bytes) this.#bytes.push(byte)
    return this
  }

  get(local: number): this {
    return this.put(0x20).unsigned(local)
  }

  set(local: number): this {
    return this.put(0x21).unsigned(local)
  }

  /** i32.const */
  constant(value: number): this {
    this.put(0x41)
    let rest = value | 0
    for (;;) {
      const byte = rest & 0x7f
      rest >>= 7
      const isLast = (rest === 0 && !(byte & 0x40)) || (rest === -1 && (byte & 0x40) !== 0)
      this.#bytes.push(isLast ? byte : byte | 0x80)
      if (isLast) return this
    }
  }

  /** A memory access: the instruction, then where from the address on the stack. */
  at(op: readonly number[], offset: number): this {
    return this.put(...op, 0).unsigned(offset)
  }

  /** An instruction of the vector extension. */
  simd(op: number): this {
    return this.put(0xfd).unsigned(op)
  }

  /** i8x16.shuffle */
  shuffle(lanes: readonly number[]): this {
    return this.simd(0x0d).put(...lanes)
  }
}

/** Instructions without operands of their own. */
export const Op = {
  i32Add: 0x6a,
  i32Sub: 0x6b,
  i32And: 0x71,
  i32Or: 0x72,
  i32Shl: 0x74,
  i32ShrU: 0x76,
  i32LtU: 0x49,
  select: 0x1b,
  if: 0x04,
  else: 0x05,
  loop: 0x03,
  brIf: 0x0d,
  end: 0x0b,
  void: 0x40,
} as const

export const Simd = {
  splat: 0x11,
  and: 0x4e,
  or: 0x50,
  xor: 0x51,
  bitselect: 0x52,
  shl: 0xab,
  shrU: 0xad,
  add: 0xae,
} as const

export const Memory = {
  i32Load: [0x28],
  i32Store: [0x36],
  i32Store8: [0x3a],
  v128Load: [0xfd, 0x00],
  v128LoadSplat32: [0xfd, 0x09],
  v128Store: [0xfd, 0x0b],
} as const

export const ValueType = { i32: 0x7f, v128: 0x7b } as const

/** A module of one function `run`, which gives nothing back, and the memory `memory`. */
export function wasmModule(
  parameters: number,
  locals: readonly (readonly [count: number, type: number])[],
  body: WasmCode,
): Uint8Array<ArrayBuffer> {
  const section = (id: number, content: WasmCode) => new WasmCode().put(id).sized(content.bytes).bytes
  const name = (text: string) => new WasmCode().sized([...text].map((letter) => letter.charCodeAt(0))).bytes
  const declared = new WasmCode().unsigned(locals.length)
  for (const [count, type] of locals) declared.unsigned(count).put(type)
  const code = new WasmCode().put(...declared.bytes)
  for (const byte of body.bytes) code.put(byte)
  code.put(Op.end)
  const module = new WasmCode().put(0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0)
  const sections = [
    section(1, new WasmCode().put(1, 0x60).sized(Array(parameters).fill(ValueType.i32)).put(0)),
    section(3, new WasmCode().put(1, 0)),
    section(5, new WasmCode().put(1, 0, 1)),
    section(7, new WasmCode().put(2, ...name('run'), 0, 0, ...name('memory'), 2, 0)),
    section(10, new WasmCode().put(1).sized(code.bytes)),
  ]
  for (const each of sections) for (const byte of each) module.put(byte)
  return Uint8Array.from(module.bytes)
}

export interface WasmMemory {
  readonly buffer: ArrayBuffer
  /** By pages of 64 KiB. */
  grow(pages: number): number
}

export interface WasmExports<Run> {
  memory: WasmMemory
  run: Run
}

interface Engine {
  Module: new (bytes: Uint8Array) => object
  Instance: new (module: object) => { exports: unknown }
}

/** Of what `wasmModule` made. */
export function instantiate<Run>(module: Uint8Array<ArrayBuffer>): WasmExports<Run> {
  const { Module, Instance } = (globalThis as unknown as { WebAssembly: Engine }).WebAssembly
  return new Instance(new Module(module)).exports as WasmExports<Run>
}
