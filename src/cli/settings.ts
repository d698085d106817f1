import { existsSync, readFileSync } from 'node:fs'
import { homedir } from 'node:os'
import type { Command } from 'commander'
import { parse } from 'smol-toml'
import { type Config, parseConfig, SETTING_NAMES, type Settings } from '../config.ts'

/** Wrong usage or settings: the program ends with exit code 2. */
export class UsageError extends Error {
  override name = 'UsageError'
}

/** Read when it is there and no other is named. */
const DEFAULT_FILE = 'causeway.toml'

/** The options that `relay` and `node` share. */
export function withSettings(command: Command): Command {
  return command
    .option('--network <name>', 'main, testnet4, testnet3, signet, regtest or litecoin-regtest (default: main)')
    .option('--data <dir>', 'where everything that is kept goes (default: ~/.causeway/NETWORK)')
    .option('--http <host:port|off>', 'API and pages (default: 127.0.0.1:8080)')
    .option(
      '--connect <peer>',
      'only these peers, HOST:PORT or ws(s)://HOST/p2p, repeatable (default: DNS seeds)',
      collect,
    )
    .option('--min-work <hex>', "least total work of a chain worth following (default: the network's)")
    .option(
      '--assume-valid <hash|0>',
      "take scripts up to this block as checked; 0: run every one (default: the network's)",
    )
    .option('--filters <on|off>', 'keep block filters for light clients, BIPs 157 and 158 (default: on)')
    .option('--esplora-sigops <on|off>', "sigops in the API's transactions, as mempool.space has them (default: off)")
    .option('--tracked-addresses <n>', 'addresses that a client of the live WebSocket may track (default: 100)')
    .option('--log <level>', 'silent, error, warn, info, debug or trace (default: info)')
    .option('--log-format <format>', 'pretty or json (default: pretty on a terminal)')
    .option('--config <file>', `settings file (default: ./${DEFAULT_FILE} where there is one)`)
    .addHelpText(
      'after',
      '\nEvery option is also CAUSEWAY_NAME in the environment and name = "..." in the settings file;',
    )
    .addHelpText('after', 'flags go before the environment, the environment before the file.')
}

/**
 * Joins flags, environment and file. `fixed` is what the command itself decides. Throws `UsageError` that lists every
 * mistake.
 */
export function readSettings(
  flags: Record<string, unknown>,
  fixed: Settings = {},
  env: NodeJS.ProcessEnv = process.env,
): Config {
  const settings: Settings = { ...fromFile(flags.config ?? env.CAUSEWAY_CONFIG) }
  for (const name of SETTING_NAMES) {
    const value = env[`CAUSEWAY_${name.toUpperCase().replaceAll('-', '_')}`]
    if (value !== undefined) settings[name] = value
  }
  for (const name of SETTING_NAMES) {
    const value = flags[name.replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase())]
    if (value !== undefined) settings[name] = Array.isArray(value) ? value : String(value)
  }
  const result = parseConfig({ ...settings, ...fixed }, { home: homedir(), terminal: process.stdout.isTTY === true })
  if (result.kind === 'bad') throw new UsageError(result.mistakes.map((mistake) => `  ${mistake}`).join('\n'))
  return result.config
}

function fromFile(named: unknown): Settings {
  const path = typeof named === 'string' ? named : DEFAULT_FILE
  if (typeof named !== 'string' && !existsSync(path)) return {}
  let table: Record<string, unknown>
  try {
    table = parse(readFileSync(path, 'utf8'))
  } catch (error) {
    throw new UsageError(`  ${path}: ${(error as Error).message}`)
  }
  const settings: Settings = {}
  for (const [name, value] of Object.entries(table))
    settings[name] = Array.isArray(value) ? value.map(String) : String(value)
  return settings
}

function collect(value: string, before: string[] | undefined): string[] {
  return [...(before ?? []), ...value.split(/[\s,]+/).filter(Boolean)]
}
