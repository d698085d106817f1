import { readFileSync } from 'node:fs'
import { parse } from 'smol-toml'
import { expect, test } from 'vitest'

interface Wrangler {
  compatibility_date: string
  vars: Record<string, string>
  durable_objects: { bindings: { name: string; class_name: string }[] }
  assets: { directory: string; binding: string }
}

const read = (path: string) => readFileSync(path, 'utf8')
const wrangler = parse(read('wrangler.toml')) as unknown as Wrangler
const capnp = read('selfhost/causeway.capnp').replaceAll(/^ *#.*$/gm, '')
/** All matches of a pattern with one group. */
const found = (pattern: RegExp, text = capnp) => [...text.matchAll(pattern)].map(([, group]) => group!)

test('the Worker that people host themselves has the date, objects and files of the one on Workers', () => {
  expect(found(/compatibilityDate = "(.*?)"/g)).toEqual([wrangler.compatibility_date])
  const { bindings } = wrangler.durable_objects
  expect(found(/className = "(\w+)", uniqueKey = "[\w-]+", enableSql = true/g)).toEqual(
    bindings.map(({ class_name }) => class_name),
  )
  expect(found(/name = "(\w+)", durableObjectNamespace/g)).toEqual(bindings.map(({ name }) => name))
  expect(found(/name = "(\w+)", service = "site"/g)).toEqual([wrangler.assets.binding])
  expect(found(/name = "site", disk = \(path = "(.*?)"\)/g)).toEqual([wrangler.assets.directory])
})

test('it takes every setting that the Worker knows, by the same name', () => {
  const known = found(/^ +(CAUSEWAY_\w+)\?:/gm, read('src/cloudflare/env.ts'))
  expect(found(/name = "(CAUSEWAY_\w+)", fromEnvironment = "\1"/g)).toEqual(known)
  expect(known).toEqual(expect.arrayContaining(Object.keys(wrangler.vars)))
  expect(read('package.json')).toContain(`\${CAUSEWAY_NETWORK:-${wrangler.vars.CAUSEWAY_NETWORK}}`)
})
