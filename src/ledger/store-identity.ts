import type { Network } from '../chain/network.ts'
import { StoreError } from '../store/error.ts'
import type { SqlPort } from '../store/sql.ts'
import { bytesToHex, toDisplay } from '../wire/hash.ts'

/**
 * Marks an empty store as this network's; a store of another network or genesis is refused as `foreign`. To be called
 * before anything else reads the store. The magic is part of it because signets share a genesis and regtests a magic.
 */
export function claimStore(sql: SqlPort, network: Network): void {
  const facts = {
    network: network.name,
    genesis: toDisplay(network.genesisHash),
    magic: bytesToHex(network.magic),
  }
  sql.transactionSync(() => {
    for (const [key, value] of Object.entries(facts)) {
      const row = sql.sql.exec('SELECT value FROM meta WHERE key = ?', key).raw().toArray()[0]
      if (!row) sql.sql.exec('INSERT INTO meta (key, value) VALUES (?, ?)', key, value)
      else if (row[0] !== value) {
        throw new StoreError('foreign', `the store belongs to another network: its ${key} is ${row[0]}, not ${value}`)
      }
    }
  })
}
