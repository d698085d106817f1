import { age, ageInWords } from '../pages/format.ts'

/** How far the relay's clock is ahead of this one, in seconds: ages are told by the relay's. */
const ahead = Number(document.body.dataset.now) - performance.timeOrigin / 1000

/** Unix seconds by the relay's clock. */
export function relayNow(): number {
  return Math.floor(Date.now() / 1000 + ahead)
}

/** Tells every age on the page anew. */
export function refreshAges(): void {
  for (const element of document.querySelectorAll<HTMLTimeElement>('time[data-age]')) tellAge(element)
}

export function setTime(element: HTMLTimeElement, time: number): void {
  element.dateTime = new Date(time * 1000).toISOString()
  tellAge(element)
}

function tellAge(element: HTMLTimeElement): void {
  const time = Date.parse(element.dateTime) / 1000
  const told = element.dataset.age === 'long' ? ageInWords(time, relayNow()) : age(time, relayNow())
  if (element.textContent !== told) element.textContent = told
}
