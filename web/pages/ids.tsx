import { fill } from './phrase.ts'
import { href, type View } from './view.ts'
import { ids as words } from './words.ts'

/** Digits of a txid that stay to see at both ends, and of an address at its start and end. */
const TXID_ENDS = [8, 8] as const
const OUTPOINT_ENDS = [6, 6] as const
const ADDRESS_ENDS = [14, 10] as const

/** A long name whose middle is clipped to a mark but stays in the text: copying and finding give the whole. */
export function Clipped({ text, ends, then }: { text: string; ends: readonly [number, number]; then?: string }) {
  const [start, end] = ends
  if (text.length <= start + end + 1) return <span class="mono h">{text}</span>
  return (
    <span class="mono h">
      {text.slice(0, start)}
      <span class="hid">{text.slice(start, -end)}</span>
      {text.slice(-end)}
      {then}
    </span>
  )
}

export function TxLink({ v, txid }: { v: View; txid: string }) {
  return (
    <a href={href(v, `/tx/${txid}`)} aria-label={fill(words.tx, { short: shortened(txid, TXID_ENDS) })}>
      <Clipped text={txid} ends={TXID_ENDS} />
    </a>
  )
}

/** As it is seen: a screen reader would spell all of it. */
function shortened(text: string, [start, end]: readonly [number, number]): string {
  return `${text.slice(0, start)}…${text.slice(-end)}`
}

/** Rows of inputs or outputs on one page of a transaction. */
export const ROWS = 20

/** Where an output stands on the pages of its transaction. */
export function outputHref(v: View, txid: string, vout: number): string {
  return `${href(v, `/tx/${txid}`, { out: pageOf(vout) })}#out-${vout}`
}

/** Where an input stands on the pages of its transaction. */
export function inputHref(v: View, txid: string, vin: number): string {
  return `${href(v, `/tx/${txid}`, { in: pageOf(vin) })}#in-${vin}`
}

function pageOf(row: number): number | undefined {
  return row < ROWS ? undefined : row - (row % ROWS)
}

/** The output that an input spends, as `txid:index`. */
export function OutpointLink({ v, txid, vout }: { v: View; txid: string; vout: number }) {
  return (
    <a href={outputHref(v, txid, vout)}>
      <Clipped text={txid} ends={OUTPOINT_ENDS} then={`:${vout}`} />
    </a>
  )
}

export function AddressLink({ v, address }: { v: View; address: string }) {
  return (
    <a
      href={href(v, `/address/${address}`)}
      aria-label={fill(words.address, { short: shortened(address, ADDRESS_ENDS) })}
    >
      <Clipped text={address} ends={ADDRESS_ENDS} />
    </a>
  )
}

export function BlockLink({ v, height, children }: { v: View; height: number; children: string }) {
  return <a href={href(v, `/block/${height}`)}>{children}</a>
}

/** A block hash in full; its leading zeros, the work, are dimmed. */
export function BlockHash({ hash }: { hash: string }) {
  const zeros = /^0*/.exec(hash)![0]
  return (
    <span class="mono">
      <span class="z">{zeros}</span>
      {hash.slice(zeros.length)}
    </span>
  )
}

/** An address in full, in groups of four that are set apart without spaces. */
export function FullAddress({ address }: { address: string }) {
  return (
    <span class="mono addr" dir="ltr">
      {address.match(/.{1,4}/gsu)?.map((four) => (
        <span>{four}</span>
      ))}
    </span>
  )
}
