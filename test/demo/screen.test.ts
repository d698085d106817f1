import { describe, expect, test } from 'vitest'
import { makeScreen, nodeLines, type Terminal } from '../../src/demo/screen.ts'

/** What a terminal shows after all that was written, as far as these screens use it. */
class Paper implements Terminal {
  isTTY: boolean
  columns = 40
  lines: string[] = ['']

  constructor(isTTY: boolean) {
    this.isTTY = isTTY
  }

  write(text: string): void {
    let rest = text
    for (let match = COMMAND.exec(rest); match; match = COMMAND.exec(rest)) {
      this.#type(rest.slice(0, match.index))
      if (match[1] !== undefined) this.lines = [...this.lines.slice(0, -1 - Number(match[1])), '']
      rest = rest.slice(match.index + match[0].length)
    }
    this.#type(rest)
  }

  #type(text: string): void {
    const [first, ...others] = text.split('\n')
    this.lines[this.lines.length - 1] += first!
    this.lines.push(...others)
  }
}

/** So many lines up, to the start of the line, and everything wiped from there. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: that is what it looks for
const COMMAND = /\u001b\[(\d+)A\r\u001b\[J/

describe('on a terminal', () => {
  test('what is shown takes the place of what was shown before, below what was said', () => {
    const paper = new Paper(true)
    const screen = makeScreen(paper)
    screen.say('hello')
    screen.show(['one', 'two'], 0)
    screen.show(['three', 'four', 'five'], 1)
    screen.say('news', 'more')
    expect(paper.lines).toEqual(['hello', 'news', 'more', 'three', 'four', 'five', ''])
    screen.show(['six'], 2)
    screen.end()
    screen.say('bye')
    expect(paper.lines).toEqual(['hello', 'news', 'more', 'six', 'bye', ''])
  })

  test('lines that would wrap are cut, for what wraps cannot be counted', () => {
    const paper = new Paper(true)
    makeScreen(paper).show(['x'.repeat(100)], 0)
    expect(paper.lines).toEqual([`${'x'.repeat(38)}…`, ''])
  })
})

describe('elsewhere', () => {
  test('lines are written whole, every five seconds, and never taken back', () => {
    const paper = new Paper(false)
    const screen = makeScreen(paper)
    for (const second of [0, 1, 4.9, 5, 9, 10.5]) screen.show([`at ${second}`], second * 1000)
    screen.say('x'.repeat(100))
    expect(paper.lines).toEqual(['at 0', 'at 5', 'at 10.5', 'x'.repeat(100), ''])
  })
})

test('a node has one line', () => {
  const hashHex = `0123456789abcdef${'0'.repeat(32)}fedcba9876543210`
  expect(
    nodeLines([
      { name: 'relay', height: 7, hashHex, pool: '3 waiting', links: 2 },
      { name: 'SPV node', height: 12, hashHex, pool: 'headers only', links: 1 },
    ]),
  ).toEqual([
    '  relay     height 7   tip 01234567…76543210  3 waiting     links 2',
    '  SPV node  height 12  tip 01234567…76543210  headers only  links 1',
  ])
})
