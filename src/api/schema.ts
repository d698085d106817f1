/**
 * JSON Schema, draft 2020-12, as plain values. A `Component` may stand wherever a schema may: a document names it once
 * and refers to it.
 */
export type Schema = Readonly<Record<string, unknown>> | Component

/** A schema with a name of its own, the same in the whole document. */
export class Component {
  readonly name: string
  readonly schema: Schema

  constructor(name: string, schema: Schema) {
    this.name = name
    this.schema = schema
  }
}

export function component(name: string, schema: Schema): Component {
  return new Component(name, schema)
}

/** An object of these fields and no others; one whose name here ends in `?` may be missing. */
export function object(fields: Readonly<Record<string, Schema>>, about?: string): Schema {
  const names = Object.keys(fields)
  return {
    type: 'object',
    ...(about && { description: about }),
    properties: Object.fromEntries(names.map((name) => [bare(name), fields[name]])),
    required: names.filter((name) => !name.endsWith('?')),
    additionalProperties: false,
  }
}

/** Entries of one kind under names of one kind. */
export function mapOf(keyPattern: string, values: Schema, about?: string): Schema {
  return {
    type: 'object',
    ...(about && { description: about }),
    patternProperties: { [keyPattern]: values },
    additionalProperties: false,
  }
}

export function list(items: Schema, most?: number): Schema {
  return { type: 'array', items, ...(most !== undefined && { maxItems: most }) }
}

/** An array of so many places, each with a schema of its own. */
export function tuple(...places: Schema[]): Schema {
  return { type: 'array', prefixItems: places, items: false, minItems: places.length }
}

export function either(...schemas: Schema[]): Schema {
  return { anyOf: schemas }
}

export function orNull(schema: Schema): Schema {
  return either(schema, { type: 'null' })
}

export function string(pattern?: string, about?: string): Schema {
  return { type: 'string', ...(pattern && { pattern }), ...(about && { description: about }) }
}

/** One of these strings. */
export function word(...words: string[]): Schema {
  return { type: 'string', enum: words }
}

/** A whole number, 0 or more. */
export function count(about?: string): Schema {
  return { type: 'integer', minimum: 0, ...(about && { description: about }) }
}

/** A whole number that may be below 0. */
export function integer(about?: string): Schema {
  return { type: 'integer', ...(about && { description: about }) }
}

export function number(about?: string): Schema {
  return { type: 'number', ...(about && { description: about }) }
}

export function always(value: unknown): Schema {
  return { const: value }
}

export const FLAG: Schema = { type: 'boolean' }
export const U32: Schema = { type: 'integer', minimum: 0, maximum: 0xffff_ffff }
export const SATOSHI = component('Satoshi', count('An amount in satoshi.'))
export const UNIX_TIME = component('UnixTime', count('Seconds since 1970.'))
export const HEIGHT = component('Height', count('Blocks below it: the genesis block has 0.'))
export const HASH = component(
  'Hash',
  string('^[0-9a-f]{64}$', 'A txid or block hash as people write it: bytes reversed.'),
)
export const HEX = component('Hex', string('^([0-9a-f]{2})*$', 'Bytes.'))
/** Bytes as they are. */
export const BINARY: Schema = { type: 'string', contentMediaType: 'application/octet-stream' }

/**
 * The schema as a document holds it: components give way to references, and are entered, written the same way, into
 * `components`. Two components of one name are a mistake of ours.
 */
export function written(schema: Schema, components: Map<string, { of: Component; text: unknown }>): unknown {
  const write = (value: unknown): unknown => {
    if (value instanceof Component) {
      const known = components.get(value.name)
      if (known && known.of !== value) throw new Error(`two components are called ${value.name}`)
      if (!known) {
        const entry = { of: value, text: undefined as unknown }
        components.set(value.name, entry)
        entry.text = write(value.schema)
      }
      return { $ref: `#/components/schemas/${value.name}` }
    }
    if (Array.isArray(value)) return value.map(write)
    if (value === null || typeof value !== 'object') return value
    return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, write(inner)]))
  }
  return write(schema)
}

function bare(name: string): string {
  return name.endsWith('?') ? name.slice(0, -1) : name
}
