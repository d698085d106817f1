// npm run bench [-- NAME [options]]
import { spawn } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { benchApi } from './api.ts'
import { benchHeaders } from './headers.ts'
import { benchLedger } from './ledger.ts'
import { machine, machineText } from './machine.ts'
import { benchScripts } from './scripts.ts'

type Say = (text: string) => void

/** Those that make up the figures of a release; they run in this process, in this order. */
const FIGURES: Record<string, { what: string; run: (say: Say, rounds: number) => unknown }> = {
  ledger: { what: 'a relay takes two chains in over loopback P2P, beside a floor', run: benchLedger },
  headers: { what: 'headers through the header tree, beside their hashing alone', run: benchHeaders },
  scripts: {
    what: 'inputs of real blocks, beside their signatures alone, and the big chain with every script',
    run: benchScripts,
  },
  api: { what: 'latency and throughput of the API over the big chain', run: benchApi },
}

/** The others are programs of their own. */
const PROGRAMS: Record<string, string> = {
  cost: 'a minute of relay traffic in local workerd, in dollars per month  [--seconds N] [--nodes N] [--json]',
  edge: 'the same chains taken in by the relay in local workerd: memory, events, waits  [blocks of the big chain] [nearly empty blocks]',
  connect:
    'takes a chain in from a file, on one thread  [blocks with transactions | big] [transactions a block] [empty blocks]',
  links: 'a thousand WebSocket links on a relay in local workerd, beside bare broadcasts  [links] [rounds]',
  spike: 'moves blocks of 4 MB through queues and SQL, on Node and in workerd  [blocks]',
}

const USAGE = [
  'npm run bench [-- NAME] [--json FILE|-] [--rounds N]',
  '',
  'Without a name these run, one after the other; --json writes their figures and what the machine is, - to standard output:',
  ...Object.entries(FIGURES).map(([name, { what }]) => `  ${name.padEnd(9)}${what}`),
  '',
  'npm run bench -- NAME [options] runs one of them, or of these:',
  ...Object.entries(PROGRAMS).map(([name, what]) => `  ${name.padEnd(9)}${what}`),
].join('\n')

const [first = '', ...rest] = process.argv.slice(2)
if (Object.hasOwn(PROGRAMS, first)) {
  const child = spawn(process.execPath, [join(import.meta.dirname, `${first}.ts`), ...rest], { stdio: 'inherit' })
  child.on('exit', (code) => {
    process.exitCode = code ?? 1
  })
} else {
  await runFigures(process.argv.slice(2))
}

async function runFigures(args: string[]): Promise<void> {
  let options: ReturnType<typeof parse>
  try {
    options = parse(args)
  } catch (error) {
    return refuse((error as Error).message)
  }
  const { values, positionals } = options
  if (values.help) return console.log(USAGE)
  const names = positionals.length > 0 ? positionals : Object.keys(FIGURES)
  const unknown = names.find((name) => !Object.hasOwn(FIGURES, name))
  if (unknown !== undefined) return refuse(`there is no bench "${unknown}"`)
  const rounds = Number(values.rounds)
  if (!(Number.isInteger(rounds) && rounds >= 1)) return refuse('--rounds is a whole number from 1 on')
  const say: Say = values.json === '-' ? console.error : console.log
  const before = machine()
  say(machineText(before))
  const figures: Record<string, unknown> = { machine: before }
  for (const name of names) {
    say(`\n${name}: ${FIGURES[name]!.what}`)
    figures[name] = await FIGURES[name]!.run(say, rounds)
  }
  const json = JSON.stringify({ ...figures, loadAfter: machine().load }, undefined, 2)
  if (values.json === '-') console.log(json)
  else if (values.json !== undefined) writeFileSync(values.json, `${json}\n`)
}

function parse(args: string[]) {
  return parseArgs({
    args,
    allowPositionals: true,
    options: {
      json: { type: 'string' },
      rounds: { type: 'string', default: '3' },
      help: { type: 'boolean', short: 'h' },
    },
  })
}

function refuse(why: string): void {
  console.error(`${why}\n\n${USAGE}`)
  process.exitCode = 2
}
