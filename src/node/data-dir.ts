import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { StoreError } from './sqlite.ts'

/** The directory that holds everything one relay keeps, held by one process at a time. */
export interface DataDir {
  /** The ledger's database file. */
  ledger: string
  release(): void
}

/**
 * Makes the directory where it is missing and takes hold of it. The hold is an open transaction on a file of its own,
 * so that it ends with the process however that ends. Throws `StoreError` when the directory cannot be made or
 * written, or another process holds it.
 */
export function takeDataDir(path: string): DataDir {
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 })
  } catch (error) {
    throw new StoreError('unreadable', `cannot make ${path}: ${(error as Error).message}`)
  }
  let hold: DatabaseSync
  try {
    hold = new DatabaseSync(join(path, 'in-use'))
  } catch (error) {
    throw new StoreError('unreadable', `cannot write in ${path}: ${(error as Error).message}`)
  }
  try {
    hold.exec('BEGIN EXCLUSIVE')
  } catch (error) {
    hold.close()
    throw new StoreError('locked', `cannot use ${path}: another process does (${(error as Error).message})`)
  }
  return { ledger: join(path, 'ledger.sqlite'), release: () => hold.close() }
}
