import type { ScriptChecks } from '../../src/ledger/script-checks.ts'

/** Calls every script good: for chains whose scripts no spend could satisfy, in tests of something else. */
export const noScripts: ScriptChecks = { begin: () => ({ settle: () => undefined }) }
