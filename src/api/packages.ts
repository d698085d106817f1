import type { EffectiveRate, PackageTx, PackageUndone, TestedTx } from '../ledger/mempool-questions.ts'
import { hexToBytes, toDisplay } from '../wire/hash.ts'
import { jsonText } from './answer.ts'
import { BODY_FAILS, readJsonBody } from './body.ts'
import { forSeconds, SHORTLY } from './cache-rule.ts'
import type { ApiDeps } from './deps.ts'
import { type ApiErrorCode, fail } from './errors.ts'
import { floatJson } from './float.ts'
import { inJson, type Param, post, type Route, tagged } from './route.ts'
import { component, count, FLAG, HASH, list, mapOf, number, object, orNull, string } from './schema.ts'

/** Transactions in a package. */
const PACKAGE_LIMIT = 25
/** Hex digits of a transaction that is worth a look: from 60 bytes on, and up to the largest that nodes relay. */
const LEAST_DIGITS = 120
const DIGITS_LIMIT = 800_000
const COIN = 100_000_000

const COINS = number('Coins, with their fractions.')
const RATE = { 'effective-feerate': number('Coins per 1,000 virtual bytes.'), 'effective-includes': list(HASH) }
const PACKAGE = component(
  'PackageResult',
  object({
    package_msg: string(undefined, '`success`, or what is wrong with the whole.'),
    'tx-results': mapOf(
      '^[0-9a-f]{64}$',
      object({
        txid: HASH,
        'other-wtxid': orNull(HASH),
        vsize: orNull(count('Virtual bytes.')),
        fees: orNull(
          object({
            base: COINS,
            'effective-feerate': orNull(RATE['effective-feerate']),
            'effective-includes': orNull(RATE['effective-includes']),
          }),
        ),
        error: orNull(string()),
      }),
      'By wtxid.',
    ),
    'replaced-transactions': orNull(list(HASH)),
  }),
)
const TESTED = component(
  'TestedTransaction',
  object({
    txid: HASH,
    wtxid: HASH,
    allowed: orNull(FLAG),
    vsize: orNull(count('Virtual bytes.')),
    fees: orNull(object({ base: COINS, ...RATE })),
    'reject-reason': orNull(string()),
  }),
)
const BODY = {
  about: `Up to ${PACKAGE_LIMIT} transactions in hex as a JSON array, parents before children.`,
  type: 'application/json' as const,
  schema: list(string('^([0-9a-fA-F]{2})+$'), PACKAGE_LIMIT),
}
const MAX_FEE_RATE: Param = {
  about: 'Coins per 1,000 virtual bytes above which a fee is taken for a mistake; 0 is no limit.',
  schema: string('^[0-9]+(\\.[0-9]+)?$'),
}
const FAILS: readonly ApiErrorCode[] = [...BODY_FAILS, 'bad-json', 'bad-package', 'bad-max-fee-rate', 'package-refused']

