import { Command } from 'commander'
import { VERSION } from '../version.ts'

export function versionCommand(): Command {
  return new Command('version').description('print the version of this program and of what it runs on').action(() => {
    process.stdout.write(`causeway ${VERSION} (node ${process.versions.node}, sqlite ${process.versions.sqlite})\n`)
  })
}
