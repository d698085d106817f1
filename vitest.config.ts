import { readFileSync } from 'node:fs'
import { cloudflareTest } from '@cloudflare/vitest-plugin'
import { parse } from 'smol-toml'
import { defineConfig } from 'vitest/config'
import { reporters } from './test/reporters.ts'

const { compatibility_date } = parse(readFileSync('wrangler.toml', 'utf8')) as { compatibility_date: string }

function relayOptions(bindings: Record<string, string> = {}) {
  return {
    main: './test/workers/objects.ts',
    miniflare: {
      cf: false as const, // nothing is fetched to describe requests
      compatibilityDate: compatibility_date,
      modulesRules: [{ type: 'CompiledWasm' as const, include: ['**/*.wasm'] }], // as wrangler has it of its own accord
      bindings: { CAUSEWAY_NETWORK: 'regtest', ...bindings },
      durableObjects: {
        HUB: { className: 'Hub', useSQLite: true },
        LEDGER: { className: 'Ledger', useSQLite: true },
        DIALER: { className: 'Dialer', useSQLite: true },
        SPIKE_HUB: { className: 'HubObject', useSQLite: true },
        SPIKE_LEDGER: { className: 'LedgerObject', useSQLite: true },
        STORE: { className: 'StoreObject', useSQLite: true },
      },
    },
  }
}

export default defineConfig({
  test: {
    reporters: reporters('test.json'),
    maxWorkers: 2, // for two cores; of its own accord it leaves one to the rest of the machine
    silent: 'passed-only', // objects of the workers project write their log
    projects: [
      {
        test: {
          name: 'node',
          include: ['test/**/*.test.{ts,tsx}'],
          exclude: ['test/workers/**', 'test/interop/**'],
          pool: 'threads',
          testTimeout: 20_000,
        },
      },
      {
        plugins: [cloudflareTest(relayOptions())],
        test: {
          name: 'workers',
          include: ['test/workers/**/*.test.ts'],
          exclude: ['test/workers/dialer.test.ts'],
          testTimeout: 20_000,
        },
      },
      {
        // A relay with other settings: it dials peers that run beside it.
        plugins: [
          cloudflareTest(({ inject }) => relayOptions({ CAUSEWAY_CONNECT: inject('peer'), PEERS: inject('peers') })),
        ],
        test: {
          name: 'workers-dialer',
          include: ['test/workers/dialer.test.ts'],
          globalSetup: ['test/workers/tcp-peers.ts'],
          testTimeout: 20_000,
        },
      },
    ],
  },
})
