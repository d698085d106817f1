import { afterEach, describe, expect, test } from 'vitest'
import { nodeHasher } from '../../src/node/hasher.ts'
import { ScriptThreads, type ScriptThreadsOptions, scriptThreadsOn } from '../../src/node/script-checks.ts'
import { nodeSecp256k1 } from '../../src/node/secp256k1.ts'
import { script } from '../../src/script/build.ts'
import { OP } from '../../src/script/opcodes.ts'
import type { Secp256k1 } from '../../src/script/secp256k1.ts'
import { SIGHASH } from '../../src/script/sighash.ts'
import { publicKeyOf, signEcdsa, withHashType } from '../../src/script/sign.ts'
import { OP_FALSE, scriptBlock } from '../ledger/script-blocks.ts'
import { scriptChecksContract } from '../ledger/script-checks-contract.ts'
import { OP_TRUE } from '../sim/chain-maker.ts'

const opened: ScriptThreads[] = []
afterEach(async () => {
  await Promise.all(opened.splice(0).map((checks) => checks.stop()))
})

function open(options: Partial<ScriptThreadsOptions> = {}): ScriptThreads {
  const file = new URL('../../src/node/script-thread.ts', import.meta.url)
  const checks = new ScriptThreads({ file, threads: 2, secp256k1: nodeSecp256k1, hasher: nodeHasher, ...options })
  opened.push(checks)
  return checks
}

scriptChecksContract('two threads beside', () => open())
scriptChecksContract('no thread beside', () => open({ threads: 0 }))

describe('threads that run scripts', () => {
  const many = Array.from({ length: 200 }, () => [OP_TRUE, OP_TRUE])
  const bad = [...many.slice(0, 150), [OP_FALSE], ...many.slice(150)]
  const BAD_INPUT = 1 + 300

  /** A thread of these lines. `board` and `join(runner)` are as in the real one. */
  const thread = (lines: string) => {
    const source = (name: string) => JSON.stringify(new URL(`../../src/${name}`, import.meta.url).href)
    const text = `
      import { receiveMessageOnPort, workerData } from 'node:worker_threads'
      import { ScriptBoard } from ${source('node/script-board.ts')}
      const board = new ScriptBoard(workerData.words)
      let round = 0
      const join = (runner) => {
        round = board.waitForRound(round)
        board.join({ forget() {}, ...runner }, () => receiveMessageOnPort(workerData.port).message)
      }
      ${lines}`
    return new URL(`data:text/javascript,${encodeURIComponent(text)}`)
  }

  test.each([
    ['ends at once', 'process.exit()'],
    ['throws at once', "throw new Error('no')"],
    ['takes something and ends', 'for (;;) join({ run: () => process.exit() })'],
    ['takes something and throws', "for (;;) join({ run: () => { throw new Error('no') } })"],
    ['takes something and stays silent', 'for (;;) join({ run: () => Atomics.wait(workerData.words, 12, 0) })'],
    [
      'does something, and ends after it',
      'let did = false; while (!did) join({ run: () => { did = true } }); process.exit()',
    ],
  ])('one that %s keeps no block waiting', async (_, lines) => {
    const lost: string[] = []
    const checks = open({ file: thread(lines), giveUpMs: 300, onLost: (reason) => lost.push(reason) })
    // The thread has had time to be there, and to take part.
    const block = scriptBlock(many)
    let failure = checks.begin(block).settle()
    for (let i = 0; i < 20; i++) {
      failure = checks.begin(block).settle()
      await new Promise((resolve) => setImmediate(resolve))
    }
    expect(failure).toBeUndefined()
    for (let i = 0; i < 3; i++) {
      expect(checks.begin(scriptBlock(bad)).settle()).toEqual({ input: BAD_INPUT, error: 'EVAL_FALSE' })
    }
    if (/silent/.test(lines)) expect(lost).toContain('no sign for 300 ms')
  })

  test('one that calls a good script bad is not believed', async () => {
    const checks = open({
      file: thread("for (;;) join({ run: (_, input) => ({ input, error: 'EVAL_FALSE' }) })"),
      giveUpMs: 300,
    })
    const block = scriptBlock(many)
    const run = async () => {
      for (let i = 0; i < 2000; i++) {
        checks.begin(block).settle()
        await new Promise((resolve) => setImmediate(resolve))
      }
    }
    await expect(run()).rejects.toThrow('two threads do not agree')
  })

  test('take part, once they are there', async () => {
    let verified = 0
    const counting: Secp256k1 = {
      ...nodeSecp256k1,
      verifyEcdsa: (...args) => {
        verified++
        return nodeSecp256k1.verifyEcdsa(...args)
      },
    }
    const checks = open({ secp256k1: counting })
    const key = new Uint8Array(32).fill(1)
    const signature = withHashType(signEcdsa(new Uint8Array(32), key), SIGHASH.ALL)
    // Passes where that is no signature of the transaction.
    const unsigned = script(signature, publicKeyOf(key), OP.OP_CHECKSIG, OP.OP_NOT)
    const block = scriptBlock(Array.from({ length: 50 }, () => [unsigned, unsigned]))
    let here = 100
    for (let i = 0; i < 2000 && here === 100; i++) {
      verified = 0
      expect(checks.begin(block).settle()).toBeUndefined()
      here = verified
      await new Promise((resolve) => setImmediate(resolve))
    }
    expect(here).toBeLessThan(100)
  })

  test('are one less than the machine runs at once, and not more than are of use', () => {
    expect([1, 2, 4, 16, 64].map(scriptThreadsOn)).toEqual([0, 1, 3, 15, 15])
  })
})
