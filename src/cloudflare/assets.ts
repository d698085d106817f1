import type { Assets } from '../api/deps.ts'

/** The files that pages refer to; the build puts them below `assets/` of the folder that the platform serves. */
const FILES = { 'live.js': 'text/javascript; charset=utf-8' }

/** Reads them, so that pages can refer to them by content. The platform itself answers who asks for one. */
export async function loadAssets(source: Fetcher | undefined): Promise<Assets> {
  const files = new Map<string, { body: Uint8Array<ArrayBuffer>; type: string }>()
  for (const [name, type] of Object.entries(source ? FILES : {})) {
    const response = await source!.fetch(`https://assets.local/assets/${name}`)
    if (response.ok) files.set(name, { body: new Uint8Array(await response.arrayBuffer()), type })
  }
  return { get: (path) => files.get(path) }
}
