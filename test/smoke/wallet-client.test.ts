import { DiscoveryFactory } from '@bitcoinerlab/discovery'
import { EsploraExplorer } from '@bitcoinerlab/explorer'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { regtest } from '../../src/chain/networks/regtest.ts'
import { addressOf } from '../../src/script/address.ts'
import { p2pkh, p2wpkh } from '../../src/script/build.ts'
import { SIGHASH, SignatureHashes } from '../../src/script/sighash.ts'
import { publicKeyOf, signEcdsa, withHashType } from '../../src/script/sign.ts'
import { encode } from '../../src/wire/codec.ts'
import { bytesToHex, hash160, sha256, toDisplay } from '../../src/wire/hash.ts'
import { parseTransaction, type Transaction, transaction } from '../../src/wire/transaction.ts'
import { pollFor } from '../poll.ts'
import { coinbaseCoin, OP_TRUE, spend } from '../sim/chain-maker.ts'
import { child, type HdKey, tpub } from './hd-keys.ts'
import { startOnNode } from './node-shell.ts'
import { Scene } from './scene.ts'

/** More than the reference server gives on one page. */
const PAYMENTS = 60
const GAP = 4
const SAT = 1_0000_0000

const master: HdKey = { key: sha256(Uint8Array.of(1)), chainCode: sha256(Uint8Array.of(2)) }
const external = `wpkh(${tpub(master)}/0/*)`
const internal = `wpkh(${tpub(master)}/1/*)`
const descriptors = [external, internal]
const keyAt = (branch: number, index: number) => child(child(master, branch), index).key
const scriptAt = (branch: number, index: number) => p2wpkh(hash160(publicKeyOf(keyAt(branch, index))))

/** Test networks as the wallet's library names them. */
const network = {
  messagePrefix: '\x18Bitcoin Signed Message:\n',
  bech32: 'bcrt',
  bip32: { public: 0x043587cf, private: 0x04358394 },
  pubKeyHash: 0x6f,
  scriptHash: 0xc4,
  wif: 0xef,
}

const scene = new Scene()
const { maker } = scene
let wallet: InstanceType<ReturnType<typeof DiscoveryFactory>['Discovery']>
let explorer: EsploraExplorer

beforeAll(async () => {
  scene.relay = await startOnNode()
  const early = maker.mine(170)
  // Many payments to one address, others further on, and a gap that a wallet has to bridge.
  const pay = (i: number, script: Uint8Array, valueSat = SAT) => {
    const coin = coinbaseCoin(early[i]!, maker)
    return spend(
      [coin],
      [
        { valueSat, script },
        { valueSat: coin.valueSat - valueSat - 1000, script: OP_TRUE },
      ],
    )
  }
  for (let i = 0; i < PAYMENTS; i += 20) {
    maker.mine(1, { transactions: Array.from({ length: 20 }, (_, k) => pay(i + k, scriptAt(0, 0))) })
  }
  maker.mine(1, { transactions: [pay(60, scriptAt(0, 3), 2 * SAT), pay(61, scriptAt(1, 1), 3 * SAT)] })
  maker.mine(5)
  scene.giver = await scene.comeInWithAll()
  await pollFor('the relay has it all', () => scene.tipHeight(), maker.tip.height, { within: 20_000 })

  explorer = new EsploraExplorer({ url: `${scene.relay.http}/api` })
  const { Discovery } = DiscoveryFactory(explorer, network)
  await explorer.connect()
  wallet = new Discovery()
}, 60_000)

afterAll(async () => {
  explorer?.close()
  await scene.end()
})

/** Everything of the wallet's coin goes to `script`, but for the fee. */
function spendOwn(txidHex: string, vout: number, key: Uint8Array, valueSat: number, script: Uint8Array): Uint8Array {
  const publicKey = publicKeyOf(key)
  const tx: Transaction = {
    version: 2,
    inputs: [
      {
        prevout: { hash: Uint8Array.from(Buffer.from(txidHex, 'hex').reverse()), index: vout },
        scriptSig: new Uint8Array(0),
        sequence: 0xffff_fffd,
        witness: [],
      },
    ],
    outputs: [{ value: BigInt(valueSat - 500), scriptPubKey: script }],
    lockTime: 0,
  }
  const spent = { value: BigInt(valueSat), scriptPubKey: p2wpkh(hash160(publicKey)) }
  const hash = new SignatureHashes(tx, [spent]).witnessV0(0, p2pkh(hash160(publicKey)), spent.value, SIGHASH.ALL)
  tx.inputs[0]!.witness = [withHashType(signEcdsa(hash, key), SIGHASH.ALL), publicKey]
  return encode(transaction, tx)
}

