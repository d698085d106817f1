import { runInDurableObject } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { sqlPort } from '../../src/cloudflare/sql-port.ts'
import { chainstateContract } from '../ledger/chainstate-contract.ts'

chainstateContract('a Durable Object', (body) =>
  runInDurableObject(env.STORE.get(env.STORE.newUniqueId()), (_, state) => body(sqlPort(state.storage))),
)
