import { join } from 'node:path'
import { regtest } from '../chain/networks/regtest.ts'
import type { Config, HostPort } from '../config.ts'
import type { LedgerQueries } from '../ledger/queries.ts'
import type { Log } from '../node/log.ts'
import { type Running, startRelay } from '../node/relay.ts'
import type { FullNode } from './proof.ts'

const LOOPBACK = '127.0.0.1'
/** The system chooses. */
const ANY: HostPort = { host: LOOPBACK, port: 0 }

export type NodeName = 'relay' | FullNode | 'SPV node'

export interface DemoNode<Name extends NodeName = NodeName> {
  name: Name
  running: Running
}

/** A node with blocks and pages. */
export interface FullDemoNode<Name extends NodeName = NodeName> extends DemoNode<Name> {
  queries: LedgerQueries
  /** Where its API and pages are, without a slash at the end. */
  http: string
}

export interface DemoNetwork {
  relay: FullDemoNode<'relay'>
  nodes: [FullDemoNode<'node A'>, FullDemoNode<'node B'>]
  all: DemoNode[]
  /** Links that each of `all` has when all is well. */
  links: Record<NodeName, number>
  /** Resolves with the reason when one of them can go on no more. */
  failed: Promise<Error>
  /** Rejects with the reason when one of them could not keep what it had. */
  stop(): Promise<void>
}

export interface NetworkOptions {
  /** Each node gets a directory in it. */
  data: string
  /** Where the relay's pages go if that port is free; another port if not. */
  http: HostPort
  log: Log
}

/**
 * Starts a relay that listens on loopback, and two full nodes and an SPV node that only dial out to it. Rejects, with all
 * of them stopped, when one cannot start.
 */
export async function startNetwork({ data, http, log }: NetworkOptions): Promise<DemoNetwork> {
  const started: DemoNode[] = []
  const stop = async () => {
    const results = await Promise.allSettled(started.splice(0).map(({ running }) => running.stop()))
    for (const result of results) if (result.status === 'rejected') throw result.reason
  }
  const start = async <Name extends NodeName>(name: Name, settings: Partial<Config>): Promise<DemoNode<Name>> => {
    const config: Config = {
      network: regtest,
      data: join(data, name.toLowerCase().replaceAll(' ', '-')),
      http: undefined,
      p2p: undefined,
      door: false,
      connect: [],
      spv: false,
      log: 'silent',
      logFormat: 'json',
      ...settings,
    }
    const running = await startRelay(config, { log: log.child({ node: name }) })
    const node = { name, running }
    started.push(node)
    return node
  }
  try {
    const relay = await start('relay', { p2p: ANY, door: true, http }).catch((error) => {
      if (!isTaken(error)) throw error
      return start('relay', { p2p: ANY, door: true, http: { ...http, port: 0 } })
    })
    const connect = [{ host: LOOPBACK, port: relay.running.p2p! }]
    // All have to be up or down before anything is stopped.
    const starting = [
      start('node A', { connect, http: ANY }),
      start('node B', { connect, http: ANY }),
      start('SPV node', { connect, spv: true }),
    ] as const
    await Promise.allSettled(starting)
    const [a, b] = await Promise.all(starting)
    const all = started.toSorted((one, other) => NAMES.indexOf(one.name) - NAMES.indexOf(other.name))
    return {
      relay: full(relay),
      nodes: [full(a), full(b)],
      all,
      links: { relay: 3, 'node A': 1, 'node B': 1, 'SPV node': 1 },
      failed: Promise.race(all.map(failure)),
      stop,
    }
  } catch (error) {
    await stop().catch(() => {})
    throw error
  }
}

const NAMES: readonly NodeName[] = ['relay', 'node A', 'node B', 'SPV node']

async function failure({ name, running }: DemoNode): Promise<Error> {
  const error = await running.failed
  error.message = `${name} has failed: ${error.message}`
  return error
}

function full<Name extends NodeName>({ name, running }: DemoNode<Name>): FullDemoNode<Name> {
  const { queries, http } = running
  if (!queries || !http) throw new Error(`${name} has no pages`)
  return { name, running, queries, http }
}

function isTaken(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'EADDRINUSE'
}