test('a wallet made for Esplora servers finds its money here, across pages and gaps', async () => {
  await wallet.fetch({ descriptors, gapLimit: GAP })
  const { balance, utxos } = wallet.getUtxosAndBalance({ descriptors })
  expect(balance).toBe((PAYMENTS + 5) * SAT)
  expect(utxos.length).toBe(PAYMENTS + 2)
  expect(wallet.getHistory({ descriptors })).toHaveLength(PAYMENTS + 2)
  expect(wallet.getNextIndex({ descriptor: external })).toBe(1)
  expect(wallet.getNextIndex({ descriptor: internal })).toBe(0)
  expect(wallet.getHistory({ descriptor: external, index: 3 })).toMatchObject([
    { blockHeight: 174, irreversible: true },
  ])
})

test('what it asks beside that is answered too', async () => {
  expect(await explorer.fetchBlockHeight()).toBe(maker.tip.height)
  expect(await explorer.fetchBlockStatus(174)).toMatchObject({
    blockHeight: 174,
    blockHash: toDisplay(maker.chain()[173]!.hash),
    irreversible: true,
  })
  const address = addressOf(scriptAt(0, 0), regtest.address)!
  expect(await explorer.fetchAddress(address)).toEqual({
    balance: PAYMENTS * SAT,
    txCount: PAYMENTS,
    unconfirmedBalance: 0,
    unconfirmedTxCount: 0,
  })
  // As bytes for Electrum, which has scripthashes the other way round.
  const scriptHash = Buffer.from(sha256(scriptAt(0, 3)))
    .reverse()
    .toString('hex')
  expect(await explorer.fetchScriptHash(scriptHash)).toMatchObject({ balance: 2 * SAT, txCount: 1 })
  const estimates = await explorer.fetchFeeEstimates()
  for (const rate of Object.values(estimates)) expect(rate).toBeGreaterThan(0)
})

test('what it sends is taken in, and what is wrong with another is told', async () => {
  const [txid, vout] = wallet.getUtxos({ descriptor: external, index: 3 })[0]!.split(':') as [string, string]
  const raw = spendOwn(txid, Number(vout), keyAt(0, 3), 2 * SAT, scriptAt(1, 2))
  await wallet.push({ txHex: bytesToHex(raw), gapLimit: GAP })
  await wallet.fetch({ descriptors, gapLimit: GAP })
  expect(wallet.getBalance({ descriptors })).toBe((PAYMENTS + 5) * SAT - 500)
  const own = toDisplay(parseTransaction(raw).txid)
  expect(wallet.getUtxos({ descriptor: internal, index: 2 })).toEqual([`${own}:0`])
  expect(wallet.getHistory({ descriptor: internal, index: 2 })).toMatchObject([{ blockHeight: 0 }])

  const nothing = spendOwn('ab'.repeat(32), 0, keyAt(0, 0), SAT, scriptAt(1, 3))
  const refused = new EsploraExplorer({
    url: `${scene.relay.http}/api`,
    requestQueueParams: { maxAttemptsForHardErrors: 1 },
  })
  await expect(refused.push(bytesToHex(nothing))).rejects.toThrow('-25')

  const [block] = maker.mine(1, { transactions: [raw] })
  scene.giver.send(scene.giver.peer.mined(block!.bytes))
  await pollFor('the relay has it', () => scene.tipHeight(), block!.height, { within: 10_000 })
  await wallet.fetch({ descriptors, gapLimit: GAP })
  expect(wallet.getHistory({ descriptor: internal, index: 2 })).toMatchObject([{ blockHeight: block!.height }])
  expect(wallet.getBalance({ descriptors })).toBe((PAYMENTS + 5) * SAT - 500)
}, 40_000)
