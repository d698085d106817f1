import { z } from 'zod'
import { type Network, networks } from './chain/network.ts'
import { DOOR_PATH } from './host/door.ts'
import { fromDisplay } from './wire/hash.ts'

/** Where peers or pages are reached: a host name or address, and a TCP port. */
export interface HostPort {
  host: string
  port: number
}

/** A peer to dial: by TCP, or at the WebSocket door of a relay. */
export type PeerAddress = HostPort | { url: string }

export const LOG_LEVELS = ['silent', 'error', 'warn', 'info', 'debug', 'trace'] as const
export type LogLevel = (typeof LOG_LEVELS)[number]

/** Settings as text, by option name without dashes (`p2p`, `min-work`): what flags, the environment and a file give. */
export type Settings = Record<string, string | readonly string[] | undefined>

export interface Config {
  network: Network
  /** Directory that holds everything that is kept. */
  data: string
  /** API and pages; `undefined` is off. */
  http: HostPort | undefined
  /** TCP listener of the P2P protocol; `undefined` is off. */
  p2p: HostPort | undefined
  /** Peers may also come by WebSocket, where the API and pages are. */
  door: boolean
  /** Only these peers; empty means DNS seeds. */
  connect: PeerAddress[]
  /** Headers only. */
  spv: boolean
  /** Block filters and their headers are kept (BIPs 157 and 158). */
  filters: boolean
  /** The API's transactions carry `sigops`. */
  esploraSigops: boolean
  /** Addresses or scripts that one client of the live WebSocket may track in one way. */
  trackedAddresses: number
  log: LogLevel
  logFormat: 'pretty' | 'json'
}

export type ConfigResult = { kind: 'ok'; config: Config } | { kind: 'bad'; mistakes: string[] }

/** An own instance of mempool.space has 1, as each costs it much; a wallet needs those that it has shown lately. */
const DEFAULT_TRACKED_ADDRESSES = 100

const names = Object.keys(networks) as [string, ...string[]]

/** `host:port`, `[v6]:port`; port 0 lets the system choose. */
export function parseHostPort(text: string): HostPort | undefined {
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([^\s:[\]/]+)):(\d{1,5})$/.exec(text.trim())
  if (!match) return undefined
  const port = Number(match[3])
  return port <= 65_535 ? { host: match[1] ?? match[2]!, port } : undefined
}

/**
 * `ws://host:port/path` or `wss://…`; without a path it is the usual one of a door. Gives the address in one spelling.
 * User names, queries and fragments mean nothing to a door and are refused.
 */
export function parseDoorUrl(text: string): { url: string } | undefined {
  if (!/^wss?:\/\/[^\s?#@\\/][^\s?#@\\]*$/i.test(text.trim()) || !URL.canParse(text)) return undefined
  const url = new URL(text)
  if (url.port === '0') return undefined
  if (url.pathname === '/') url.pathname = DOOR_PATH
  return { url: url.href }
}

const listener = z.string().transform((text, issue) => {
  if (text === 'off') return undefined
  const at = parseHostPort(text)
  if (!at) issue.addIssue({ code: 'custom', message: `"${text}" is neither HOST:PORT nor off` })
  return at
})
const flag = z.string().transform((text, issue) => {
  if (/^(true|1|yes|on)$/i.test(text)) return true
  if (/^(false|0|no|off|)$/i.test(text)) return false
  issue.addIssue({ code: 'custom', message: `"${text}" is neither true nor false` })
  return z.NEVER
})
const peer = z.string().transform((text, issue) => {
  const door = parseDoorUrl(text)
  if (door) return door
  const at = parseHostPort(text)
  if (at && at.port > 0) return at
  issue.addIssue({
    code: 'custom',
    message: `"${text}" is neither a peer's HOST:PORT nor ws://HOST${DOOR_PATH} nor wss://HOST${DOOR_PATH}`,
  })
  return z.NEVER
})

const oneOf = (what: string, allowed: readonly string[]) =>
  z.string().refine((text) => allowed.includes(text), {
    error: (issue) => `"${String(issue.input)}" is no ${what}; there is ${allowed.join(', ')}`,
  })

const schema = z.strictObject({
  network: oneOf('network', names).default('main'),
  data: z.string().min(1, { error: 'is empty' }).optional(),
  http: listener.default({ host: '127.0.0.1', port: 8080 }),
  p2p: listener.optional(),
  door: flag.default(true),
  connect: z.array(peer).default([]),
  'min-work': z
    .string()
    .regex(/^(0x)?[0-9a-fA-F]{1,64}$/, { error: (issue) => `"${String(issue.input)}" is not hex of at most 32 bytes` })
    .optional(),
  'assume-valid': z
    .string()
    .regex(/^(0|[0-9a-fA-F]{64})$/, { error: (issue) => `"${String(issue.input)}" is neither a block's hash nor 0` })
    .transform((text) => (text === '0' ? undefined : fromDisplay(text.toLowerCase())))
    .optional(),
  spv: flag.default(false),
  filters: flag.default(true),
  'esplora-sigops': flag.default(false),
  'tracked-addresses': z
    .string()
    .regex(/^([1-9]\d{0,2}|1000)$/, { error: (issue) => `"${String(issue.input)}" is not a number from 1 to 1000` })
    .transform(Number)
    .default(DEFAULT_TRACKED_ADDRESSES),
  log: oneOf('log level', LOG_LEVELS).default('info'),
  'log-format': oneOf('log format', ['pretty', 'json']).optional(),
})

/** Every setting that there is, for help texts and to pick them out of an environment. */
export const SETTING_NAMES = Object.keys(schema.shape)

/**
 * Turns text settings into a `Config`, and reports every mistake at once, one sentence each.
 * `home` is the directory in which data goes unless told otherwise, `terminal` whether a person reads the log.
 */
export function parseConfig(settings: Settings, { home, terminal }: { home: string; terminal: boolean }): ConfigResult {
  const given: Record<string, unknown> = {}
  for (const [name, value] of Object.entries(settings)) if (value !== undefined) given[name] = value
  if (typeof given.connect === 'string') given.connect = given.connect.split(/[\s,]+/).filter(Boolean)
  const parsed = schema.safeParse(given)
  if (!parsed.success) {
    const mistakes = parsed.error.issues.flatMap((issue) =>
      issue.code === 'unrecognized_keys'
        ? issue.keys.map((key) => `${key}: there is no such setting`)
        : [`${String(issue.path[0] ?? '')}: ${issue.message}`],
    )
    return { kind: 'bad', mistakes }
  }
  const s = parsed.data
  const known = networks[s.network as keyof typeof networks]
  const minWork = s['min-work']
  const network: Network = {
    ...known,
    ...(minWork !== undefined && { minChainWork: BigInt(`0x${minWork.replace(/^0x/i, '')}`) }),
    ...('assume-valid' in given && { assumeValid: s['assume-valid'] }),
  }
  return {
    kind: 'ok',
    config: {
      network,
      data: s.data ?? `${home}/.causeway/${s.network}`,
      http: s.http,
      p2p: 'p2p' in given ? s.p2p : { host: '0.0.0.0', port: network.port },
      door: s.door,
      connect: s.connect,
      spv: s.spv,
      filters: s.filters,
      esploraSigops: s['esplora-sigops'],
      trackedAddresses: s['tracked-addresses'],
      log: s.log as LogLevel,
      logFormat: (s['log-format'] as 'pretty' | 'json' | undefined) ?? (terminal ? 'pretty' : 'json'),
    },
  }
}
