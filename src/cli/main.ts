import { Command, CommanderError } from 'commander'
import { StoreError } from '../store/error.ts'
import { VERSION } from '../version.ts'
import { demoCommand } from './demo.ts'
import { nodeCommand } from './node.ts'
import { relayCommand } from './relay.ts'
import { UsageError } from './settings.ts'
import { versionCommand } from './version.ts'

/** Exit codes of the program. */
const DONE = 0
const FAILED = 1
const BAD_USAGE = 2

const program = new Command('causeway')
  .description('An edge relay and explorer for Bitcoin networks.')
  .version(VERSION, '-V, --version')
  .showHelpAfterError('(add --help for what there is)')
  .exitOverride()

for (const command of [relayCommand(), nodeCommand(), demoCommand(), versionCommand()])
  program.addCommand(command.exitOverride().showHelpAfterError('(add --help for what there is)'))

try {
  await program.parseAsync()
} catch (error) {
  process.exitCode = codeOf(error)
}

function codeOf(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? DONE : BAD_USAGE
  if (error instanceof UsageError) {
    process.stderr.write(`causeway: these settings cannot be used:\n${error.message}\n`)
    return BAD_USAGE
  }
  const message = error instanceof Error ? error.message : String(error)
  process.stderr.write(`causeway: ${message}\n`)
  if (error instanceof Error && !(error instanceof StoreError) && !('code' in error))
    process.stderr.write(`${error.stack}\n`)
  return FAILED
}
