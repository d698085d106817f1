/** An element as a test looks at it. */
export interface Element {
  tag: string
  attributes: Record<string, string>
  /** Everything readable inside. */
  text: string
  /** Inside a `<template>`, so not on the page. */
  inert: boolean
}

const VOID = new Set(['meta', 'link', 'input', 'br', 'img', 'hr'])

/**
 * Reads a page the strict way and throws at what a browser would forgive: tags that do not close in order, attributes
 * without quotes, a bare `<` in text.
 */
export function readHtml(html: string): Element[] {
  if (!html.startsWith('<!doctype html>')) throw new Error('no doctype')
  const elements: Element[] = []
  const open: Element[] = []
  let at = '<!doctype html>'.length
  while (at < html.length) {
    const inStyle = open.at(-1)?.tag === 'style'
    const next = inStyle ? html.indexOf('</style>', at) : html.indexOf('<', at)
    const text = html.slice(at, next < 0 ? html.length : next)
    for (const element of open) element.text += inStyle ? text : unescaped(text)
    if (next < 0) break
    const tag = /^<(\/?)([a-z][a-z0-9]*)((?:\s+[a-z][a-z0-9-]*(?:="[^"<>]*")?)*)\s*(\/?)>/i.exec(html.slice(next))
    if (!tag) throw new Error(`no tag: ${html.slice(next, next + 60)}`)
    const [whole, closing, name, attributes, selfClosing] = tag
    at = next + whole.length
    if (closing) {
      const opened = open.pop()
      if (opened?.tag !== name) throw new Error(`</${name}> closes <${opened?.tag}>`)
      continue
    }
    const element: Element = { tag: name!, attributes: {}, text: '', inert: open.some(({ tag }) => tag === 'template') }
    for (const [, key, value] of attributes!.matchAll(/([a-z][a-z0-9-]*)(?:="([^"]*)")?/gi)) {
      if (key! in element.attributes) throw new Error(`${key} twice on <${name}>`)
      element.attributes[key!] = unescaped(value ?? '')
    }
    elements.push(element)
    if (!VOID.has(name!) && !selfClosing) open.push(element)
  }
  if (open.length > 0) throw new Error(`<${open.at(-1)!.tag}> is not closed`)
  return elements
}

const ENTITIES: Record<string, string> = { lt: '<', gt: '>', amp: '&', quot: '"', '#39': "'" }

function unescaped(text: string): string {
  return text.replace(/&([^;]*);/g, (whole, name: string) => {
    const character = ENTITIES[name]
    if (!character) throw new Error(`unknown entity ${whole}`)
    return character
  })
}

export function byTag(elements: readonly Element[], tag: string): Element[] {
  return elements.filter((element) => element.tag === tag)
}
