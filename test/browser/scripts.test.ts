import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { build } from 'esbuild'
import { chromium } from 'playwright-core'
import { describe, expect, test } from 'vitest'
import { WASM_FILE } from '../../src/script/wasm-secp256k1.ts'
import { curveVectors } from '../script/curve-vectors.ts'
import type { ScriptVectors } from '../script/script-contract.ts'
import { readSharedJson, sharedVectors } from '../shared.ts'

const PROGRAM = process.env.CAUSEWAY_CHROMIUM ?? '/usr/bin/chromium'
const SITE = 'https://causeway.test/'

describe('in Chromium', () => {
  if (!existsSync(PROGRAM)) return test.skip(`skipped: there is no ${PROGRAM}`, () => {})

  test('signatures and scripts are what they are elsewhere', async () => {
    const files = await bundle()
    const browser = await chromium.launch({ executablePath: PROGRAM })
    try {
      const page = await browser.newPage()
      await page.route('**', (route) => route.fulfill(files.get(new URL(route.request().url()).pathname)!))
      await page.goto(SITE)
      const vectors = JSON.stringify(sharedVectors() ? { curve: curveVectors(), scripts: scriptVectors() } : null)
      const result = (await page.evaluate(`run(${vectors} ?? undefined)`)) as { names: string[]; failures: string[] }
      expect(result.failures).toEqual([])
      expect(result.names.length).toBeGreaterThan(3 * 30)
    } finally {
      await browser.close()
    }
  }, 60_000)
})

function scriptVectors(): ScriptVectors {
  return {
    scripts: readSharedJson('tx/script_tests.json'),
    valid: readSharedJson('tx/tx_valid.json'),
    invalid: readSharedJson('tx/tx_invalid.json'),
    // All of them take seconds there.
    taproot: readSharedJson('tx/taproot-ref.json.gz').filter((_: unknown, i: number) => i % 10 === 0),
  }
}

/** By path. */
async function bundle(): Promise<Map<string, { body: string | Buffer; contentType: string }>> {
  const standIn = join(import.meta.dirname, 'stand-in.ts')
  const { outputFiles } = await build({
    entryPoints: { page: join(import.meta.dirname, 'scripts-page.ts'), secp256k1: WASM_FILE },
    outdir: '/',
    bundle: true,
    write: false,
    platform: 'browser',
    format: 'esm',
    target: 'es2022',
    alias: { vitest: standIn },
    loader: { '.wasm': 'copy' },
  })
  const body = (path: string) => Buffer.from(outputFiles.find((file) => file.path === path)!.contents)
  return new Map([
    ['/', { body: '<!doctype html><script src="page.js" type="module"></script>', contentType: 'text/html' }],
    ['/page.js', { body: body('/page.js'), contentType: 'text/javascript' }],
    ['/secp256k1.wasm', { body: body('/secp256k1.wasm'), contentType: 'application/wasm' }],
  ])
}
