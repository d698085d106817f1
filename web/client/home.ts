import type { LiveBlock, LiveHome, LiveTx } from '../../src/api/live-events.ts'
import { percent, rate } from '../pages/format.ts'
import { count, fill as fillIn, type Piece, piecesOf } from '../pages/phrase.ts'
import { ids, live } from '../pages/words.ts'
import { setTime } from './ages.ts'
import { setAmount } from './amount.ts'

const MAX_WEIGHT = 4_000_000

/** Keeps the home page's figures as the relay tells them, while somebody looks. */
export function followHome(): void {
  const paused = find('live')
  let source: EventSource | undefined
  const follow = () => {
    source = new EventSource('/events?view=home')
    source.addEventListener('home', (event) => {
      paused.hidden = true
      show(JSON.parse(event.data))
    })
    const pause = () => {
      paused.hidden = false
    }
    source.addEventListener('paused', pause)
    source.addEventListener('error', pause)
  }
  document.addEventListener('visibilitychange', () => {
    if (document.hidden) source?.close()
    else follow()
  })
  if (!document.hidden) follow()
}

function show(home: LiveHome): void {
  showLede(home)
  showRows(find('blocks'), 'block-row', home.blocks, (block) => block.id, fillBlock)
  showRows(find('txs'), 'tx-row', home.recent, (tx) => tx.txid, fillTx)
  find('no-txs').hidden = home.recent.length > 0
  find('txs').closest('table')!.hidden = home.recent.length === 0
}

function showLede(home: LiveHome): void {
  const lede = find('lede')
  const link = lede.querySelector('a')!
  const time = lede.querySelector('time')!
  link.textContent = count(home.height)
  setBlockLink(link, home.height)
  setTime(time, home.timestamp)
  const n = home.mempool.count
  const written = (piece: Piece): Node | string => {
    const text = 'text' in piece ? piece.text : count(n)
    if (!piece.bold) return text
    const bold = document.createElement('b')
    bold.textContent = text
    return bold
  }
  const found = piecesOf(live.found).map((piece) =>
    'text' in piece ? piece.text : piece.name === 'block' ? link : time,
  )
  lede.replaceChildren(...found, ' ', ...piecesOf(n === 0 ? live.emptyPool : live.waiting, n).map(written))
}

/**
 * Makes the rows of a list these items. Rows that stay are kept as they are; nothing moves under a pointer or a focus:
 * then the list waits until it is left.
 */
function showRows<T>(
  list: HTMLElement,
  template: string,
  items: readonly T[],
  keyOf: (item: T) => string,
  fill: (row: HTMLTableRowElement, item: T) => void,
): void {
  const update = () => {
    const rows = new Map([...list.children].map((row) => [(row as HTMLElement).dataset.key, row]))
    const next = items.map((item) => {
      const known = rows.get(keyOf(item))
      if (known) return known
      // Imported, not cloned: links in a template's own document have no address to be relative to.
      const { content } = find(template) as HTMLTemplateElement
      const row = document.importNode(content, true).firstElementChild as HTMLTableRowElement
      row.dataset.key = keyOf(item)
      row.className = 'fresh'
      fill(row, item)
      return row
    })
    if (next.length === list.children.length && next.every((row, i) => row === list.children[i])) return
    list.replaceChildren(...next)
  }
  waiting.get(list)?.abort()
  if (!list.matches(':hover, :focus-within')) {
    update()
    return
  }
  const over = new AbortController()
  waiting.set(list, over)
  const left = () => {
    if (list.matches(':hover, :focus-within')) return
    over.abort()
    update()
  }
  list.addEventListener('mouseleave', left, { signal: over.signal })
  list.addEventListener('focusout', () => setTimeout(left), { signal: over.signal })
}

/** Lists that hold an update back, with what takes it back. */
const waiting = new Map<HTMLElement, AbortController>()

function fillBlock(row: HTMLTableRowElement, block: LiveBlock): void {
  const [height, found, txs, full, fees] = row.cells
  const link = height!.querySelector('a')!
  link.textContent = count(block.height)
  setBlockLink(link, block.height)
  setTime(found!.querySelector('time')!, block.timestamp)
  txs!.textContent = count(block.tx_count)
  full!.querySelector('span')!.textContent = `${percent(block.weight, MAX_WEIGHT)} %`
  full!.querySelector('.f')!.setAttribute('width', `${((100 * block.weight) / MAX_WEIGHT).toFixed(1)}%`)
  setAmount(fees!.querySelector('data')!, block.fees)
}

function fillTx(row: HTMLTableRowElement, tx: LiveTx): void {
  const [heard, id, amount, perVb] = row.cells
  setTime(heard!.querySelector('time')!, tx.time)
  const link = id!.querySelector('a')!
  link.pathname = `/tx/${tx.txid}`
  const [start, hidden, end] = [tx.txid.slice(0, 8), tx.txid.slice(8, -8), tx.txid.slice(-8)]
  link.ariaLabel = fillIn(ids.tx, { short: `${start}…${end}` })
  const clipped = link.querySelector('.hid')!
  clipped.textContent = hidden
  clipped.parentElement!.replaceChildren(start, clipped, end)
  setAmount(amount!.querySelector('data')!, tx.value)
  perVb!.textContent = rate(tx.fee / tx.vsize)
}

/** Keeps the visitor's choices, which travel in the query. */
function setBlockLink(link: HTMLAnchorElement, height: number): void {
  link.pathname = `/block/${height}`
}

function find(id: string): HTMLElement {
  return document.getElementById(id)!
}
