import type { Child } from 'hono/jsx'

/** JSON Schema as the document holds it. */
type Written = Record<string, unknown>

/** Where the document lists a shape that has a name. */
export function shapeId(name: string): string {
  return `shape-${name}`
}

/** A schema in the short notation of TypeScript, with links to the shapes that have names. */
export function Shape({ of, indent = '' }: { of: unknown; indent?: string }): Child {
  const schema = of as Written
  if (typeof schema.$ref === 'string') {
    const name = schema.$ref.split('/').at(-1)!
    return <a href={`#${shapeId(name)}`}>{name}</a>
  }
  if (Array.isArray(schema.anyOf)) {
    return (
      <>
        {between(
          schema.anyOf.map((one) => <Shape of={one} indent={indent} />),
          ' | ',
        )}
      </>
    )
  }
  if (Array.isArray(schema.enum)) return schema.enum.map((one) => JSON.stringify(one)).join(' | ')
  if ('const' in schema) return JSON.stringify(schema.const)
  if (schema.type === 'array') return <ListShape schema={schema} indent={indent} />
  if (schema.type === 'object') return <ObjectShape schema={schema} indent={indent} />
  if (schema.contentMediaType === 'application/octet-stream') return 'bytes'
  return Array.isArray(schema.type) ? schema.type.join(' | ') : String(schema.type ?? 'anything')
}

function ListShape({ schema, indent }: { schema: Written; indent: string }) {
  if (Array.isArray(schema.prefixItems)) {
    return (
      <>
        [
        {between(
          schema.prefixItems.map((one) => <Shape of={one} indent={indent} />),
          ', ',
        )}
        ]
      </>
    )
  }
  const items = schema.items as Written
  const several = items && Array.isArray(items.anyOf)
  return (
    <>
      {several && '('}
      <Shape of={items ?? {}} indent={indent} />
      {several && ')'}[]
    </>
  )
}

function ObjectShape({ schema, indent }: { schema: Written; indent: string }) {
  const required = new Set((schema.required ?? []) as string[])
  const within = `${indent}  `
  const fields = Object.entries((schema.properties ?? {}) as Record<string, Written>).map(([name, field]) => (
    <>
      {`\n${within}${name}${required.has(name) ? '' : '?'}: `}
      <Shape of={field} indent={within} />
      <Remark of={field} />
    </>
  ))
  const patterns = Object.entries((schema.patternProperties ?? {}) as Record<string, Written>).map(
    ([pattern, field]) => (
      <>
        {`\n${within}[/${pattern}/]: `}
        <Shape of={field} indent={within} />
        <Remark of={field} />
      </>
    ),
  )
  return (
    <>
      {'{'}
      {fields}
      {patterns}
      {`\n${indent}}`}
    </>
  )
}

function Remark({ of }: { of: Written }) {
  return typeof of.description === 'string' ? <span class="dim">{`  // ${of.description}`}</span> : null
}

function between(parts: Child[], separator: string): Child[] {
  return parts.flatMap((part, i) => (i === 0 ? [part] : [separator, part]))
}
