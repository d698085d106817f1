import { Command } from 'commander'
import { runUntilStopped } from './run.ts'
import { readSettings, withSettings } from './settings.ts'

export function relayCommand(): Command {
  return withSettings(new Command('relay'))
    .description('relay blocks and transactions between nodes, keep the ledger and show it')
    .option('--p2p <host:port|off>', "P2P listener (default: 0.0.0.0 and the network's own port)")
    .option('--door <on|off>', 'peers by WebSocket, at /p2p where the pages are (default: on)')
    .action((flags: Record<string, unknown>) => runUntilStopped(readSettings(flags)))
}
