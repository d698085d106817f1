import { runInDurableObject } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { chainstateContract } from '../ledger/chainstate-contract.ts'
import { sqlPort } from './objects.ts'

chainstateContract('a Durable Object', (body) =>
  runInDurableObject(env.STORE.get(env.STORE.newUniqueId()), (_, state) => body(sqlPort(state.storage))),
)
