import fc, { type Arbitrary } from 'fast-check'
import { encode } from '../../src/wire/codec.ts'
import type { Command, Message, MessageOf } from '../../src/wire/messages.ts'
import { type Transaction, transaction } from '../../src/wire/transaction.ts'

export const anyBytes = (max: number): Arbitrary<Uint8Array> => fc.uint8Array({ maxLength: max })
const exactly = (length: number): Arbitrary<Uint8Array> => fc.uint8Array({ minLength: length, maxLength: length })
export const anyHash = exactly(32)
const u8 = fc.nat(0xff)
const u16 = fc.nat(0xffff)
const u32 = fc.nat(0xffff_ffff)
const i32 = fc.integer({ min: -0x8000_0000, max: 0x7fff_ffff })
const u64 = fc.bigInt({ min: 0n, max: (1n << 64n) - 1n })
const i64 = fc.bigInt({ min: -(1n << 63n), max: (1n << 63n) - 1n })
const some = <T>(item: Arbitrary<T>): Arbitrary<T[]> => fc.array(item, { maxLength: 5 })
const latin1 = (min: number, max: number): Arbitrary<string> =>
  fc.array(u8, { minLength: min, maxLength: max }).map((codes) => String.fromCharCode(...codes))

/** At least one input, without which the form on the wire has another meaning. */
export const anyTransaction: Arbitrary<Transaction> = fc.record({
  version: i32,
  inputs: fc.array(
    fc.record({
      prevout: fc.record({ hash: anyHash, index: u32 }),
      scriptSig: anyBytes(40),
      sequence: u32,
      witness: some(anyBytes(40)),
    }),
    { minLength: 1, maxLength: 4 },
  ),
  outputs: some(fc.record({ value: i64, scriptPubKey: anyBytes(40) })),
  lockTime: u32,
})

const rawTransaction = anyTransaction.map((tx) => encode(transaction, tx) as Uint8Array)
const header = exactly(80)
const netAddress = fc.record({ services: u64, address: exactly(16), port: u16 })
const items = some(fc.record({ type: u32, hash: anyHash }))
const locator = { version: u32, locator: some(anyHash), stop: anyHash }
const filterRange = { filterType: u8, startHeight: u32, stopHash: anyHash }
const places = fc.uniqueArray(fc.nat(0xfffe), { maxLength: 8 }).map((all) => all.sort((a, b) => a - b))

const addressV2 = fc
  .constantFrom([1, 4], [2, 16], [3, 10], [4, 32], [5, 32], [6, 16], [7, 16], [8, 5], [255, 512])
  .chain(([network, size]) =>
    fc.record({ time: u32, services: u64, network: fc.constant(network!), address: exactly(size!), port: u16 }),
  )

/** Prefilled transactions in places of a block that holds them and the others. */
const compact = fc
  .record({
    shortIds: some(fc.nat({ max: 0xffff_ffff_ffff })),
    transactions: fc.array(rawTransaction, { maxLength: 3 }),
  })
  .filter(({ shortIds, transactions }) => shortIds.length + transactions.length > 0)
  .chain(({ shortIds, transactions }) =>
    fc.record({
      header,
      nonce: u64,
      shortIds: fc.constant(shortIds),
      prefilled: fc
        .shuffledSubarray(
          Array.from({ length: shortIds.length + transactions.length }, (_, place) => place),
          { minLength: transactions.length, maxLength: transactions.length },
        )
        .map((taken) =>
          taken.sort((a, b) => a - b).map((index, i) => ({ index, bytes: transactions[i] as Uint8Array })),
        ),
    }),
  )

const fields: { [C in Command]: Arbitrary<Omit<MessageOf<C>, 'command'>> } = {
  version: fc.record({
    version: i32,
    services: u64,
    timestamp: i64,
    addrRecv: netAddress,
    addrFrom: netAddress,
    nonce: u64,
    userAgent: latin1(0, 256),
    startHeight: i32,
    relay: fc.boolean(),
  }),
  verack: fc.constant({}),
  wtxidrelay: fc.constant({}),
  sendaddrv2: fc.constant({}),
  feature: fc.record({ id: latin1(4, 80), data: anyBytes(512) }),
  sendtxrcncl: fc.record({ version: u32, salt: u64 }),
  ping: fc.record({ nonce: u64 }),
  pong: fc.record({ nonce: u64 }),
  getaddr: fc.constant({}),
  addr: fc.record({ addresses: some(fc.record({ time: u32, services: u64, address: exactly(16), port: u16 })) }),
  addrv2: fc.record({ addresses: some(addressV2) }),
  inv: fc.record({ items }),
  getdata: fc.record({ items }),
  notfound: fc.record({ items }),
  tx: fc.record({ bytes: rawTransaction }),
  block: fc.record({ bytes: anyBytes(300) }),
  getheaders: fc.record(locator),
  headers: fc.record({ headers: some(header) }),
  sendheaders: fc.constant({}),
  getblocks: fc.record(locator),
  sendcmpct: fc.record({ announce: fc.boolean(), version: u64 }),
  cmpctblock: compact,
  getblocktxn: fc.record({ blockHash: anyHash, indexes: places }),
  blocktxn: fc.record({ blockHash: anyHash, transactions: some(rawTransaction) }),
  feefilter: fc.record({ feeRate: i64 }),
  getcfilters: fc.record(filterRange),
  cfilter: fc.record({ filterType: u8, blockHash: anyHash, filter: anyBytes(300) }),
  getcfheaders: fc.record(filterRange),
  cfheaders: fc.record({
    filterType: u8,
    stopHash: anyHash,
    previousHeader: anyHash,
    filterHashes: some(anyHash),
  }),
  getcfcheckpt: fc.record({ filterType: u8, stopHash: anyHash }),
  cfcheckpt: fc.record({ filterType: u8, stopHash: anyHash, filterHeaders: some(anyHash) }),
  mempool: fc.constant({}),
  filterload: fc.record({ filter: anyBytes(300), hashFunctions: fc.nat(50), tweak: u32, flags: u8 }),
  filteradd: fc.record({ data: anyBytes(520) }),
  filterclear: fc.constant({}),
  merkleblock: fc.record({ header, transactionCount: fc.nat(16_666), hashes: some(anyHash), flags: anyBytes(10) }),
}

/** Any message we can write, every command as likely as the others. */
export const anyMessage: Arbitrary<Message> = fc.oneof(
  ...Object.entries<Arbitrary<object>>(fields).map(([command, values]) =>
    values.map((value) => ({ command, ...value }) as Message),
  ),
)
