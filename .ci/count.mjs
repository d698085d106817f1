// Adds up what the test runs wrote down, and prints one closing line. Fails when a run left nothing.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

const sum = { passed: 0, failed: 0, skipped: 0 }
let missing = 0
for (const run of ['test.json', 'interop.json']) {
  try {
    const result = JSON.parse(readFileSync(join(process.argv[2], run), 'utf8'))
    sum.passed += result.numPassedTests
    sum.failed += result.numFailedTests + (result.success ? 0 : result.numFailedTests === 0 ? 1 : 0)
    sum.skipped += result.numPendingTests + result.numTodoTests
  } catch (error) {
    missing++
    console.error(`no results of ${run}: ${error.message}`)
  }
}
console.log(`${sum.passed} passed, ${sum.failed + missing} failed, ${sum.skipped} skipped`)
process.exitCode = sum.failed + missing > 0 ? 1 : 0
