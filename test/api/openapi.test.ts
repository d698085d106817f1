import { Ajv2020 } from 'ajv/dist/2020.js'
import { beforeAll, describe, expect, test } from 'vitest'
import { forSeconds } from '../../src/api/cache-rule.ts'
import { ESPLORA } from '../../src/api/dialect.ts'
import { type OpenApi, openApi } from '../../src/api/openapi.ts'
import { get, inText, tagged } from '../../src/api/route.ts'
import { string } from '../../src/api/schema.ts'
import { regtest } from '../../src/chain/networks/regtest.ts'
import { byTag, readHtml } from '../pages/html.ts'
import { Contract, declaredGroups } from './contract.ts'
import { type RealSample, realFront } from './real-front.ts'

const groups = declaredGroups(regtest)
const document = openApi(groups, '1.2.3')
const operations = Object.entries(document.paths).flatMap(([path, item]) =>
  Object.entries(item).map(([method, operation]) => ({ path, method, operation })),
)

/** What OpenAPI 3.1 wants of the parts that we use; nothing else may stand in them. */
const object = (properties: object, required: string[] = [], more: object = {}) => ({
  type: 'object',
  properties,
  required,
  patternProperties: { '^x-': true },
  additionalProperties: false,
  ...more,
})
const text = { type: 'string', minLength: 1 }
const schema = { type: 'object' }
const content = { type: 'object', minProperties: 1, additionalProperties: object({ schema }, ['schema']) }
const OPENAPI = object(
  {
    openapi: { const: '3.1.1' },
    info: object(
      {
        title: text,
        version: text,
        description: text,
        license: object({ name: text, identifier: text }, ['name']),
      },
      ['title', 'version'],
    ),
    servers: { type: 'array', items: object({ url: text }, ['url']) },
    tags: { type: 'array', uniqueItems: true, items: object({ name: text, description: text }, ['name']) },
    paths: {
      type: 'object',
      patternProperties: {
        '^/': {
          type: 'object',
          propertyNames: { enum: ['get', 'post'] },
          additionalProperties: object(
            {
              operationId: text,
              tags: { type: 'array', items: text },
              summary: { type: 'string', pattern: '\\.$' },
              parameters: {
                type: 'array',
                items: object(
                  {
                    name: text,
                    in: { enum: ['path', 'query'] },
                    required: { type: 'boolean' },
                    description: { type: 'string', pattern: '\\.$' },
                    schema,
                  },
                  ['name', 'in', 'schema'],
                ),
              },
              requestBody: object({ description: text, required: { type: 'boolean' }, content }, ['content']),
              responses: {
                type: 'object',
                minProperties: 1,
                propertyNames: { pattern: '^[1-5][0-9][0-9]$' },
                additionalProperties: object(
                  {
                    description: text,
                    headers: { type: 'object', additionalProperties: object({ description: text, schema }) },
                    content,
                  },
                  ['description'],
                ),
              },
            },
            ['operationId', 'responses'],
          ),
        },
      },
      additionalProperties: false,
    },
    components: object({
      schemas: { type: 'object', propertyNames: { pattern: '^[A-Za-z0-9._-]+$' }, additionalProperties: schema },
    }),
  },
  ['openapi', 'info', 'paths'],
)

describe('the document', () => {
  test('is an OpenAPI document', () => {
    const ajv = new Ajv2020({ allErrors: true })
    ajv.validate(OPENAPI, document)
    expect(ajv.errors).toBeNull()
  })

  test('has schemas that are such, and refers to nothing that it has not', () => {
    const ajv = new Ajv2020({ strict: true, strictTypes: false })
    ajv.addVocabulary(['components'])
    const all: unknown[] = Object.values(document.components.schemas)
    const visit = (value: unknown) => {
      if (value === null || typeof value !== 'object') return
      for (const [name, inner] of Object.entries(value)) {
        if (name === 'schema') all.push(inner)
        else visit(inner)
      }
    }
    visit(document.paths)
    expect(all.length).toBeGreaterThan(200)
    ajv.compile({ anyOf: all, components: document.components })
  })

  test('names each operation once, and each piece of its path', () => {
    const ids = operations.map(({ operation }) => operation.operationId)
    expect(new Set(ids).size).toBe(ids.length)
    for (const { path, operation } of operations) {
      const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name)
      const named = (operation.parameters ?? []).filter((one) => one.in === 'path').map(({ name }) => name)
      expect(named, path).toEqual(inPath)
      expect(new Set(inPath).size, path).toBe(inPath.length)
    }
  })

  test('has every route of every group, and the streams', () => {
    const routes = groups.flatMap(({ bases, routes }) => routes.map(({ pattern }) => bases[0] + pattern))
    for (const pattern of routes) {
      const path = pattern.replace(/\/:\w+\?$/, '').replace(/:(\w+)\*?/g, '{$1}')
      expect(document.paths, pattern).toHaveProperty([path])
    }
    expect(document.paths).toHaveProperty(['/events', 'get', 'responses', '200', 'content', 'text/event-stream'])
  })

  test('two routes of one path and method are a mistake', () => {
    const about = 'Twice.'
    const twice = { about, gives: inText(string()), fails: [], keep: forSeconds(1), answer: async () => expect.fail() }
    const routes = tagged('Twice', [get('/a', twice), get('/a', twice)])
    expect(() => openApi([{ about, bases: ['/b'], dialect: ESPLORA, routes }], '1')).toThrow('get /b/a')
  })
})

describe('a site', () => {
  let sample: RealSample
  beforeAll(async () => {
    sample = await realFront()
  })

  test('serves it', async () => {
    const response = await sample.front.get('/openapi.json', { Accept: 'text/html' })
    expect(response.headers.get('Content-Type')).toBe('application/json')
    expect(response.headers.get('Access-Control-Allow-Origin')).toBe('*')
    expect(response.headers.get('ETag')).not.toBeNull()
    expect((await response.json()) as OpenApi).toEqual(JSON.parse(JSON.stringify(document)))
  })

  test('shows it to people, and what they may try is answered', async () => {
    const html = await (await sample.front.get('/docs', { Accept: 'text/html' })).text()
    const elements = readHtml(html)
    const ids = new Set(elements.flatMap(({ attributes }) => attributes.id ?? []))
    for (const { operation } of operations) expect(ids).toContain(operation.operationId)
    for (const name of Object.keys(document.components.schemas)) expect(ids).toContain(`shape-${name}`)
    const links = byTag(elements, 'a').map(({ attributes }) => attributes.href!)
    for (const link of links) if (link.startsWith('#')) expect(ids, link).toContain(link.slice(1))

    const tries = byTag(elements, 'a').filter(
      ({ attributes, text }) => attributes.rel === 'nofollow' && attributes.href === text.replaceAll('&amp;', '&'),
    )
    const contract = new Contract(groups)
    for (const { attributes } of tries) {
      const request = new Request(`http://relay.example${attributes.href}`)
      const response = await sample.front.fetch(request)
      const body = await contract.expect(request, response)
      if (response.status !== 200)
        expect(UNANSWERED[attributes.href!], `${attributes.href}: ${body}`).toBe(response.status)
    }
    const tried = operations.filter(({ method, operation }) => method === 'get' && !operation.responses[101])
    // Some take what no relay has at hand: a prefix, a whole transaction.
    expect(tries.length).toBeGreaterThanOrEqual(tried.length - 3)
  })
})

/** What is not offered, or asks for nothing. */
const UNANSWERED: Record<string, number> = { '/api/block-template': 403, '/rest/getutxos.json': 400 }
