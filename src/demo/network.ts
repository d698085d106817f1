import { join } from 'node:path'
import { regtest } from '../chain/networks/regtest.ts'
import type { Config, HostPort } from '../config.ts'
import type { LedgerQueries } from '../ledger/queries.ts'
import type { Log } from '../node/log.ts'
import { type Running, startRelay } from '../node/relay.ts'
import { findWorkerd, startEdge } from './edge.ts'
import { EdgeView } from './edge-view.ts'
import type { FullNode } from './proof.ts'

const LOOPBACK = '127.0.0.1'
/** The system chooses. */
const ANY: HostPort = { host: LOOPBACK, port: 0 }

export type NodeName = 'relay' | 'edge relay' | FullNode | 'SPV node'

export interface Tip {
  height: number
  /** Display hex. */
  hashHex: string
}

export interface DemoNode<Name extends NodeName = NodeName> {
  name: Name
  tip(): Tip
  links(): number
  /** Links that it has when all is well. */
  wantedLinks: number
  /** How many transactions wait there; absent where there is no mempool. */
  mempool?(): Promise<number | undefined>
}

/** One with pages. */
export interface DemoSite<Name extends NodeName = NodeName> extends DemoNode<Name> {
  /** Where its API and pages are, without a slash at the end. */
  http: string
}

/** One of this process, with blocks and pages. */
export interface FullDemoNode<Name extends NodeName = NodeName> extends DemoSite<Name> {
  queries: LedgerQueries
  submitBlock: Running['submitBlock']
}

export interface DemoNetwork {
  relay: FullDemoNode<'relay'>
  /** Absent where there is no workerd to run it. */
  edge: DemoSite<'edge relay'> | undefined
  /** Why there is no edge relay. */
  withoutEdge: string | undefined
  nodes: [FullDemoNode<'node A'>, FullDemoNode<'node B'>]
  /** Links between any two of them when all is well. */
  linkCount: number
  all: DemoNode[]
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

interface Started<Name extends NodeName> {
  name: Name
  running: Running
}

/**
 * Starts a relay that listens on loopback, an edge relay in workerd that it dials, and nodes that only dial out: node A
 * to the relay, node B and an SPV node to the edge relay. Where there is no workerd all dial the one relay. Rejects, with
 * all of them stopped, when one cannot start.
 */
export async function startNetwork({ data, http, log }: NetworkOptions): Promise<DemoNetwork> {
  const folder = (name: NodeName) => join(data, name.replaceAll(' ', '-').toLowerCase())
  const undo: (() => Promise<void>)[] = []
  const started: Started<NodeName>[] = []
  const stop = async () => {
    const results = await Promise.allSettled(started.splice(0).map(({ running }) => running.stop()))
    for (const step of undo.splice(0)) await step()
    for (const result of results) if (result.status === 'rejected') throw result.reason
  }
  const start = async <Name extends NodeName>(name: Name, settings: Partial<Config>): Promise<Started<Name>> => {
    const config: Config = {
      network: regtest,
      data: folder(name),
      http: undefined,
      p2p: undefined,
      door: false,
      connect: [],
      spv: false,
      filters: true,
      esploraSigops: false,
      trackedAddresses: 100,
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
    const workerd = await findWorkerd()
    const edge =
      workerd.kind === 'missing'
        ? undefined
        : await startEdge({
            program: workerd.program,
            data: folder('edge relay'),
            log: log.child({ node: 'edge relay' }),
          })
    const atEdge = edge && [{ url: edge.door }]
    const view = edge && new EdgeView(edge.http)
    undo.push(async () => {
      view?.stop()
      await edge?.stop()
    })

    const asRelay = { p2p: ANY, door: true, connect: atEdge ?? [] }
    const relay = await start('relay', { ...asRelay, http }).catch((error) => {
      if (!isTaken(error)) throw error
      return start('relay', { ...asRelay, http: { ...http, port: 0 } })
    })
    const atRelay = [{ host: LOOPBACK, port: relay.running.p2p! }]
    // All have to be up or down before anything is stopped.
    const starting = [
      start('node A', { connect: atRelay, http: ANY }),
      start('node B', { connect: atEdge ?? atRelay, http: ANY }),
      start('SPV node', { connect: atEdge ?? atRelay, spv: true }),
    ] as const
    await Promise.allSettled(starting)
    const [a, b, spv] = await Promise.all(starting)

    const nodes: DemoNetwork['nodes'] = [full(a, 1), full(b, 1)]
    const relayNode = full(relay, edge ? 2 : 3)
    const edgeNode = edge && view && edgeOf(edge.http, view)
    const all: DemoNode[] = [relayNode, ...(edgeNode ? [edgeNode] : []), ...nodes, oneOf(spv, 1)]
    return {
      relay: relayNode,
      edge: edgeNode,
      withoutEdge: workerd.kind === 'missing' ? workerd.why : undefined,
      nodes,
      linkCount: all.reduce((ends, { wantedLinks }) => ends + wantedLinks, 0) / 2,
      all,
      failed: Promise.race([
        ...started.map(({ name, running }) => failure(name, running.failed)),
        ...(edge ? [failure('edge relay', edge.failed)] : []),
      ]),
      stop,
    }
  } catch (error) {
    await stop().catch(() => {})
    throw error
  }
}

async function failure(name: NodeName, failed: Promise<Error>): Promise<Error> {
  const error = await failed
  error.message = `${name} has failed: ${error.message}`
  return error
}

function oneOf<Name extends NodeName>({ name, running }: Started<Name>, wantedLinks: number): DemoNode<Name> {
  return { name, tip: running.tip, links: () => running.links().length, wantedLinks }
}

function full<Name extends NodeName>(node: Started<Name>, wantedLinks: number): FullDemoNode<Name> {
  const { queries, http, submitBlock } = node.running
  if (!queries || !http) throw new Error(`${node.name} has no pages`)
  const mempool = async () => (await queries.status()).mempool.count
  return { ...oneOf(node, wantedLinks), http, queries, submitBlock, mempool }
}

function edgeOf(http: string, view: EdgeView): DemoSite<'edge relay'> {
  return {
    name: 'edge relay',
    http,
    tip: () => view.tip,
    links: () => view.links,
    wantedLinks: 3,
    mempool: async () => view.mempool,
  }
}

function isTaken(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'EADDRINUSE'
}
