import fc from 'fast-check'
import { beforeAll, expect, test } from 'vitest'
import { exampleValues, fillExample } from '../../src/api/example-values.ts'
import { type Operation, openApi, type Parameter } from '../../src/api/openapi.ts'
import { regtest } from '../../src/chain/networks/regtest.ts'
import { zlibPacker } from '../../src/node/packer.ts'
import { addressOf } from '../../src/script/address.ts'
import { bytesToHex, toDisplay } from '../../src/wire/hash.ts'
import { parseTransaction } from '../../src/wire/transaction.ts'
import { P2WSH_TRUE } from '../sim/chain-maker.ts'
import { Contract, declaredGroups } from './contract.ts'
import { type Front, frontOver } from './front.ts'
import { type RealSample, realFront } from './real-front.ts'

/** Requests that are tried; a long campaign asks for more, and for other ones. */
const RUNS = Number(process.env.CAUSEWAY_FUZZ_RUNS ?? 500)
const SEED = Number(process.env.CAUSEWAY_FUZZ_SEED ?? 1)

const groups = declaredGroups(regtest)
const contract = new Contract(groups)
const operations = Object.entries(openApi(groups, '1.2.3').paths).flatMap(([path, item]) =>
  Object.entries(item).map(([method, operation]) => ({ path, method: method.toUpperCase(), operation })),
)

let sample: RealSample
let front: Front
/** Texts that mean something to one route or another. */
let words: string[]
/** What the document's examples stand for. */
let examples: Awaited<ReturnType<typeof exampleValues>>
const faults: unknown[] = []

beforeAll(async () => {
  sample = await realFront()
  front = frontOver(regtest, sample.ledger.queries, {
    packer: zlibPacker,
    answerCacheBytes: 1_000_000,
    report: (where, error) => faults.push([where, error]),
  })
  examples = await exampleValues(sample.ledger.queries, regtest)
  const txs = [sample.everyKind, sample.parent, sample.child, sample.single, sample.replacement]
  const txids = txs.map((raw) => toDisplay(parseTransaction(raw).txid))
  const { blocks } = sample
  const hashes = [blocks[0]!, blocks.at(-1)!, sample.fullBlock].map(({ hash }) => toDisplay(hash))
  words = [
    ...txids,
    ...hashes,
    ...txs.map(bytesToHex),
    addressOf(P2WSH_TRUE, regtest.address)!,
    '1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa',
    bytesToHex(sample.busyScripthash),
    ...hashes.flatMap((hash) => ['bin', 'hex', 'json'].map((suffix) => `${hash}.${suffix}`)),
    ...txids.map((txid) => `${txid}-0`),
    ...['0', '1', '25', '130', '131', '999999999', '2147483648', '4294967296', '18446744073709551616', '-1', '+7'],
    ...['1e3', '0x10', '1.5', 'NaN', 'null', 'true', 'false', '3d', '1w', '3y', 'basic', 'tip', 'chain', 'mempool'],
    ...[`[${JSON.stringify(bytesToHex(sample.single))}]`, '[]', '{}', '[[]]', '[null]', '"', '[{"txid":1,"vout":-1}]'],
    JSON.stringify([{ txid: txids[0], vout: 0 }]),
    JSON.stringify(txs.map(bytesToHex)),
    JSON.stringify([addressOf(P2WSH_TRUE, regtest.address)]),
    JSON.stringify([bytesToHex(sample.busyScripthash)]),
    '1700000000',
  ]
}, 30_000)

const hostile = fc.oneof(
  fc.constantFrom(
    '',
    '.',
    '..',
    '%00',
    '%2e%2e',
    '%2F',
    '%zz',
    '\u0000',
    '\u202e',
    '💥',
    '<script>',
    "' OR 1=1 --",
    '..%2f',
  ),
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.integer({ min: 1, max: 5000 }).map((length) => 'a'.repeat(length)),
  fc.integer({ min: 1, max: 400 }).map((length) => '9'.repeat(length)),
)

/** A good text, one that was good before somebody changed it, or a bad one. */
const text = (good: fc.Arbitrary<string>) =>
  fc.oneof(
    { weight: 5, arbitrary: good },
    { weight: 2, arbitrary: fc.nat(1000).map((i) => words[i % words.length]!) },
    {
      weight: 2,
      arbitrary: fc.tuple(good, fc.nat(), hostile, fc.nat(3)).map(([value, place, other, taken]) => {
        const at = place % (value.length + 1)
        return value.slice(0, at) + other + value.slice(at + taken)
      }),
    },
    { weight: 1, arbitrary: good.map((value) => value.toUpperCase()) },
    { weight: 1, arbitrary: hostile },
  )

