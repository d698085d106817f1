// Reads what a dry run of the deployment printed, shows the Worker's size, and fails above what the free plan takes.
import { readFileSync } from 'node:fs'

const LIMIT_KIB = 1024

const output = readFileSync(0, 'utf8')
const match = /^Total Upload: .* gzip: ([\d.]+) KiB$/m.exec(output)
console.log(match ? `worker: ${match[0]}` : `worker: no size was printed\n${output}`)
process.exitCode = match && Number(match[1]) <= LIMIT_KIB ? 0 : 1
