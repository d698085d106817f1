/**
 * As much of vitest as the suites use that run in a browser as well: a bundle has this in its place. A test runs only when
 * `runTests` is called.
 */
const tests: { name: string; run: () => void }[] = []
let path = ''

export function describe(name: string, suite: () => void): void {
  const outer = path
  path += `${name} > `
  suite()
  path = outer
}

export function test(name: string, run: () => void): void {
  tests.push({ name: path + name, run })
}

test.each = (rows: readonly (readonly unknown[])[]) => {
  return (name: string, run: (...row: never[]) => void) => {
    for (const row of rows) test(`${name} (${String(row[0])})`, () => run(...(row as never[])))
  }
}

export function expect(value: unknown, what = '') {
  const check = (isRight: boolean, wanted: unknown) => {
    if (!isRight) throw new Error(`${what} ${text(value)} is not ${text(wanted)}`)
  }
  return {
    toBe: (wanted: unknown) => check(Object.is(value, wanted), wanted),
    toEqual: (wanted: unknown) => check(text(value) === text(wanted), wanted),
    toBeGreaterThan: (least: number) => check((value as number) > least, least),
  }
}

/** The names of all tests, and what went wrong. */
export function runTests(): { names: string[]; failures: string[] } {
  const failures: string[] = []
  for (const { name, run } of tests) {
    try {
      run()
    } catch (error) {
      failures.push(`${name}: ${error}`)
    }
  }
  return { names: tests.map(({ name }) => name), failures }
}

function text(value: unknown): string {
  return JSON.stringify(value) ?? 'undefined'
}