function goodFor({ schema, 'x-example': example }: Parameter): fc.Arbitrary<string> {
  const { enum: choices } = schema as { enum?: unknown[] }
  const numbers = fc.integer({ min: 0, max: 200 }).map(String)
  // Known only when the sample is there.
  const filled = fc.constant(0).map(() => fillExample(example ?? '', examples) ?? '')
  const list: fc.Arbitrary<string>[] = example === undefined ? [numbers] : [filled, filled, numbers]
  if (choices) list.push(fc.constantFrom(...choices.map(String)))
  return fc.oneof(...list)
}

const headers = fc.dictionary(
  fc.constantFrom('Accept', 'Accept-Encoding', 'If-None-Match', 'Range', 'Content-Type', 'Origin', 'Cookie'),
  fc.constantFrom(
    '*/*',
    'application/json',
    'text/plain',
    'text/html',
    'gzip',
    'br, gzip;q=0.1',
    '*',
    '"a"',
    'bytes=0-1',
    'x',
  ),
  { maxKeys: 3 },
)

interface Asked {
  path: string
  method: string
  query: [string, string][]
  headers: Record<string, string>
  body: string | undefined
}

const asked = fc.constantFrom(...operations).chain(({ path, method, operation }): fc.Arbitrary<Asked> => {
  const parameters = operation.parameters ?? []
  const inPath = parameters.filter((one) => one.in === 'path')
  const inQuery = parameters.filter((one) => one.in === 'query')
  const pieces = fc.tuple(...inPath.map((one) => text(goodFor(one))))
  const query = fc.tuple(
    ...inQuery.map((one) => fc.array(text(goodFor(one)), { maxLength: 3 }).map((all) => all.map((v) => [one.name, v]))),
  )
  const word = fc.nat(1000).map((i) => words[i % words.length]!)
  return fc.record({
    path: pieces.map((values) =>
      inPath.reduce((filled, { name }, i) => filled.replace(`{${name}}`, () => values[i]!), path),
    ),
    method: fc.oneof(
      { weight: 9, arbitrary: fc.constant(method) },
      { weight: 1, arbitrary: fc.constantFrom('HEAD', 'POST', 'GET', 'OPTIONS', 'PUT', 'DELETE') },
    ),
    query: query.map((lists) => lists.flat() as [string, string][]),
    headers,
    body: bodyFor(operation, word),
  })
})

function bodyFor({ requestBody }: Operation, word: fc.Arbitrary<string>): fc.Arbitrary<string | undefined> {
  if (!requestBody) return fc.constant(undefined)
  return fc.oneof(
    { weight: 8, arbitrary: text(word) },
    { weight: 2, arbitrary: fc.json() },
    { weight: 1, arbitrary: fc.constant('0'.repeat(1_000_001)) },
    { weight: 1, arbitrary: fc.array(word, { maxLength: 30 }).map((list) => JSON.stringify(list)) },
  )
}

async function ask({ path, method, query, headers, body }: Asked): Promise<void> {
  const url = new URL(`http://relay.example${path.startsWith('/') ? path : `/${path}`}`)
  for (const [name, value] of query) url.searchParams.append(name, value)
  const request = new Request(url, {
    method,
    headers,
    ...(body !== undefined && method !== 'GET' && method !== 'HEAD' && { body }),
  })
  const response = await front.fetch(request)
  const type = response.headers.get('Content-Type') ?? ''
  expect(response.status, `${method} ${url}`).not.toBe(500)
  if (faults.length > 0) throw new Error(`${method} ${url} ${body?.slice(0, 200)}`, { cause: faults.pop() })
  if (method === 'OPTIONS') expect(response.status).toBe(204)
  else if (method === 'HEAD') expect(await response.text()).toBe('')
  // Pages and streams have their own tests.
  else if (/^text\/(html|event-stream)/.test(type)) await response.body?.cancel()
  else await contract.expect(request, response)
}

test('whatever is asked, the answer is one that the document tells of', async () => {
  await fc.assert(fc.asyncProperty(asked, ask), { numRuns: RUNS, seed: SEED })
}, 600_000)
