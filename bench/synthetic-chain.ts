import type { Network } from '../src/chain/network.ts'
import { nodeHasher } from '../src/node/hasher.ts'
import { concatBytes } from '../src/wire/hash.ts'

type Bytes = Uint8Array<ArrayBuffer>

export interface ChainShape {
  /** Blocks with nothing but a coinbase, in front: what the others spend comes from them. */
  empty: number
  /** Blocks with transactions. */
  full: number
  /** Transactions of such a block. */
  txs: [from: number, to: number]
  seed?: number
}

/** An output to spend: where it is, what it is worth, and which kind of script guards it. */
interface Coin {
  txid: Bytes
  vout: number
  value: number
  kind: Kind
}

const KINDS = ['p2wpkh', 'p2tr', 'p2pkh', 'p2sh-p2wpkh'] as const
type Kind = (typeof KINDS)[number]

/**
 * A chain for a network without retargeting whose blocks pass every check but that of scripts: signatures and keys are
 * random bytes of the right length. The same shape and seed give the same bytes.
 */
export function* syntheticChain(network: Network, shape: ChainShape): Generator<Bytes> {
  const random = xorshift(shape.seed ?? 1)
  const coins: Coin[] = []
  const young: Coin[][] = []
  let prev: Uint8Array = network.genesisHash
  let time = readU32(network.genesis, 68)
  const keys = Array.from({ length: 5000 }, () => randomBytes(random, 20))
  for (let height = 1; height <= shape.empty + shape.full; height++) {
    const [from, to] = height > shape.empty ? shape.txs : [0, 0]
    const count = from + Math.floor(random() * (to - from + 1))
    const txs: Bytes[] = []
    const ids: Bytes[] = []
    const wtxids: Bytes[] = [new Uint8Array(32)]
    let fees = 0
    for (let i = 0; i < count && coins.length > 0; i++) {
      const tx = makeTransaction(random, coins, keys)
      txs.push(tx.bytes)
      ids.push(tx.txid)
      wtxids.push(tx.wtxid)
      fees += tx.fee
    }
    const subsidy = Math.floor(50e8 / 2 ** Math.floor(height / network.halvingInterval))
    const coinbase = makeCoinbase(height, subsidy + fees, txs.length > 0 ? merkleRoot(wtxids) : undefined)
    young.push(coinbase.coins)
    if (young.length > 100) coins.push(...young.shift()!)
    time += 600
    const header = mine(network, prev, merkleRoot([coinbase.txid, ...ids]), time)
    prev = nodeHasher.sha256d(header)
    yield concatBytes(header, compactSize(txs.length + 1), coinbase.bytes, ...txs)
  }
}

function makeTransaction(random: () => number, coins: Coin[], keys: Bytes[]) {
  const inputs = Array.from({ length: Math.min(coins.length, 1 + Math.floor(random() ** 2 * 6)) }, () => {
    const at = Math.floor(random() * coins.length)
    const coin = coins[at]!
    coins[at] = coins.at(-1)!
    coins.pop()
    return coin
  })
  let value = inputs.reduce((sum, coin) => sum + coin.value, 0)
  const fee = Math.min(value, 500 + Math.floor(random() * 5000))
  value -= fee
  const few = 1 + Math.floor(random() ** 3 * 6)
  const count = coins.length < 20_000 ? few + 2 : few
  const outputs = Array.from({ length: count }, (_, i) => {
    const share = i === count - 1 ? value : Math.floor(value * random() * 0.5)
    value -= share
    const kind = KINDS[Math.floor(random() * KINDS.length)]!
    return { value: share, kind, script: scriptOf(kind, keys[Math.floor(random() ** 2 * keys.length)]!, random) }
  })
  const head: Bytes[] = [u32(2)]
  const body: Bytes[] = [compactSize(inputs.length)]
  const witness: Bytes[] = []
  for (const { txid, vout, kind } of inputs) {
    const sig = kind === 'p2pkh' ? concatBytes(push(randomBytes(random, 71)), push(randomBytes(random, 33))) : nothing
    const scriptSig = kind === 'p2sh-p2wpkh' ? push(concatBytes(Uint8Array.of(0, 20), randomBytes(random, 20))) : sig
    body.push(txid, u32(vout), compactSize(scriptSig.length), scriptSig, u32(0xfffffffd))
    if (kind === 'p2tr') witness.push(Uint8Array.of(1), push(randomBytes(random, 64)))
    else if (kind === 'p2pkh') witness.push(Uint8Array.of(0))
    else witness.push(Uint8Array.of(2), push(randomBytes(random, 71)), push(randomBytes(random, 33)))
  }
  body.push(compactSize(outputs.length))
  for (const out of outputs) body.push(u64(out.value), compactSize(out.script.length), out.script)
  const stripped = concatBytes(...head, ...body, u32(0))
  const hasWitness = inputs.some((coin) => coin.kind !== 'p2pkh')
  const bytes = hasWitness ? concatBytes(...head, Uint8Array.of(0, 1), ...body, ...witness, u32(0)) : stripped
  const txid = nodeHasher.sha256d(stripped)
  const wtxid = hasWitness ? nodeHasher.sha256d(bytes) : txid
  outputs.forEach(({ value, kind }, vout) => {
    if (value > 2000) coins.push({ txid, vout, value, kind })
  })
  return { bytes, txid, wtxid, fee }
}

