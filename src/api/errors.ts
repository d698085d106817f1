/**
 * Every way in which an answer can fail, and the only place where a status is chosen. The first group is the Esplora
 * contract, whose texts programs compare; then come mempool.space's, those of Bitcoin Core's REST interface, and ours.
 */
const ERRORS = {
  'bad-hex': [400, 'Invalid hex string'],
  'bad-number': [400, 'Invalid number'],
  'bad-scripthash': [400, 'Invalid scripthash'],
  'bad-address': [400, 'Invalid Bitcoin address'],
  'other-network': [400, 'Address on invalid network'],
  'block-unknown': [404, 'Block not found'],
  'tx-unknown': [404, 'Transaction not found'],
  'tx-unproved': [404, 'Transaction not found or is unconfirmed'],
  'tx-index-out-of-range': [404, 'tx index out of range'],
  'start-not-multiple': [400, 'start index must be a multiple of 25'],
  'start-out-of-range': [400, 'start index out of range'],
  'too-many-utxos': [400, 'Too many unspent outputs'],
  'history-too-long': [400, 'Too many history entries'],
  'missing-tx': [400, 'Missing tx'],
  'no-txids': [400, 'No txids specified'],
  'address-search-off': [400, 'address search disabled'],
  'mining-off': [403, 'mining REST endpoints are disabled'],
  'after-unknown': [422, 'after_txid not found'],
  'bad-json': [400, 'Invalid JSON'],
  'body-too-long': [422, 'body too long'],
  'bad-package': [400, 'Invalid package'],
  'bad-max-fee-rate': [400, 'Invalid maxfeerate'],
  'bad-max-burn': [400, 'Invalid maxburnamount'],
  'package-refused': [400, 'submitpackage RPC error'],
  'broadcast-refused': [400, 'sendrawtransaction RPC error'],
  'route-unknown': [404, 'endpoint does not exist'],
  'body-too-large': [413, 'Request body too large'],
  'body-too-slow': [408, 'Request timeout'],
  'body-broken': [400, 'Request body cut off'],
  fault: [500, 'Internal server error'],

  'bad-txid': [400, 'Invalid transaction ID'],
  'bad-block-hash': [400, 'Invalid block hash'],
  'bad-block-count': [400, 'Invalid number of blocks'],
  'bad-block-range': [400, "Parameter 'from' must be a block height (integer)"],
  'bad-txids': [400, 'invalid txId format'],
  'too-many-txids': [400, 'Too many txids requested'],
  'bad-outpoints': [400, 'Invalid outpoints format'],
  'too-many-outpoints': [400, 'Too many outpoints requested'],
  syncing: [503, 'Service Unavailable'],
  'bad-interval': [400, 'Invalid interval'],
  'bad-timestamp': [400, 'Invalid timestamp, value must be Unix seconds'],
  'no-block-yet': [404, 'No block was found before that time'],
  'address-malformed': [400, 'Invalid address'],

  'rest-bad-path': [400, 'Invalid URI format'],
  'rest-bad-hash': [400, 'Invalid hash'],
  'rest-bad-height': [400, 'Invalid height'],
  'rest-bad-count': [400, 'Header count is invalid or out of acceptable range (1-2000)'],
  'rest-bad-offset': [400, 'Block part offset missing or invalid'],
  'rest-bad-size': [400, 'Block part size missing or invalid'],
  'rest-bad-part': [400, 'Bad block part offset/size'],
  'rest-no-json': [400, 'JSON output is not supported for this request type'],
  'rest-bad-filter-type': [400, 'Unknown filtertype'],
  'rest-filters-off': [400, 'Index is not enabled for filtertype basic'],
  'rest-bad-outpoints': [400, 'Parse error'],
  'rest-no-outpoints': [400, 'Error: empty request'],
  'rest-outpoints-twice': [400, 'Combination of URI scheme inputs and raw post data is not allowed'],
  'rest-too-many-outpoints': [400, 'Error: max outpoints exceeded'],
  'rest-bad-flag': [400, 'The query parameter must be either "true" or "false".'],
  'rest-verbose-sequence': [400, 'Verbose results cannot contain mempool sequence values. (hint: set "verbose=false")'],
  'rest-not-found': [404, 'not found'],
  'rest-not-available': [404, 'not available'],
  'rest-no-undo': [404, 'undo not available'],
  'rest-no-filter': [404, 'Filter not found.'],
  'rest-height-unknown': [404, 'Block height out of range'],
  'rest-no-format': [404, 'output format not found'],
  'rest-busy': [503, 'Work queue depth exceeded'],

  'body-pruned': [404, 'Block body not kept: this relay is pruned'],
  'body-damaged': [503, 'Block body damaged in this relay'],
  'ledger-unavailable': [503, 'Lookup failed: the ledger is busy or cannot be read'],
  'hub-unavailable': [503, 'Lookup failed: the hub does not answer'],
  'upgrade-required': [426, 'Only WebSockets are answered here'],
  'event-type-unknown': [400, 'Unknown event type'],
  'too-many-listeners': [503, 'Too many listeners'],
} as const satisfies Record<string, readonly [number, string]>

export type ApiErrorCode = keyof typeof ERRORS

/** An answer other than the one asked for. The message is the whole body, as `text/plain`. */
export class ApiError extends Error {
  readonly code: ApiErrorCode

  constructor(code: ApiErrorCode, message: string = ERRORS[code][1]) {
    super(message)
    this.name = 'ApiError'
    this.code = code
  }

  get status(): number {
    return ERRORS[this.code][0]
  }
}

/** The status that a code stands for. */
export function statusOf(code: ApiErrorCode): number {
  return ERRORS[code][0]
}

/** The text that a code has unless a route says more. */
export function textOf(code: ApiErrorCode): string {
  return ERRORS[code][1]
}

export function fail(code: ApiErrorCode, message?: string): never {
  throw new ApiError(code, message)
}

/** What a page may have to say instead of what it was asked for. */
export type PageProblem = keyof typeof PAGE_STATUS

const PAGE_STATUS = {
  malformed: 400,
  popular: 400,
  checksum: 404,
  'other-network': 404,
  'tx-unknown': 404,
  'block-unknown': 404,
  'future-height': 404,
  'not-found': 404,
  'page-unknown': 404,
  busy: 503,
  fault: 500,
} as const satisfies Record<string, number>

export function pageStatus(problem: PageProblem): number {
  return PAGE_STATUS[problem]
}

/** Seconds after which a client may ask again; only for what passes by itself. */
export function retryAfter(status: number): number | undefined {
  return status === 503 || status === 429 ? 2 : undefined
}
