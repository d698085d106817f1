import { expect, test } from 'vitest'
import { encode } from '../../src/wire/codec.ts'
import { bytesToHex, toDisplay } from '../../src/wire/hash.ts'
import { parseTransaction, transaction } from '../../src/wire/transaction.ts'
import { pollFor } from '../poll.ts'
import { badSignatures } from '../script/broken-spends.ts'
import { KINDS, type Kind, type SpendableCoin, type SpendPlan, spendKinds } from '../script/spends.ts'
import { ChainMaker, P2WSH_TRUE } from '../sim/chain-maker.ts'
import { ask, WsPeer } from './ws-peer.ts'

test('a ledger in an object runs scripts, whatever kinds they are of', async () => {
  const maker = new ChainMaker({ seed: 8 })
  const kinds = Object.entries(KINDS)
  const blocks = kinds.map(([, { script }]) => maker.mine(1, { script })[0]!)
  maker.mine(100)
  const source = await WsPeer.dial({ blocks: maker.chain().map(({ bytes }) => bytes) })
  const height = async () => Number(await (await ask('/blocks/tip/height')).text())
  await pollFor('the chain is in', height, maker.tip.height)

  const coins = kinds.map(([, kind], i): SpendableCoin => coinOf(i, kind))
  for (const [i, [name, kind]] of kinds.entries()) {
    const [bad] = badSignatures(name, kind)
    expect(await answer(make([coins[i]!], bad!.plan))).toMatch(/RPC error -26: mempool-script-verify-flag-failed \(/)
  }
  const raw = make(coins)
  expect(await answer(raw)).toBe(toDisplay(parseTransaction(raw).txid))
  source.close()

  function coinOf(i: number, kind: Kind): SpendableCoin {
    return { txid: blocks[i]!.txids[0]!, vout: 0, valueSat: maker.subsidy(i + 1), kind }
  }

  function make(coins: readonly SpendableCoin[], plan: Partial<SpendPlan> = {}): Uint8Array {
    const value = coins.reduce((sum, { valueSat }) => sum + valueSat, 0) - 20_000
    const outputs = [{ value: BigInt(value), scriptPubKey: P2WSH_TRUE }]
    return encode(transaction, spendKinds({ coins, outputs, ...plan }))
  }

  async function answer(raw: Uint8Array): Promise<string> {
    return (await ask('/api/tx', { method: 'POST', body: bytesToHex(raw) })).text()
  }
})
