import fc from 'fast-check'
import { expect, test } from 'vitest'
import { pageOfHashes } from '../../src/api/hash-page.ts'
import { bytesToHex, concatBytes } from '../../src/wire/hash.ts'

/** Hashes of which many share their beginnings. */
const hash = fc
  .tuple(fc.uint8Array({ minLength: 2, maxLength: 2, max: 2 }), fc.uint8Array({ minLength: 2, maxLength: 2, max: 2 }))
  .map(([start, end]) => {
    const bytes = new Uint8Array(32)
    bytes.set(start, 4)
    bytes.set(end, 30)
    return bytes
  })

test('pages in a row give every hash once, in order', () => {
  fc.assert(
    fc.property(
      fc.uniqueArray(hash, { selector: bytesToHex, maxLength: 60 }),
      fc.integer({ min: 1, max: 20 }),
      (hashes, size) => {
        const seen: string[] = []
        for (let after: Uint8Array | undefined; ; ) {
          const page = pageOfHashes(concatBytes(...hashes), after, size)
          expect(page.length).toBeLessThanOrEqual(32 * size)
          if (page.length === 0) break
          for (let at = 0; at < page.length; at += 32) seen.push(bytesToHex(page.subarray(at, at + 32)))
          after = page.slice(-32)
        }
        expect(seen).toEqual(hashes.map(bytesToHex).sort())
      },
    ),
  )
})

test('of none there is an empty page', () => {
  expect(pageOfHashes(new Uint8Array(0), undefined, 10).length).toBe(0)
})
