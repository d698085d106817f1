import { inWords } from './cache-rule.ts'
import { type ApiErrorCode, statusOf, textOf } from './errors.ts'
import type { RouteGroup } from './group.ts'
import { parsePattern, templatesOf } from './path-pattern.ts'
import { failuresOf, type Param, type Route, type Shapes } from './route.ts'
import { type Schema, written } from './schema.ts'
import { STREAMS, type Stream } from './streams.ts'

/** The document, as far as its own readers need to know it. */
export interface OpenApi {
  openapi: '3.1.1'
  info: { title: string; version: string; description: string; license: { name: string; identifier: string } }
  servers: { url: string }[]
  tags: Tag[]
  paths: Record<string, PathItem>
  components: { schemas: Record<string, unknown> }
}

export interface Tag {
  name: string
  /** What the group is that it belongs to. */
  description: string
}

export type PathItem = { get?: Operation; post?: Operation }

export interface Operation {
  operationId: string
  tags: string[]
  summary: string
  parameters?: Parameter[]
  requestBody?: { description: string; required: true; content: Record<string, { schema: unknown }> }
  responses: Record<string, OpenApiResponse>
}

export interface Parameter {
  name: string
  in: 'path' | 'query'
  required: boolean
  description: string
  schema: unknown
  /** Pieces in braces stand for what a relay has: see `example-values.ts`. */
  'x-example'?: string
}

export interface OpenApiResponse {
  description: string
  headers?: Record<string, { description: string; schema: unknown }>
  content?: Record<string, { schema: unknown }>
}

type Components = Parameters<typeof written>[1]

/** Describes all routes, and the streams beside them. Two routes of one path and method are a mistake of ours. */
export function openApi(groups: readonly RouteGroup[], version: string): OpenApi {
  const components: Components = new Map()
  const tags = new Map<string, Tag>()
  const paths: Record<string, PathItem> = {}
  const add = (path: string, method: 'get' | 'post', operation: Operation, about: string) => {
    paths[path] ??= {}
    const item = paths[path]
    if (item[method]) throw new Error(`two routes answer ${method} ${path}`)
    item[method] = operation
    const [name] = operation.tags as [string]
    if (!tags.has(name)) tags.set(name, { name, description: about })
  }
  for (const group of groups) {
    for (const route of group.routes) {
      const method = route.method === 'GET' ? 'get' : 'post'
      for (const { path, names } of templatesOf(parsePattern(route.pattern))) {
        const full = group.bases[0] + path
        add(full, method, operationOf(group, route, full, names, components), group.about)
      }
    }
  }
  for (const stream of STREAMS) add(stream.path, 'get', streamOperation(stream, components), 'Told as it happens.')
  return {
    openapi: '3.1.1',
    info: {
      title: 'Causeway',
      version,
      description: 'What a Causeway relay answers to programs. Any page on the web may ask.',
      license: { name: 'MIT', identifier: 'MIT' },
    },
    servers: [{ url: '/' }],
    tags: [...tags.values()],
    paths,
    components: { schemas: Object.fromEntries([...components].map(([name, { text }]) => [name, text])) },
  }
}

function operationOf(
  group: RouteGroup,
  route: Route,
  path: string,
  names: readonly string[],
  components: Components,
): Operation {
  const { declared, method } = route
  const parameters = [
    ...names.map((name) => parameterOf(name, 'path', declared.params![name]!, components)),
    ...Object.entries(declared.query ?? {}).map(([name, param]) => parameterOf(name, 'query', param, components)),
  ]
  const { body } = declared
  return {
    operationId: operationId(method, path),
    tags: [tagOf(group, route)],
    summary: declared.about,
    ...(parameters.length > 0 && { parameters }),
    ...(body && {
      requestBody: {
        description: body.about,
        required: true,
        content: { [body.type]: { schema: written(body.schema, components) } },
      },
    }),
    responses: {
      200: {
        description: 'The answer.',
        headers: {
          'Cache-Control': { description: inWords(declared.keep), schema: { type: 'string' } },
          ETag: { description: 'Names these very bytes.', schema: { type: 'string' } },
        },
        content: contentOf(declared.gives, components),
      },
      ...(method === 'GET' && { 304: { description: 'The client has it: it said so by `If-None-Match`.' } }),
      ...failures(failuresOf(route), group.dialect.shapes, components),
    },
  }
}

function streamOperation(stream: Stream, components: Components): Operation {
  const parameters = Object.entries(stream.query).map(([name, param]) => parameterOf(name, 'query', param, components))
  return {
    operationId: operationId('GET', stream.path),
    tags: ['Live'],
    summary: stream.about,
    ...(parameters.length > 0 && { parameters }),
    responses: {
      [stream.status]: {
        description: stream.status === 101 ? 'A WebSocket from here on.' : 'Events, without end.',
        ...(stream.type && { content: { [stream.type]: { schema: { type: 'string' } } } }),
      },
      ...failures(stream.fails, { 'text/plain': { type: 'string' } }, components),
    },
  }
}

function parameterOf(name: string, where: 'path' | 'query', param: Param, components: Components): Parameter {
  return {
    name,
    in: where,
    required: where === 'path' || (param.required ?? false),
    description: param.about,
    schema: written(param.schema, components),
    ...(param.example !== undefined && { 'x-example': param.example }),
  }
}

/** One entry a status, with all texts that it may come with. */
function failures(codes: readonly ApiErrorCode[], shapes: Shapes, components: Components) {
  const content = contentOf(shapes, components)
  const byStatus = Map.groupBy(new Set(codes), statusOf)
  return Object.fromEntries(
    [...byStatus].map(([status, same]): [string, OpenApiResponse] => [
      String(status),
      { description: same.map(textOf).join(' · '), content },
    ]),
  )
}

function contentOf(shapes: Shapes, components: Components): Record<string, { schema: unknown }> {
  const entries = Object.entries(shapes) as [string, Schema][]
  return Object.fromEntries(entries.map(([type, schema]) => [type, { schema: written(schema, components) }]))
}

/** Headings are the same in several groups; the first group has them bare. */
function tagOf(group: RouteGroup, route: Route): string {
  return group.bases.includes('') ? route.tag : `${route.tag} (${group.bases[0]})`
}

/** `getApiTxTxidOutspends` */
function operationId(method: string, path: string): string {
  const words = path.split(/[^A-Za-z0-9]+/).filter(Boolean)
  return method.toLowerCase() + words.map((word) => word[0]!.toUpperCase() + word.slice(1)).join('')
}
