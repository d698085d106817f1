import { defineConfig } from 'vitest/config'
import { reporters } from './test/reporters.ts'

/** Other people's nodes on loopback: slow, one at a time, and never part of `npm test`. */
export default defineConfig({
  test: {
    include: ['test/interop/**/*.test.ts'],
    globalSetup: ['test/interop/setup.ts'],
    reporters: reporters('interop.json'),
    fileParallelism: false,
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
})
