/** Colours as `light / dark` pairs, by meaning. Text on `paper` has a contrast of at least 4.5, strokes of 3. */
const COLOURS = {
  paper: ['#fbfcfb', '#0e1416'],
  /** Wells, the empty part of a bar. */
  sunk: ['#f0f3f2', '#162023'],
  ink: ['#13201e', '#e4ebea'],
  /** Labels. */
  ink2: ['#43524f', '#adbbbb'],
  /** Units, axes, trailing zeros. */
  ink3: ['#5d6b68', '#8b9b9c'],
  /** Hairlines. */
  line: ['#d8dfdd', '#273337'],
  /** Borders of controls. */
  edge: ['#788784', '#6c7d80'],
  /** Links and the focus ring. */
  tide: ['#075a7c', '#6fc5e2'],
  /** Not settled yet, as text and as a stroke. */
  now: ['#a14a06', '#f0a544'],
  'now-line': ['#cd6805', '#f0a544'],
  ok: ['#1a6a3b', '#72d093'],
  bad: ['#b0211a', '#ff9187'],
  'now-wash': ['#fcf1e2', '#2b2012'],
  'bad-wash': ['#fcebe9', '#331716'],
  /** Spent and unspent. */
  flow: ['#d3dfe2', '#243a41'],
  flow2: ['#4d8ca3', '#3f8aa2'],
  /** One step of the fee ramp, for bars. */
  f4: ['#3f8195', '#5b9dae'],
} as const satisfies Record<string, readonly [light: string, dark: string]>

export const TOKENS = `:root{color-scheme:light dark;${Object.entries(COLOURS)
  .map(([name, [light, dark]]) => `--${name}:light-dark(${light},${dark})`)
  .join(';')};
--sans:-apple-system,BlinkMacSystemFont,"Segoe UI",Roboto,"Noto Sans","Liberation Sans",Arial,sans-serif;
--mono:ui-monospace,"SF Mono","Cascadia Mono",Menlo,Consolas,"DejaVu Sans Mono",monospace}
:root[data-theme=light]{color-scheme:light}
:root[data-theme=dark]{color-scheme:dark}`
