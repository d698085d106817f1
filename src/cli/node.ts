import { Command } from 'commander'
import { runUntilStopped } from './run.ts'
import { readSettings, UsageError, withSettings } from './settings.ts'

export function nodeCommand(): Command {
  return withSettings(new Command('node'))
    .description('a full node that only dials out; with --spv one that keeps headers only')
    .option('--spv', 'keep headers only (no pages)')
    .action((flags: Record<string, unknown>) => {
      if (!flags.spv) return runUntilStopped(readSettings(flags, { p2p: 'off', door: 'off' }))
      if (flags.http && flags.http !== 'off')
        throw new UsageError('  http: an SPV node has no blocks to show; leave it out or set it to off')
      return runUntilStopped(readSettings(flags, { p2p: 'off', http: 'off', door: 'off', spv: 'true' }))
    })
}
