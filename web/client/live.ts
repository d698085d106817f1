import { refreshAges } from './ages.ts'
import { followHome } from './home.ts'

/** Ages are told anew this often. */
const AGES_EVERY_MS = 10_000

document.documentElement.classList.add('scripted')
addEventListener('keydown', (event) => {
  if (event.key !== '/' || event.ctrlKey || event.metaKey || event.altKey) return
  if (event.target instanceof HTMLElement && event.target.closest('input, textarea, select, [contenteditable]')) return
  event.preventDefault()
  document.getElementById('q')?.focus()
})
setInterval(refreshAges, AGES_EVERY_MS)
if (document.getElementById('blocks') && document.getElementById('lede')) followHome()