function makeCoinbase(height: number, value: number, witnessRoot: Bytes | undefined) {
  const number = height <= 16 ? Uint8Array.of(0x50 + height) : push(heightBytes(height))
  const scriptSig = concatBytes(number, push(u32(height)))
  const script = scriptOf('p2wpkh', nodeHasher.sha256(u32(height)).slice(0, 20), Math.random)
  // Cut into pieces, so that there is something to spend early.
  const share = Math.floor(value / 20)
  const amounts = Array.from({ length: 20 }, (_, i) => (i === 19 ? value - share * 19 : share))
  const outputs = amounts.map((amount) => concatBytes(u64(amount), compactSize(script.length), script))
  if (witnessRoot) {
    const commitment = nodeHasher.sha256d(concatBytes(witnessRoot, new Uint8Array(32)))
    outputs.push(concatBytes(u64(0), Uint8Array.of(38, 0x6a, 0x24, 0xaa, 0x21, 0xa9, 0xed), commitment))
  }
  const input = [Uint8Array.of(1), new Uint8Array(32), u32(0xffffffff), compactSize(scriptSig.length), scriptSig]
  const body = [...input, u32(0xffffffff), compactSize(outputs.length), ...outputs]
  const stripped = concatBytes(u32(2), ...body, u32(0))
  const nonce = concatBytes(Uint8Array.of(1, 32), new Uint8Array(32))
  const bytes = witnessRoot ? concatBytes(u32(2), Uint8Array.of(0, 1), ...body, nonce, u32(0)) : stripped
  const txid = nodeHasher.sha256d(stripped)
  return { bytes, txid, coins: amounts.map((amount, vout): Coin => ({ txid, vout, value: amount, kind: 'p2wpkh' })) }
}

function scriptOf(kind: Kind, key: Bytes, random: () => number): Bytes {
  if (kind === 'p2wpkh') return concatBytes(Uint8Array.of(0, 20), key)
  if (kind === 'p2tr') return concatBytes(Uint8Array.of(0x51, 32), randomBytes(random, 12), key)
  if (kind === 'p2pkh') return concatBytes(Uint8Array.of(0x76, 0xa9, 20), key, Uint8Array.of(0x88, 0xac))
  return concatBytes(Uint8Array.of(0xa9, 20), key, Uint8Array.of(0x87))
}

function mine(network: Network, prev: Uint8Array, root: Bytes, time: number): Bytes {
  const header = concatBytes(u32(0x20000000), prev, root, u32(time), u32(network.powLimitBits), u32(0))
  const view = new DataView(header.buffer)
  for (let nonce = 0; ; nonce++) {
    view.setUint32(76, nonce, true)
    // The easiest target of a regtest: the top bit is clear.
    if (nodeHasher.sha256d(header)[31]! < 0x80) return header
  }
}

function merkleRoot(hashes: Bytes[]): Bytes {
  let level = hashes
  while (level.length > 1) {
    const next: Bytes[] = []
    for (let i = 0; i < level.length; i += 2)
      next.push(nodeHasher.sha256d(concatBytes(level[i]!, level[i + 1] ?? level[i]!)))
    level = next
  }
  return level[0]!
}

const nothing = new Uint8Array(0)

function push(bytes: Bytes): Bytes {
  return concatBytes(Uint8Array.of(bytes.length), bytes)
}

function compactSize(value: number): Bytes {
  if (value < 253) return Uint8Array.of(value)
  return Uint8Array.of(253, value & 255, value >>> 8)
}

function u32(value: number): Bytes {
  return Uint8Array.of(value & 255, (value >>> 8) & 255, (value >>> 16) & 255, value >>> 24)
}

function u64(value: number): Bytes {
  return concatBytes(u32(value >>> 0), u32(Math.floor(value / 2 ** 32)))
}

function heightBytes(height: number): Bytes {
  const bytes: number[] = []
  for (let rest = height; rest > 0; rest >>>= 8) bytes.push(rest & 255)
  if (bytes.at(-1)! & 0x80) bytes.push(0)
  return Uint8Array.from(bytes)
}

function readU32(bytes: Uint8Array, at: number): number {
  return new DataView(bytes.buffer, bytes.byteOffset).getUint32(at, true)
}

function randomBytes(random: () => number, length: number): Bytes {
  const bytes = new Uint8Array(length)
  for (let i = 0; i < length; i++) bytes[i] = random() * 256
  return bytes
}

function xorshift(seed: number): () => number {
  let state = seed | 1
  return () => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return (state >>> 0) / 2 ** 32
  }
}
