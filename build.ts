/** Bundles the program, the Worker and the browser's files into `dist/`; `dist/site` is what a browser may have of it. */
import { readFile, rm, writeFile } from 'node:fs/promises'
import { build } from 'esbuild'
import { WASM_FILE } from './src/script/wasm-secp256k1.ts'

const { version } = JSON.parse(await readFile('package.json', 'utf8')) as { version: string }

await rm('dist', { recursive: true, force: true })
await Promise.all([
  build({
    entryPoints: {
      causeway: 'src/cli/main.ts',
      'ledger-thread': 'src/node/ledger-thread.ts',
      'digest-thread': 'src/node/digest-thread.ts',
      'script-thread': 'src/node/script-thread.ts',
      'writer-thread': 'src/node/writer-thread.ts',
    },
    outdir: 'dist',
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node24',
    // These load files or builtins in ways that cannot be bundled. The rest starts faster, and in a third of the memory,
    // as part of the bundle: resolving hundreds of small modules costs more than running them.
    external: ['commander', 'pino', 'pino-pretty', 'ws'],
    sourcemap: true,
    splitting: true,
    chunkNames: 'chunk-[hash]',
    jsx: 'automatic',
    jsxImportSource: 'hono/jsx',
    define: { CAUSEWAY_VERSION: JSON.stringify(version) },
    loader: { '.css': 'text' },
    banner: { js: '#!/usr/bin/env node' },
  }),
  // For `workerd serve`; wrangler makes its own of the same entry.
  build({
    entryPoints: { worker: 'src/cloudflare/worker.ts', secp256k1: WASM_FILE },
    outdir: 'dist',
    bundle: true,
    platform: 'neutral',
    conditions: ['workerd', 'worker', 'browser'],
    mainFields: ['module', 'main'],
    format: 'esm',
    target: 'es2024',
    external: ['cloudflare:*', 'node:*'],
    jsx: 'automatic',
    jsxImportSource: 'hono/jsx',
    // WebAssembly stays a file of its own, which selfhost/causeway.capnp names.
    loader: { '.wasm': 'copy' },
    assetNames: '[name]',
  }),
  build({
    entryPoints: { live: 'web/client/live.ts' },
    outdir: 'dist/site/assets',
    bundle: true,
    platform: 'browser',
    format: 'esm',
    target: 'es2022',
    minify: true,
  }),
])

// Where the platform serves the files itself. Pages name them by content, in the query.
await writeFile(
  'dist/site/_headers',
  '/assets/*\n  Cache-Control: public, max-age=31536000, immutable\n  X-Content-Type-Options: nosniff\n',
)
