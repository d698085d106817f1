/** What the edge platform charges beyond its monthly fee: so much is included, and the rest has a price per unit. */
export interface Price {
  included: number
  /** Dollars for `per` units. */
  dollars: number
  per: number
}

/** Dollars per month, paid plan. */
export const PRICES = {
  source: 'developers.cloudflare.com, pricing pages of Workers and of Durable Objects',
  asOf: '2026-10',
  plan: 5,
  /** Requests that reach the Worker; a WebSocket is one. */
  workerRequests: { included: 10e6, dollars: 0.3, per: 1e6 },
  workerCpuMs: { included: 30e6, dollars: 0.02, per: 1e6 },
  /** Requests, calls and alarms of objects, and WebSocket messages that come in, at `MESSAGES_PER_REQUEST`. */
  objectRequests: { included: 1e6, dollars: 0.15, per: 1e6 },
  /** Gigabyte-seconds of objects awake, each of `OBJECT_GB` whatever it uses. */
  duration: { included: 400_000, dollars: 12.5, per: 1e6 },
  rowsRead: { included: 25e9, dollars: 0.001, per: 1e6 },
  rowsWritten: { included: 50e6, dollars: 1, per: 1e6 },
  /** Gigabytes of SQLite, per month. */
  storage: { included: 5, dollars: 0.2, per: 1 },
} as const satisfies Record<string, Price | number | string>

export const MESSAGES_PER_REQUEST = 20
export const OBJECT_GB = 0.128
/** What one object keeps at most. */
export const MAX_OBJECT_GB = 10
