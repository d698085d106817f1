import { readdir, readFile } from 'node:fs/promises'
import type { Assets } from '../api/deps.ts'

const TYPES: Record<string, string> = {
  js: 'text/javascript; charset=utf-8',
  css: 'text/css; charset=utf-8',
  svg: 'image/svg+xml',
  txt: 'text/plain; charset=utf-8',
}

/** The browser's files that the build put beside the program, held in memory. */
export async function loadAssets(): Promise<Assets> {
  const folder = new URL('./site/assets/', import.meta.url)
  const files = new Map<string, { body: Uint8Array<ArrayBuffer>; type: string }>()
  for (const name of await readdir(folder).catch(() => [])) {
    const type = TYPES[name.slice(name.lastIndexOf('.') + 1)]
    if (type) files.set(name, { body: new Uint8Array(await readFile(new URL(name, folder))), type })
  }
  return { get: (path) => files.get(path) }
}
