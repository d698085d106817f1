import type { Network } from '../../chain/network.ts'
import type { ChainInfo } from '../../ledger/core-queries.ts'
import { bytesToHex, toDisplay } from '../../wire/hash.ts'
import { readHeader } from '../block-view.ts'
import { component, count, FLAG, HASH, HEIGHT, HEX, list, number, object, string, UNIX_TIME } from '../schema.ts'
import { bitsFields } from './block-json.ts'
import { doubleText } from './number-text.ts'

export const CORE_CHAIN = component(
  'CoreChain',
  object({
    chain: string(undefined, "Core's name of the network: main, test, testnet4, signet or regtest."),
    blocks: HEIGHT,
    headers: HEIGHT,
    bestblockhash: HASH,
    bits: string('^[0-9a-f]{8}$'),
    target: HASH,
    difficulty: number(),
    time: UNIX_TIME,
    mediantime: UNIX_TIME,
    verificationprogress: number('Connected blocks of the known headers, from 0 to 1.'),
    initialblockdownload: FLAG,
    chainwork: HASH,
    size_on_disk: count('Bytes of the whole store, indexes included.'),
    pruned: FLAG,
    'signet_challenge?': HEX,
    warnings: list(string()),
  }),
)

/** What Core calls the networks that it has another name for. */
const CORE_NAMES: Partial<Record<Network['name'], string>> = { testnet3: 'test', 'litecoin-regtest': 'regtest' }

export function chainInfoJson({ tip, headers, synced, sizeOnDisk }: ChainInfo, network: Network): string {
  const { time, bits } = readHeader(tip.header)
  const progress = synced ? 1 : (tip.height + 1) / (Math.max(headers, tip.height) + 1)
  const challenge = network.signetChallenge ? `"signet_challenge":"${bytesToHex(network.signetChallenge)}",` : ''
  return (
    `{"chain":"${CORE_NAMES[network.name] ?? network.name}","blocks":${tip.height},"headers":${headers},` +
    `"bestblockhash":"${toDisplay(tip.hash)}",${bitsFields(bits)},"time":${time},"mediantime":${tip.medianTime},` +
    `"verificationprogress":${doubleText(progress)},"initialblockdownload":${!synced},` +
    `"chainwork":"${bytesToHex(tip.work)}","size_on_disk":${sizeOnDisk},"pruned":false,${challenge}"warnings":[]}`
  )
}
