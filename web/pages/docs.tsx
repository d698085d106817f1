import { raw } from 'hono/html'
import type { Child } from 'hono/jsx'
import { type ExampleValues, fillExample } from '../../src/api/example-values.ts'
import type { OpenApi, Operation, Parameter } from '../../src/api/openapi.ts'
import { Page } from './layout.tsx'
import { Facts, Section } from './parts.tsx'
import { fill } from './phrase.ts'
import { Say } from './say.tsx'
import { Shape, shapeId } from './shape.tsx'
import type { View } from './view.ts'
import { site, docs as words } from './words.ts'

/** One line of the page. */
interface Entry {
  method: string
  path: string
  operation: Operation
}

/** The API for people: the same document that programs read, by headings. */
export function DocsPage({ v, document, values }: { v: View; document: OpenApi; values: ExampleValues }) {
  const count = Object.values(document.paths).reduce((sum, item) => sum + Object.keys(item).length, 0)
  return (
    <Page v={v} title={fill(site.title, { page: words.title })} at="docs" json="/openapi.json">
      <h1>{words.title}</h1>
      <p class="lede">
        <Say it={words.lede} n={count} />
      </p>
      <p class="prose">
        <Say
          it={words.how}
          base={<span class="mono">/api</span>}
          document={<a href="/openapi.json">{words.document}</a>}
        />
      </p>
      {raw(listed(document, values))}
    </Page>
  )
}

/** The list of everything as it was last made: it is long, and the same until there is another tip. */
let made: { document: OpenApi; values: string; html: string } | undefined

function listed(document: OpenApi, values: ExampleValues): string {
  const key = JSON.stringify(values)
  if (made?.document !== document || made.values !== key) {
    made = { document, values: key, html: String(<Everything document={document} values={values} />) }
  }
  return made.html
}

function Everything({ document, values }: { document: OpenApi; values: ExampleValues }) {
  const entries = Object.entries(document.paths).flatMap(([path, item]) =>
    Object.entries(item).map(([method, operation]): Entry => ({ method: method.toUpperCase(), path, operation })),
  )
  const byTag = Map.groupBy(entries, ({ operation }) => operation.tags[0]!)
  return (
    <>
      <nav class="prose" aria-label={words.headings}>
        {document.tags.map(({ name }, i) => (
          <>
            {i > 0 && ' · '}
            <a href={`#${tagId(name)}`}>{name}</a>
          </>
        ))}
        {' · '}
        <a href={`#${SHAPES}`}>{words.shapes}</a>
      </nav>
      {document.tags.map(({ name, description }) => (
        <Section title={<span id={tagId(name)}>{name}</span>}>
          <p class="meta">{description}</p>
          {byTag.get(name)?.map((entry) => (
            <Route entry={entry} values={values} />
          ))}
        </Section>
      ))}
      <Section title={<span id={SHAPES}>{words.shapes}</span>}>
        <p class="meta">{words.shapesMeta}</p>
        <Facts
          of={Object.entries(document.components.schemas)
            .toSorted(([a], [b]) => (a < b ? -1 : 1))
            .map(([name, schema]) => [<span id={shapeId(name)}>{name}</span>, <NamedShape schema={schema} />])}
        />
      </Section>
    </>
  )
}

const SHAPES = 'shapes'

function tagId(name: string): string {
  return `tag-${name.replace(/[^A-Za-z0-9]+/g, '-')}`
}

function Route({ entry: { method, path, operation }, values }: { entry: Entry; values: ExampleValues }) {
  const { parameters = [], requestBody, responses, summary, operationId } = operation
  const good = Object.entries(responses).filter(([status]) => status === '200' || status === '101')
  const bad = Object.entries(responses).filter(([status]) => Number(status) >= 400)
  const kept = responses[200]?.headers?.['Cache-Control']?.description
  // What goes over to another protocol is nothing to follow a link to.
  const isPage = method === 'GET' && responses[200] !== undefined
  const example = isPage ? exampleOf(path, parameters, values) : undefined
  return (
    <details class="op" id={operationId}>
      <summary>
        <span class="mono">
          {method} {path}
        </span>
        <span class="dim">{summary}</span>
      </summary>
      <Facts
        of={[
          ...parameters.map(({ name, in: where, required, description }): [Child, Child] => [
            <span class="mono">{where === 'path' ? `{${name}}` : `?${name}=`}</span>,
            where === 'query' && required ? `${description} ${words.required}` : description,
          ]),
          requestBody && [words.body, requestBody.description],
          ...good.flatMap(([, { content = {}, description }]) => {
            const shapes = Object.entries(content)
            if (shapes.length === 0) return [[words.answer, description] as [Child, Child]]
            return shapes.map(([type, { schema }]): [Child, Child] => [
              words.answer,
              <>
                {type}
                <pre class="mono">
                  <Shape of={schema} />
                </pre>
              </>,
            ])
          }),
          bad.length > 0 && [
            words.errors,
            bad.map(([status, { description }]) => (
              <p>
                <b>{status}</b> {description}
              </p>
            )),
          ],
          kept !== undefined && [words.kept, kept],
          example !== undefined && [
            words.example,
            <a class="mono" href={example} rel="nofollow">
              {example}
            </a>,
          ],
        ]}
      />
    </details>
  )
}

function NamedShape({ schema }: { schema: unknown }) {
  const { description } = schema as { description?: string }
  return (
    <>
      {description}
      <pre class="mono">
        <Shape of={schema} />
      </pre>
    </>
  )
}

/** The address with examples in its places; `undefined` where this relay has none for one of them. */
function exampleOf(path: string, parameters: readonly Parameter[], values: ExampleValues): string | undefined {
  let filled: string | undefined = path
  const query = new URLSearchParams()
  for (const { name, in: where, required, 'x-example': example } of parameters) {
    const value = example === undefined ? undefined : fillExample(example, values)
    if (value === undefined && required) return undefined
    if (value === undefined) continue
    if (where === 'query') query.append(name, value)
    else filled = filled?.replace(`{${name}}`, value)
  }
  return filled && query.size > 0 ? `${filled}?${query}` : filled
}
