import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { describe, test } from 'vitest'

const FOLDER = join(import.meta.dirname, '../../shared/vectors')

/** Where other people's test data lies, beside the repository; undefined on machines that do not have it. */
export function sharedVectors(): string | undefined {
  return existsSync(FOLDER) ? FOLDER : undefined
}

/** A suite that needs the shared data, and says so where it has to skip. */
export function describeShared(name: string, suite: () => void): void {
  if (sharedVectors()) describe(name, suite)
  else describe(name, () => test.skip('skipped: there is no ../shared/vectors here', () => {}))
}

/** The bytes of one file; `.gz` is unpacked. */
export function readShared(path: string): Uint8Array<ArrayBuffer> {
  const file = readFileSync(join(FOLDER, path))
  // Copied out of Node's pool: tests hand buffers around.
  return new Uint8Array(path.endsWith('.gz') ? gunzipSync(file) : file)
}

// biome-ignore lint/suspicious/noExplicitAny: each file has its own shape, which its tests know
export function readSharedJson(path: string): any {
  return JSON.parse(new TextDecoder().decode(readShared(path)))
}

/** The raw blocks of a `.dat` file: magic, u32 length, block, over and over. */
export function readDat(path: string): Uint8Array<ArrayBuffer>[] {
  const bytes = readShared(path)
  const view = new DataView(bytes.buffer)
  const blocks: Uint8Array<ArrayBuffer>[] = []
  for (let at = 0; at < bytes.length; ) {
    const length = view.getUint32(at + 4, true)
    blocks.push(bytes.slice(at + 8, at + 8 + length))
    at += 8 + length
  }
  return blocks
}
