import { startOnNode } from './node-shell.ts'
import { smokeSuite } from './smoke-suite.ts'

smokeSuite('Node', startOnNode)
