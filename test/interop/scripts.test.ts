import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { opReturn, P2A, p2wshOf, script } from '../../src/script/build.ts'
import { OP } from '../../src/script/opcodes.ts'
import { SCRIPT_ERROR_TEXT } from '../../src/script/script-error.ts'
import { encode } from '../../src/wire/codec.ts'
import { bytesToHex, fromDisplay, toDisplay } from '../../src/wire/hash.ts'
import { parseTransaction, type TxOut, transaction } from '../../src/wire/transaction.ts'
import { poll } from '../poll.ts'
import type { Program } from '../program.ts'
import { BROKEN_FORMS, BROKEN_SCRIPTS, type Broken, badSignatures } from '../script/broken-spends.ts'
import {
  KINDS as ALL,
  HASH_TYPES,
  type Kind,
  type SpendableCoin,
  type SpendPlan,
  spendKinds,
} from '../script/spends.ts'
import { SeededRandom } from '../sim/random.ts'
import { describeNodes, Litecoind } from './litecoind.ts'
import { mempoolOf, removeAll, startRelay, waitForTip } from './sides.ts'

const SEED = Number(process.env.CAUSEWAY_SEED ?? Date.now() % 1e9)
/** Random transactions, half of which go each way. */
const RANDOM = 300
const COINS_EACH = 45
const VALUE = 1_000_000
const FEE_PER_INPUT = 2000
const COIN = 100_000_000

