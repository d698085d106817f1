/** Bundles the program and the browser's files into `dist/` (see DESIGN: relay, ledger thread, digest thread, assets). */
import { readFile, rm } from 'node:fs/promises'
import { build } from 'esbuild'

const { version } = JSON.parse(await readFile('package.json', 'utf8')) as { version: string }

await rm('dist', { recursive: true, force: true })
await Promise.all([
  build({
    entryPoints: {
      causeway: 'src/cli/main.ts',
      'ledger-thread': 'src/node/ledger-thread.ts',
      'digest-thread': 'src/node/digest-thread.ts',
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
  build({
    entryPoints: { live: 'web/client/live.ts' },
    outdir: 'dist/assets',
    bundle: true,
    platform: 'browser',
    format: 'esm',
    target: 'es2022',
    minify: true,
  }),
])
