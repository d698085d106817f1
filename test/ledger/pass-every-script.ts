import type { TxScripts } from '../../src/ledger/mempool-scripts.ts'

/** For mempools whose transactions are not signed, because the tests are about something else. */
export const passEveryScript: TxScripts = { check: () => undefined }