describeNodes('scripts between a relay and a node', (program) => {
  const isLitecoin = program.network === 'litecoin-regtest'
  const kinds = Object.entries(ALL)
  let node: Litecoind
  let relay: Program
  /** Confirmed outputs of each kind that nothing spends, and one of each that is only tried. */
  const coins = new Map<Kind, SpendableCoin[]>()
  const tried = new Map<Kind, SpendableCoin>()
  const broken: Broken[] = [
    ...kinds.flatMap(([name, kind]) => badSignatures(name, kind)),
    ...BROKEN_SCRIPTS,
    ...BROKEN_FORMS,
  ]

  beforeAll(async () => {
    // Litecoin Core relays anything in regtest unless told otherwise; with this it is as strict as elsewhere.
    node = await Litecoind.start({ program, args: ['-whitelist=noban@127.0.0.1', '-acceptnonstdtxn=0'] })
    await fund()
    relay = await startRelay(program, node)
    await waitForTip(relay, node)
  })
  afterAll(() => removeAll(node, relay))

  /** Mines outputs of every kind, also of those that nobody would relay. */
  async function fund(): Promise<void> {
    const purse = ALL.p2wpkh!
    const mined = await node.mine(1, bytesToHex(purse.script))
    await node.mine(100)
    const odd = new Set(broken.map(({ kind }) => kind))
    const others = [...odd].filter((kind) => !kinds.some(([, each]) => each === kind))
    others.push(ANCHOR)
    const made = [...kinds.flatMap(([, kind]) => Array<Kind>(COINS_EACH + 1).fill(kind)), ...others]
    const { tx } = await node.rpc<{ tx: { txid: string; vout: { value: number }[] }[] }>('getblock', [mined[0], 2])
    const valueSat = Math.round(tx[0]!.vout[0]!.value * COIN)
    const coin = { txid: fromDisplay(tx[0]!.txid), vout: 0, valueSat, kind: purse }
    const outputs = made.map(({ script }): TxOut => ({ value: BigInt(VALUE), scriptPubKey: script }))
    const rest = valueSat - made.length * VALUE - 500_000
    outputs.push({ value: BigInt(rest), scriptPubKey: purse.script })
    const raw = encode(transaction, spendKinds({ coins: [coin], outputs }))
    await node.rpc('generateblock', ['raw(51)', [bytesToHex(raw)]])
    await node.mine(5)
    const { txid } = parseTransaction(raw)
    for (const [vout, kind] of made.entries()) {
      const each: SpendableCoin = { txid, vout, valueSat: VALUE, kind }
      if (!tried.has(kind)) tried.set(kind, each)
      else coins.set(kind, [...(coins.get(kind) ?? []), each])
    }
  }

  /** What each says of a transaction, without taking it: nothing where it would. */
  async function verdicts(raw: Uint8Array): Promise<{ ours: string | undefined; theirs: string | undefined }> {
    const hex = bytesToHex(raw)
    const [response, [theirs]] = await Promise.all([
      relay.fetch('/api/txs/test?maxfeerate=0', { method: 'POST', body: JSON.stringify([hex]) }),
      node.rpc<Verdict[]>('testmempoolaccept', [[hex], 0]),
    ])
    const [ours] = (await response.json()) as Verdict[]
    return { ours: reasonOf(ours!), theirs: reasonOf(theirs!) }
  }

  async function hasAll(side: Program | Litecoind, txids: readonly string[]): Promise<void> {
    await poll('it has all of them', async () => {
      const held = new Set(await mempoolOf(side))
      return txids.every((txid) => held.has(txid))
    })
  }

  /** Hands half of them to the relay and half to the node; each has all in the end. */
  async function sendBothWays(raws: readonly Uint8Array[]): Promise<void> {
    const txids = raws.map((raw) => toDisplay(parseTransaction(raw).txid))
    for (const [i, raw] of raws.entries()) {
      const hex = bytesToHex(raw)
      if (i % 2 === 0) {
        const response = await relay.fetch('/api/tx', { method: 'POST', body: hex })
        expect(await response.text(), `seed ${SEED}`).toBe(txids[i])
      } else expect(await node.rpc('sendrawtransaction', [hex, 0])).toBe(txids[i])
    }
    for (const side of [relay, node]) await hasAll(side, txids)
  }

  test.each(kinds)('%s is taken by both, whatever its signatures cover', async (_, kind) => {
    for (const hashType of HASH_TYPES[kind.signs]) {
      const raw = make({ coins: [tried.get(kind)!], signing: [{ hashType }] })
      expect(await verdicts(raw)).toEqual({ ours: undefined, theirs: undefined })
    }
  })

  describe('what both refuse', () => {
    test.each(broken.map((each) => [each.name, each] as const))('%s', async (_, { kind, why, plan }) => {
      const { ours, theirs } = await verdicts(make({ coins: [tried.get(kind)!], ...plan }))
      expect(ours).toBe(typeof why === 'string' ? SCRIPT_ERROR_TEXT[why] : why.reason)
      expect(theirs).toBe(isLitecoin ? asLitecoinSays(ours!) : ours)
    })
  })

  test(`${RANDOM} random transactions go both ways (seed ${SEED})`, async () => {
    console.log(`interop: random scripts of seed ${SEED} (CAUSEWAY_SEED)`)
    const random = new SeededRandom(SEED)
    const first = Array.from({ length: RANDOM * 0.75 }, () => randomSpend(random, () => takeCoin(random)))
    await sendBothWays(first)
    // These spend what waits itself.
    const waiting = first.flatMap(outputsOf)
    const second = Array.from({ length: RANDOM * 0.25 }, () =>
      randomSpend(random, () =>
        random.chance(0.7) && waiting.length > 0
          ? waiting.splice(random.below(waiting.length), 1)[0]!
          : takeCoin(random),
      ),
    )
    await sendBothWays(second)
    expect(await mempoolOf(relay)).toEqual(await mempoolOf(node))
    const [hashHex] = await node.mine(1)
    await waitForTip(relay, hashHex!)
    expect([await mempoolOf(relay), await mempoolOf(node)]).toEqual([[], []])
  })

  /** What its age of policy makes Litecoin Core 0.21 say otherwise; a present Bitcoin Core agrees with us in all. */
  const differences: [string, () => Uint8Array, ours: string | undefined, theirs: string | undefined][] = [
    // Until 30, Bitcoin Core let 83 bytes of data pass, in one output.
    ['100 bytes of data', () => make({ ...one(), outputs: [OUTPUT, data(100)] }), undefined, 'scriptpubkey'],
    [
      'two outputs of data',
      () => make({ ...one(), outputs: [OUTPUT, data(9), data(9)] }),
      undefined,
      'multi-op-return',
    ],
    // BIP 431 came with 28.
    ['version 3', () => make({ ...one(), version: 3 }), undefined, 'version'],
    // Anchors have been spendable since 28.
    ['a spend of an anchor', () => make({ coins: [tried.get(ANCHOR)!] }), undefined, 'bad-txns-nonstandard-inputs'],
    // Since 25 transactions may be of 65 bytes instead of 82.
    ['a small one', small, undefined, 'tx-size-small'],
    // Since 30 a tenth of the former fee is asked for.
    [
      'a fee of 300 sat/kvB',
      () => make({ ...one(), outputs: [{ ...OUTPUT, value: 999_960n }] }),
      undefined,
      'min relay fee not met',
    ],
  ]
  test.each(differences)('%s is judged as its age would', async (_, makeTx, ours, theirs) => {
    expect(await verdicts(makeTx())).toEqual({ ours, theirs: isLitecoin ? theirs : ours })
  })

  function one() {
    return { coins: [tried.get(ALL.p2wpkh!)!] }
  }

  /** 65 bytes without its witness: an anchor's worth of output. */
  function small(): Uint8Array {
    return make({ ...one(), outputs: [{ value: 998_000n, scriptPubKey: new Uint8Array([OP.OP_1, 3, 1, 2, 3]) }] })
  }

  function takeCoin(random: SeededRandom): SpendableCoin {
    const [, kind] = random.pick(kinds.filter(([, kind]) => (coins.get(kind)?.length ?? 0) > 0))
    return coins.get(kind)!.pop()!
  }

  function randomSpend(random: SeededRandom, take: () => SpendableCoin): Uint8Array {
    const spent = Array.from({ length: 1 + random.below(3) }, take)
    const count = 1 + random.below(3)
    const worth = spent.reduce((sum, { valueSat }) => sum + valueSat, 0)
    const each = Math.floor((worth - FEE_PER_INPUT * (spent.length + count)) / count)
    const outputs = Array.from({ length: count }, (): TxOut => {
      const [, { script }] = random.pick(kinds)
      return { value: BigInt(each), scriptPubKey: script }
    })
    if (random.chance(0.2)) outputs.push({ value: 0n, scriptPubKey: opReturn(random.bytes(1 + random.below(75))) })
    const signing = spent.map(({ kind }, i) => {
      // Of an output that is not there a SINGLE signature covers nothing, or is none.
      const types = HASH_TYPES[kind.signs].filter((type) => (type & 0x1f) !== 3 || i < outputs.length)
      return { hashType: random.pick(types) }
    })
    return make({ coins: spent, outputs, signing, version: hasAge(spent) ? 2 : 1 + random.below(2) })
  }
})