export function packageRoutes({ queries }: ApiDeps): Route[] {
  return tagged('Sending', [
    post('/txs/package', {
      about:
        'Sends transactions that are taken in together where that is needed, as a child that pays for its parents.',
      query: {
        maxfeerate: MAX_FEE_RATE,
        maxburnamount: {
          about: 'Coins that an output which nobody can spend may hold.',
          schema: MAX_FEE_RATE.schema,
        },
      },
      body: BODY,
      gives: inJson(PACKAGE),
      fails: [...FAILS, 'bad-max-burn'],
      keep: SHORTLY,
      answer: async ({ request, query }) => {
        const raws = await readPackage(request)
        const maxFeeRate = readCoins(query.get('maxfeerate'), 'bad-max-fee-rate')
        const maxBurn = readCoins(query.get('maxburnamount'), 'bad-max-burn')
        const result = await queries.submitPackage(raws, {
          ...(maxFeeRate !== undefined && { maxFeeRate }),
          ...(maxBurn !== undefined && { maxBurn }),
        })
        if (result.kind === 'refused') return refuse('submitpackage', result)
        const results = result.txs.map((tx) => `"${toDisplay(tx.wtxid)}":${packageTxJson(tx)}`)
        const message = JSON.stringify(result.message)
        const replaced = JSON.stringify(result.replaced.map(toDisplay))
        return jsonText(`{"package_msg":${message},"tx-results":{${results}},"replaced-transactions":${replaced}}`)
      },
    }),
    post('/txs/test', {
      about: 'Tells what would be said of transactions, without taking them in.',
      query: { maxfeerate: MAX_FEE_RATE },
      body: BODY,
      gives: inJson(list(TESTED, PACKAGE_LIMIT)),
      fails: FAILS,
      keep: forSeconds(0),
      answer: async ({ request, query }) => {
        const raws = await readPackage(request)
        const maxFeeRate = readCoins(query.get('maxfeerate'), 'bad-max-fee-rate')
        const result = await queries.testAccept(raws, { ...(maxFeeRate !== undefined && { maxFeeRate }) })
        if (result.kind === 'refused') return refuse('testmempoolaccept', result)
        return jsonText(`[${result.txs.map(testedTxJson).join(',')}]`)
      },
    }),
  ])
}

async function readPackage(request: Request): Promise<Uint8Array[]> {
  const items = await readJsonBody(request)
  if (!Array.isArray(items) || items.some((item) => typeof item !== 'string')) return fail('bad-json')
  if (items.length > PACKAGE_LIMIT) fail('bad-package', `Exceeded maximum of ${PACKAGE_LIMIT} transactions`)
  return (items as string[]).map((item, i) => {
    const fits = item.length >= LEAST_DIGITS && item.length < DIGITS_LIMIT
    if (!fits) fail('bad-package', `Invalid transaction size for item ${i}`)
    if (item.length % 2 !== 0 || !/^[0-9a-fA-F]+$/.test(item))
      fail('bad-package', `Invalid transaction hex for item ${i}`)
    return hexToBytes(item)
  })
}

/** An amount in coins as whole satoshi. */
function readCoins(text: string | null, code: 'bad-max-fee-rate' | 'bad-max-burn'): number | undefined {
  if (text === null) return undefined
  if (!/^\d{1,8}(\.\d{0,20})?$/.test(text)) return fail(code)
  return Math.round(Number(text) * COIN)
}

/** Clients look for the number in the text. */
function refuse(call: string, { code, message }: PackageUndone): never {
  return fail('package-refused', `${call} RPC error ${code}: ${message}`)
}

function packageTxJson({ txid, otherWtxid, vsize, feeSat, effective, error }: PackageTx): string {
  const other = otherWtxid ? `"${toDisplay(otherWtxid)}"` : 'null'
  const fees = feeSat === undefined ? 'null' : feesJson(feeSat, effective)
  const reason = error === undefined ? 'null' : JSON.stringify(error)
  return `{"txid":"${toDisplay(txid)}","other-wtxid":${other},"vsize":${vsize ?? null},"fees":${fees},"error":${reason}}`
}

function testedTxJson({ txid, wtxid, allowed, vsize, feeSat, effective, reject, packageError }: TestedTx): string {
  const fees = feeSat === undefined ? 'null' : feesJson(feeSat, effective)
  const reason = reject?.reason ?? packageError
  return `{"txid":"${toDisplay(txid)}","wtxid":"${toDisplay(wtxid)}","allowed":${allowed ?? null},"vsize":${vsize ?? null},"fees":${fees},"reject-reason":${reason === undefined ? null : JSON.stringify(reason)}}`
}

function feesJson(feeSat: number, effective: EffectiveRate | undefined): string {
  const rate = effective ? floatJson(effective.feeRate / COIN) : 'null'
  const includes = effective ? JSON.stringify(effective.includes.map(toDisplay)) : 'null'
  return `{"base":${floatJson(feeSat / COIN)},"effective-feerate":${rate},"effective-includes":${includes}}`
}
