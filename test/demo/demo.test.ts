import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { poll } from '../poll.ts'
import { Program } from '../program.ts'

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'causeway-demo-test-'))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

test('a whole network proves itself, on a free port where its own is taken, and leaves nothing behind', async () => {
  const server = createServer().listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  const { port } = server.address() as { port: number }
  const flags = ['--check', '--seconds', '6', '--every', '0.8', '--http', `127.0.0.1:${port}`]
  const { code, stdout, stderr } = await Program.run(['demo', ...flags], { env: { TMPDIR: folder } })
  server.close()
  expect(stderr).toBe('')
  const marks = stdout.split('\n').filter((line) => /^[✓✗·]/.test(line))
  expect(marks.filter((line) => !line.startsWith('✓'))).toEqual([])
  // Six seconds have one reorganisation among them.
  expect(marks).toHaveLength(13)
  expect(marks.filter((line) => line.includes('edge relay'))).toHaveLength(3)
  expect(stdout).toContain('Everything holds.')
  expect(stdout).not.toContain('\u001b')
  expect(stdout).not.toContain(`:${port}/`)
  expect(code).toBe(0)
  expect(readdirSync(folder).filter((name) => name.startsWith('causeway-demo-'))).toEqual([])
  expect(workerdsIn(folder)).toEqual([])
}, 60_000)

test('it takes up its chain again after a power cut, and stops cleanly when it is told to', async () => {
  const demo = await Program.start(['demo', '--every', '0.5'])
  await demo.waitForLog('block', { node: 'relay', height: 113 }, { within: 20_000 })
  expect(workerdsIn(demo.data)).toHaveLength(1)
  await demo.kill()
  await poll('workerd is gone with the demo', () => workerdsIn(demo.data).length === 0)
  const since = demo.mark
  await demo.restart()
  await demo.waitForLog('another branch has more work', { node: 'node B' }, { since, within: 20_000 })
  await demo.stop()
  expect(workerdsIn(demo.data)).toEqual([])
  await demo.remove()
}, 90_000)

test('it fails, and says why, when its edge relay ends', async () => {
  const demo = await Program.start(['demo', '--every', '0.5'])
  const [pid] = workerdsIn(demo.data)
  process.kill(pid!, 'SIGKILL')
  const { code, stderr } = await demo.ended()
  expect(stderr).toContain('edge relay has failed: workerd ended (SIGKILL)')
  expect(code).toBe(1)
  await demo.remove()
}, 60_000)

test('bad settings are listed together', async () => {
  const bad = ['--every', 'often', '--seconds', '9', '--http', 'here', '--log', 'loud', '--log-format', 'xml']
  const { code, stderr } = await Program.run(['demo', ...bad])
  for (const name of ['every', 'seconds', 'http', 'log', 'log-format'])
    expect(stderr).toMatch(new RegExp(`^  ${name}: `, 'm'))
  expect(code).toBe(2)
})

/** Numbers of the workerd processes that keep their data in a folder. */
function workerdsIn(folder: string): number[] {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name))
  return pids.map(Number).filter((pid) => {
    try {
      const args = readFileSync(`/proc/${pid}/cmdline`, 'utf8')
      return args.includes('workerd\0serve\0') && args.includes(folder)
    } catch {
      // It has ended meanwhile.
      return false
    }
  })
}
