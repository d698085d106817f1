/**
 * How a route says which paths it answers. A segment is text; `:name`, which is any one segment, the empty one too;
 * `:name?`, which may also be missing and stands last; `:name*`, which is all segments that are left, at least one, with
 * their slashes, and stands last. A segment may end in `.:name`: what comes after its last dot, empty where it has none.
 */
export interface PathPattern {
  readonly segments: readonly Segment[]
}

interface Segment {
  /** Text that it must be; `undefined` where it has a name. */
  text?: string
  name?: string
  /** Name of what stands after the last dot. */
  suffix?: string
  takes: 'one' | 'maybe' | 'rest'
}

/** The named parts of a path as they were written; an optional one that was not given is the empty string. */
export type Params = Record<string, string>

/** The names in a pattern. */
export type NamesOf<P extends string> = P extends `${infer First}/${infer Rest}`
  ? NamesOf<First> | NamesOf<Rest>
  : P extends `${infer Start}.:${infer Suffix}`
    ? NamesOf<Start> | Suffix
    : P extends `:${infer Name}?` | `:${infer Name}*`
      ? Name
      : P extends `:${infer Name}`
        ? Name
        : never

export function parsePattern(pattern: string): PathPattern {
  return { segments: pattern.split('/').slice(1).map(parseSegment) }
}

function parseSegment(written: string): Segment {
  const [, start, suffix] = /^(.*?)(?:\.:(\w+))?$/.exec(written)!
  const more = suffix === undefined ? {} : { suffix }
  const named = /^:(\w+)([?*]?)$/.exec(start!)
  if (!named) return { text: start!, takes: 'one', ...more }
  return { name: named[1]!, takes: named[2] === '?' ? 'maybe' : named[2] === '*' ? 'rest' : 'one', ...more }
}

/** What the names stand for in a path that was split at `/`, nothing decoded; `undefined` where the pattern does not fit. */
export function matchPattern({ segments }: PathPattern, given: readonly string[]): Params | undefined {
  const last = segments.at(-1)
  if (given.length > segments.length && last?.takes !== 'rest') return undefined
  const params: Params = {}
  for (const [i, segment] of segments.entries()) {
    let value = segment.takes === 'rest' ? given.slice(i).join('/') : given[i]
    if (given[i] === undefined && segment.takes !== 'maybe') return undefined
    if (segment.suffix !== undefined && value !== undefined) {
      const dot = value.lastIndexOf('.')
      params[segment.suffix] = dot < 0 ? '' : value.slice(dot + 1)
      if (dot >= 0) value = value.slice(0, dot)
    }
    if (segment.name === undefined) {
      if (value !== segment.text) return undefined
    } else params[segment.name] = value ?? ''
  }
  return params
}

/** The pattern as OpenAPI writes paths, each of which has all of its parts: with an optional part it is two. */
export function templatesOf({ segments }: PathPattern): { path: string; names: string[] }[] {
  const path = (list: readonly Segment[]) => ({
    path: list.map((segment) => `/${templateOf(segment)}`).join('') || '/',
    names: list.flatMap(({ name, suffix }) => [name, suffix].filter((part) => part !== undefined)),
  })
  const whole = path(segments)
  return segments.at(-1)?.takes === 'maybe' ? [path(segments.slice(0, -1)), whole] : [whole]
}

function templateOf({ text, name, suffix }: Segment): string {
  return (name === undefined ? text : `{${name}}`) + (suffix === undefined ? '' : `.{${suffix}}`)
}
