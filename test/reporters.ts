import { join } from 'node:path'

/** What people read, and a file that can be counted where `CAUSEWAY_TEST_RESULTS` names a folder. */
export function reporters(name: string): (string | [string, Record<string, unknown>])[] {
  const folder = process.env.CAUSEWAY_TEST_RESULTS
  return [
    'default',
    ...(folder ? [['json', { outputFile: join(folder, name) }] as [string, Record<string, unknown>]] : []),
  ]
}
