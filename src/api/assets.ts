import { bytesToHex, sha256 } from '../wire/hash.ts'
import { LONG } from './cache-rule.ts'
import type { Assets } from './deps.ts'

/** Seconds for which a file may be kept whose address does not name its content. */
const UNNAMED_TTL = 60

/** Addresses of assets that change with their content, so that caches may keep them for good. */
export function assetLinks(assets: Assets): (path: string) => string | undefined {
  return (path) => {
    const asset = assets.get(path)
    return asset && `/assets/${path}?${contentName(asset.body)}`
  }
}

/** The file below `/assets/`, or `undefined`. */
export function assetResponse(assets: Assets, url: URL): Response | undefined {
  const asset = assets.get(url.pathname.slice('/assets/'.length))
  if (!asset) return undefined
  const named = url.search === `?${contentName(asset.body)}`
  return new Response(asset.body, {
    headers: {
      'Content-Type': asset.type,
      'Cache-Control': named ? `public, max-age=${LONG}, immutable` : `public, max-age=${UNNAMED_TTL}`,
      'X-Content-Type-Options': 'nosniff',
    },
  })
}

function contentName(body: string | Uint8Array): string {
  return bytesToHex(sha256(typeof body === 'string' ? new TextEncoder().encode(body) : body)).slice(0, 12)
}
