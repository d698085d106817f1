import { addr } from './addr.ts'
import { addrv2 } from './addrv2.ts'
import { blockMessage } from './block-message.ts'
import { blocktxn } from './blocktxn.ts'
import { cfcheckpt } from './cfcheckpt.ts'
import { cfheaders } from './cfheaders.ts'
import { cfilter } from './cfilter.ts'
import { cmpctblock } from './cmpctblock.ts'
import { type Codec, type Decoded, decode, Writer } from './codec.ts'
import { feature } from './feature.ts'
import { feefilter } from './feefilter.ts'
import { filteradd } from './filteradd.ts'
import { filterclear } from './filterclear.ts'
import { filterload } from './filterload.ts'
import { getaddr } from './getaddr.ts'
import { getblocks } from './getblocks.ts'
import { getblocktxn } from './getblocktxn.ts'
import { getcfcheckpt } from './getcfcheckpt.ts'
import { getcfheaders } from './getcfheaders.ts'
import { getcfilters } from './getcfilters.ts'
import { getdata } from './getdata.ts'
import { getheaders } from './getheaders.ts'
import { headers } from './headers.ts'
import { inv } from './inv.ts'
import { mempool } from './mempool.ts'
import { merkleblock } from './merkleblock.ts'
import { notfound } from './notfound.ts'
import { ping } from './ping.ts'
import { pong } from './pong.ts'
import { sendaddrv2 } from './sendaddrv2.ts'
import { sendcmpct } from './sendcmpct.ts'
import { sendheaders } from './sendheaders.ts'
import { sendtxrcncl } from './sendtxrcncl.ts'
import { tx } from './tx.ts'
import { verack } from './verack.ts'
import { version } from './version.ts'
import { wtxidrelay } from './wtxidrelay.ts'

const known = [
  version,
  verack,
  wtxidrelay,
  sendaddrv2,
  feature,
  sendtxrcncl,
  ping,
  pong,
  getaddr,
  addr,
  addrv2,
  inv,
  getdata,
  notfound,
  tx,
  blockMessage,
  getheaders,
  headers,
  sendheaders,
  getblocks,
  sendcmpct,
  cmpctblock,
  getblocktxn,
  blocktxn,
  feefilter,
  getcfilters,
  cfilter,
  getcfheaders,
  cfheaders,
  getcfcheckpt,
  cfcheckpt,
  mempool,
  filterload,
  filteradd,
  filterclear,
  merkleblock,
] as const

/** Every message we can read and write, told apart by `command`. */
export type Message = Decoded<(typeof known)[number]>
export type Command = Message['command']
export type MessageOf<C extends Command> = Extract<Message, { command: C }>

const codecs = new Map<string, Codec<Message>>(known.map((codec) => [codec.command, codec as Codec<Message>]))

/** All commands of `Message`. */
export const COMMANDS: readonly Command[] = known.map((codec) => codec.command)

/**
 * The message in a payload; undefined for a command we do not know (old ones such as `alert` and `reject` among them),
 * which peers may send and we pass over. Byte strings in it are views of the payload.
 */
export function decodeMessage<C extends Command>(command: C, payload: Uint8Array): MessageOf<C>
export function decodeMessage(command: string, payload: Uint8Array): Message | undefined
export function decodeMessage(command: string, payload: Uint8Array): Message | undefined {
  const codec = codecs.get(command)
  return codec && decode(codec, payload)
}

/** The command and payload of a message, ready for `encodeFrame`. The payload is alone in its ArrayBuffer. */
export function encodeMessage(message: Message): { command: Command; payload: Uint8Array<ArrayBuffer> } {
  const codec = codecs.get(message.command)
  if (!codec) throw new Error(`no codec for ${message.command}`)
  const writer = new Writer()
  codec.write(writer, message)
  return { command: message.command, payload: writer.finish() }
}
