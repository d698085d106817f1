import { availableParallelism, cpus, loadavg, release, totalmem } from 'node:os'

/** What a figure was measured on. */
export interface Machine {
  cpu: string
  /** That this process may use. */
  cores: number
  memoryMb: number
  kernel: string
  node: string
  sqlite: string
  openssl: string
  /** Processes that wanted to run, on average over the last minute. */
  load: number
}

export function machine(): Machine {
  return {
    cpu: cpus()[0]?.model ?? 'unknown',
    cores: availableParallelism(),
    memoryMb: Math.round(totalmem() / 1e6),
    kernel: release(),
    node: process.version,
    sqlite: process.versions.sqlite ?? 'unknown',
    openssl: process.versions.openssl,
    load: loadavg()[0]!,
  }
}

export function machineText({ cpu, cores, memoryMb, kernel, node, sqlite, openssl, load }: Machine): string {
  return [
    `${cpu}, ${cores} cores, ${memoryMb} MB, Linux ${kernel}`,
    `Node ${node}, SQLite ${sqlite}, OpenSSL ${openssl}, load ${load.toFixed(2)}`,
  ].join('\n')
}
