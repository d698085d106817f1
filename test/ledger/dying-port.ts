import { StoreError } from '../../src/store/error.ts'
import type { SqlPort } from '../../src/store/sql.ts'

/** A port whose process dies at the statement (or the end of a transaction) numbered `at`: nothing works from there on. */
export class DyingPort implements SqlPort {
  readonly sql: SqlPort['sql']
  steps = 0
  readonly #port: SqlPort
  #at: number

  constructor(port: SqlPort, at: number) {
    this.#port = port
    this.#at = at
    const exec: SqlPort['sql']['exec'] = (query, ...bindings) => {
      this.#step()
      return port.sql.exec(query, ...bindings)
    }
    this.sql = { exec, databaseSize: 0 }
  }

  /** So many steps from now. */
  dieAt(steps: number): void {
    this.#at = this.steps + steps
  }

  transactionSync<T>(fn: () => T): T {
    return this.#port.transactionSync(() => {
      const value = fn()
      this.#step()
      return value
    })
  }

  #step(): void {
    if (++this.steps >= this.#at) throw new StoreError('io', 'the machine is off')
  }
}
