import { btcGroups } from '../pages/format.ts'
import { count } from '../pages/phrase.ts'

const inSat = new URLSearchParams(location.search).get('unit') === 'sat'

/** Writes an amount as the server does: grouped 2-3-3, trailing zeros dimmed. Satoshi, not negative. */
export function setAmount(element: HTMLDataElement, sat: number): void {
  element.value = String(sat)
  if (inSat) {
    element.textContent = count(sat)
    return
  }
  element.replaceChildren(
    ...btcGroups(sat).map(({ digits, zeros }, i) => {
      const group = document.createElement('span')
      if (i > 0) group.className = 'g'
      group.append(digits)
      if (zeros) {
        const dim = document.createElement('span')
        dim.className = 'z'
        dim.textContent = zeros
        group.append(dim)
      }
      return group
    }),
  )
}
