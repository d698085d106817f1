// npm run bench [-- NAME [options]]
import { spawn } from 'node:child_process'
import { join } from 'node:path'

const BENCHES: Record<string, string> = {
  cost: 'a minute of relay traffic in local workerd, in dollars per month  [--seconds N] [--nodes N] [--json]',
  connect: 'takes a synthetic chain in  [blocks with transactions] [transactions a block] [empty blocks]',
  links: 'a thousand WebSocket links on a relay in local workerd, beside bare broadcasts  [links] [rounds]',
  spike: 'moves blocks of 4 MB through queues and SQL, on Node and in workerd  [blocks]',
}

const [name = '', ...options] = process.argv.slice(2)
if (Object.hasOwn(BENCHES, name)) {
  const child = spawn(process.execPath, [join(import.meta.dirname, `${name}.ts`), ...options], { stdio: 'inherit' })
  child.on('exit', (code) => {
    process.exitCode = code ?? 1
  })
} else {
  const list = Object.entries(BENCHES).map(([bench, what]) => `  ${bench.padEnd(9)}${what}`)
  const text = `npm run bench -- NAME [options]\n\n${list.join('\n')}`
  if (name === '') console.log(text)
  else {
    console.error(`there is no bench "${name}"\n\n${text}`)
    process.exitCode = 2
  }
}