const OUTPUT: TxOut = { value: 900_000n, scriptPubKey: p2wshOf(script(OP.OP_1)) }
const ANCHOR: Kind = { script: P2A, signs: 'none', unlock: () => ({ scriptSig: new Uint8Array(0), witness: [] }) }

interface Verdict {
  allowed: boolean
  'reject-reason'?: string | null
}

function make(plan: Pick<SpendPlan, 'coins'> & Partial<SpendPlan>): Uint8Array {
  return encode(transaction, spendKinds({ outputs: [OUTPUT], ...plan }))
}

function data(length: number): TxOut {
  return { value: 0n, scriptPubKey: opReturn(new Uint8Array(length)) }
}

function hasAge(coins: readonly SpendableCoin[]): boolean {
  return coins.some(({ kind }) => kind.sequence !== undefined)
}

/** What can be spent before a block has it: no locks of age. */
function outputsOf(raw: Uint8Array): SpendableCoin[] {
  const { tx, txid } = parseTransaction(raw)
  const byScript = new Map(Object.values(ALL).map((kind) => [bytesToHex(kind.script), kind]))
  return tx.outputs.flatMap(({ value, scriptPubKey }, vout) => {
    const kind = byScript.get(bytesToHex(scriptPubKey))
    const isAged = kind?.sequence !== undefined && kind.sequence < 1000
    return kind && !isAged ? [{ txid, vout, valueSat: Number(value), kind }] : []
  })
}

/** Without what says whose rule it is: until 29 Core told rules of blocks from those of relay only. */
function reasonOf({ allowed, 'reject-reason': reason }: Verdict): string | undefined {
  if (allowed) return undefined
  const [, text] = /^(?:non-)?(?:mandatory|mempool)-script-verify-flag(?:-failed)? \((.*)\)$/.exec(reason!) ?? []
  return text ?? reason!
}

/** What 0.21 says where Core has found clearer words since. */
function asLitecoinSays(reason: string): string {
  return OLD_WORDS.get(reason) ?? reason
}

const OLD_WORDS: ReadonlyMap<string, string> = new Map([
  [SCRIPT_ERROR_TEXT.SCRIPTNUM, 'unknown error'],
  [SCRIPT_ERROR_TEXT.TAPSCRIPT_EMPTY_PUBKEY, SCRIPT_ERROR_TEXT.PUBKEYTYPE],
])
