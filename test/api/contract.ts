import { brotliDecompressSync, gunzipSync } from 'node:zlib'
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js'
import { expect } from 'vitest'
import type { MediaType } from '../../src/api/answer.ts'
import { placer } from '../../src/api/api.ts'
import { type ApiDeps, USUAL_SETTINGS } from '../../src/api/deps.ts'
import { statusOf } from '../../src/api/errors.ts'
import type { RouteGroup } from '../../src/api/group.ts'
import { apiGroups } from '../../src/api/groups.ts'
import { failuresOf, type Shapes } from '../../src/api/route.ts'
import { type Schema, written } from '../../src/api/schema.ts'
import { STREAMS } from '../../src/api/streams.ts'
import type { Network } from '../../src/chain/network.ts'

/** All groups of a site, as far as they say what they answer: nothing can be asked. */
export function declaredGroups(network: Network): RouteGroup[] {
  return apiGroups({
    network,
    queries: {},
    status: {},
    name: 'relay.example',
    version: '1.2.3',
    settings: USUAL_SETTINGS,
    now: () => 0,
  } as unknown as ApiDeps)
}

/** Holds answers against what their routes declare: status, media type and shape. */
export class Contract {
  readonly #place: ReturnType<typeof placer>
  readonly #ajv = new Ajv2020({ strict: true, allErrors: true, strictTypes: false })
  readonly #checks = new Map<Schema, ValidateFunction>()

  constructor(groups: readonly RouteGroup[]) {
    this.#ajv.addVocabulary(['components'])
    this.#place = placer(groups)
  }

  /** The body that was found good, parsed where it is JSON and as text otherwise; fails the test where it is not good. */
  async expect(request: Request, response: Response): Promise<unknown> {
    const { pathname } = new URL(request.url)
    const { group, find, path } = this.#place(pathname)
    const found = find(request.method === 'HEAD' ? 'GET' : request.method, path)
    const where = `${request.method} ${pathname}: ${response.status}`
    const type = response.headers.get('Content-Type') as MediaType
    const { shapes } = group.dialect
    const stream = STREAMS.find((one) => one.path === pathname)
    if (stream && (request.method === 'GET' || request.method === 'HEAD')) {
      expect([stream.status, ...stream.fails.map(statusOf)], where).toContain(response.status)
      return response.status === stream.status ? response.body?.cancel() : this.#body(response, type, shapes, where)
    }
    if (!found) {
      expect(response.status, where).toBe(404)
      return this.#body(response, type, shapes, where)
    }
    if (response.status === 304) return undefined
    if (response.status === 200) return this.#body(response, type, found.route.declared.gives, where)
    expect(failuresOf(found.route).map(statusOf), where).toContain(response.status)
    return this.#body(response, type, shapes, where)
  }

  async #body(response: Response, type: MediaType, shapes: Shapes, where: string): Promise<unknown> {
    const schema = shapes[type]
    expect(schema, `${where} of type ${type}`).toBeDefined()
    const bytes = unpacked(new Uint8Array(await response.arrayBuffer()), response.headers.get('Content-Encoding'))
    if (type === 'application/octet-stream') return bytes
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes)
    const body: unknown = type === 'application/json' ? JSON.parse(text) : text
    const check = this.#check(schema!)
    if (!check(body)) {
      const errors = this.#ajv.errorsText(check.errors, { separator: '\n' })
      expect.fail(`${where} answers ${text.slice(0, 500)}\n${errors}`)
    }
    return body
  }

  #check(schema: Schema): ValidateFunction {
    const known = this.#checks.get(schema)
    if (known) return known
    const components = new Map()
    const root = written(schema, components) as object
    const schemas = Object.fromEntries([...components].map(([name, { text }]) => [name, text]))
    const check = this.#ajv.compile({ ...root, components: { schemas } })
    this.#checks.set(schema, check)
    return check
  }
}

function unpacked(bytes: Uint8Array, coding: string | null): Uint8Array {
  if (coding === null) return bytes
  return coding === 'gzip' ? gunzipSync(bytes) : brotliDecompressSync(bytes)
}
