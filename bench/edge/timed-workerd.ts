import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { build } from 'esbuild'
import { WASM_FILE } from '../../src/script/wasm-secp256k1.ts'
import { freePort } from '../../test/free-port.ts'
import { Workerd } from '../../test/workerd.ts'

const ROOT = join(import.meta.dirname, '../..')

/** The relay as people host it, but with its events timed (`timed-worker.ts`), its inspector open, and `gc` within reach. */
export async function startTimed(): Promise<{ workerd: Workerd; inspector: string; remove(): Promise<void> }> {
  const folder = mkdtempSync(join(tmpdir(), 'causeway-bench-edge-'))
  const remove = () => rmSync(folder, { recursive: true })
  try {
    await build({
      entryPoints: { worker: join(import.meta.dirname, 'timed-worker.ts'), secp256k1: WASM_FILE },
      outdir: folder,
      absWorkingDir: ROOT,
      // As in build.ts.
      bundle: true,
      platform: 'neutral',
      conditions: ['workerd', 'worker', 'browser'],
      mainFields: ['module', 'main'],
      format: 'esm',
      target: 'es2024',
      external: ['cloudflare:*', 'node:*'],
      jsx: 'automatic',
      jsxImportSource: 'hono/jsx',
      loader: { '.wasm': 'copy' },
      assetNames: '[name]',
    })
    const config = readFileSync(join(ROOT, 'selfhost/causeway.capnp'), 'utf8')
      .replaceAll('../dist/', '')
      .replace('services = [', 'v8Flags = ["--expose-gc"],\n  services = [')
    writeFileSync(join(folder, 'causeway.capnp'), config)
    const inspector = `127.0.0.1:${await freePort()}`
    const workerd = await Workerd.start({
      config: join(folder, 'causeway.capnp'),
      args: ['--inspector-addr', inspector],
      env: { CAUSEWAY_NETWORK: 'regtest' },
    })
    return {
      workerd,
      inspector,
      remove: async () => {
        await workerd.remove()
        remove()
      },
    }
  } catch (error) {
    remove()
    throw error
  }
}
