import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Program } from '../program.ts'

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'causeway-cli-'))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

test('version names the program and what it runs on', async () => {
  const { code, stdout } = await Program.run(['version'])
  expect(stdout).toMatch(/^causeway \d+\.\d+\.\d+ \(node 24\.\S+, sqlite 3\.\S+\)\n$/)
  expect(code).toBe(0)
})

test.each([['--help'], ['relay', '--help'], ['node', '--help'], ['demo', '--help']])(
  '%s %s explains itself',
  async (...args) => {
    const { code, stdout } = await Program.run(args)
    expect(stdout).toContain('Usage: causeway')
    expect(code).toBe(0)
  },
)

test.each([
  ['an unknown command', ['fly']],
  ['an unknown option', ['relay', '--fast']],
  ['an option without its value', ['relay', '--network']],
  ['a node that is to listen', ['node', '--p2p', '127.0.0.1:1']],
  ['pages of an SPV node', ['node', '--spv', '--http', '127.0.0.1:1']],
])('%s is bad usage', async (_, args) => {
  const { code, stderr } = await Program.run(args)
  expect(stderr).not.toBe('')
  expect(code).toBe(2)
})

test('bad settings of flags, environment and file are listed together, and nothing is started', async () => {
  const file = join(folder, 'bad.toml')
  writeFileSync(file, 'log = "loud"\ncolour = "red"\n')
  const { code, stderr } = await Program.run(['relay', '--network', 'maine', '--config', file], {
    env: { CAUSEWAY_HTTP: 'eighty' },
  })
  for (const name of ['network', 'http', 'log', 'colour']) expect(stderr).toMatch(new RegExp(`^  ${name}: `, 'm'))
  expect(code).toBe(2)
})

test('a settings file that is not TOML, or not there, is named', async () => {
  const file = join(folder, 'broken.toml')
  writeFileSync(file, 'network = \n')
  for (const path of [file, join(folder, 'none.toml')]) {
    const { code, stderr } = await Program.run(['relay', '--config', path])
    expect(stderr).toContain(path)
    expect(code).toBe(2)
  }
})

test('a data directory that cannot be made is a clear failure', async () => {
  const file = join(folder, 'a-file')
  writeFileSync(file, '')
  const { code, stderr } = await Program.run(['relay', '--network', 'regtest', '--http', 'off'], {
    data: join(file, 'data'),
  })
  expect(stderr).toContain(`cannot make ${join(file, 'data')}`)
  expect(stderr).not.toContain('    at ')
  expect(code).toBe(1)
})

test('a file that is no database is a clear failure and stays as it is', async () => {
  const data = mkdtempSync(join(folder, 'garbage-'))
  writeFileSync(join(data, 'ledger.sqlite'), 'these are not rows'.repeat(1000))
  chmodSync(data, 0o700)
  const { code, stderr } = await Program.run(['relay', '--network', 'regtest', '--http', 'off', '--p2p', 'off'], {
    data,
  })
  expect(stderr).toMatch(/^causeway: .*database/)
  expect(stderr).not.toContain('    at ')
  expect(code).toBe(1)
})

test('a port that is taken is a clear failure', async () => {
  const server = createServer().listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  const { port } = server.address() as { port: number }
  const { code, stderr } = await Program.run(
    ['relay', '--network', 'regtest', '--http', 'off', '--p2p', `127.0.0.1:${port}`],
    {
      data: join(folder, 'port'),
    },
  )
  expect(stderr).toContain('EADDRINUSE')
  expect(stderr).toContain(String(port))
  expect(code).toBe(1)
  server.close()
})

test('one directory serves one process, one network, and nobody after a clean stop is in the way', async () => {
  const data = join(folder, 'one')
  const first = await Program.start(['relay', '--network', 'regtest'], { data })
  const second = await Program.run(['relay', '--network', 'regtest', '--http', 'off', '--p2p', 'off'], { data })
  expect(second.stderr).toContain('another process')
  expect(second.code).toBe(1)
  await first.stop()
  const other = await Program.run(['relay', '--network', 'testnet4', '--http', 'off', '--p2p', 'off'], { data })
  expect(other.stderr).toContain('belongs to another network')
  expect(other.code).toBe(1)
  await first.restart()
  await first.remove()
})

test('settings come from the environment too, and a flag goes before it', async () => {
  const program = await Program.start(['relay', '--network', 'regtest'], {
    env: { CAUSEWAY_NETWORK: 'signet', CAUSEWAY_P2P: 'off' },
  })
  expect(program.logged('relay')[0]).toMatchObject({ network: 'regtest' })
  await program.remove()
})
