import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type FeedOutput, LiveFeed } from '../../src/api/live-feed.ts'
import type { Change, Changes, HomeInfo } from '../../src/ledger/queries.ts'

const LIMITS = { listeners: 3, pollEveryMs: 1000, heartbeatMs: 15_000 }
const HASH = new Uint8Array(32)
const HOME: HomeInfo = {
  status: {
    tip: { height: 7, hash: HASH, time: 1000 },
    headers: 7,
    synced: true,
    mempool: { count: 0, vsize: 0, feeSat: 0 },
  },
  blocks: [],
  recent: [],
}
const BLOCK: Change = { kind: 'reorg', reorg: { reverted: [], connected: [{ hash: HASH, height: 7, id: 1 }] } }
const TX: Change = { kind: 'tx', txid: HASH, feeSat: 1, vsize: 2, value: 3 }

const changes = (cursor: string, ...list: Change[]): Changes => ({ cursor, reset: false, changes: list })
const sent = (outputs: FeedOutput[]) => outputs.filter((output) => output.do === 'send')
const eventsIn = (text: string) => [...text.matchAll(/^event: (\w+)$/gm)].map(([, name]) => name)

/** A feed with one listener of each kind that has had its first event, at time 0. */
function settled(): { feed: LiveFeed; home: number; program: number } {
  const feed = new LiveFeed(LIMITS)
  const home = feed.join('home', 0)!.id
  const program = feed.join('changes', 0)!.id
  feed.changed(changes('1'), 0)
  feed.home(HOME, 0)
  return { feed, home, program }
}

describe('polling', () => {
  test('nothing is asked and nothing is due while nobody listens', () => {
    const feed = new LiveFeed(LIMITS)
    expect(feed.deadline).toBe(Number.POSITIVE_INFINITY)
    expect(feed.wake(1e9)).toEqual([])
  })

  test('the first listener asks at once, without a cursor, and is told how things are', () => {
    const feed = new LiveFeed(LIMITS)
    const { id, outputs } = feed.join('changes', 500)!
    expect(outputs).toEqual([{ do: 'ask-changes', cursor: undefined }])
    expect(feed.changed(changes('c1'), 510)).toEqual([{ do: 'ask-home' }])
    const [greeting, ...rest] = feed.home(HOME, 520)
    expect(rest).toEqual([])
    expect(greeting).toMatchObject({ do: 'send', to: [id] })
    expect(eventsIn(sent([greeting!])[0]!.text)).toEqual(['tip'])
    expect(feed.deadline).toBe(1520)
    expect(feed.wake(1519)).toEqual([])
    expect(feed.wake(1520)).toEqual([{ do: 'ask-changes', cursor: 'c1' }])
  })

  test('one poll serves all listeners', () => {
    const feed = new LiveFeed(LIMITS)
    expect(feed.join('home', 0)!.outputs.length).toBe(1)
    expect(feed.join('home', 1)!.outputs).toEqual([])
    expect(feed.join('changes', 2)!.outputs).toEqual([])
    feed.changed(changes('1'), 3)
    expect(sent(feed.home(HOME, 4)).map(({ to }) => to)).toEqual([[1, 2], [3]])
  })

  test('whoever joins between two polls is told by the next', () => {
    const { feed } = settled()
    const { id, outputs } = feed.join('home', 300)!
    expect(outputs).toEqual([])
    expect(feed.wake(1000)).toHaveLength(1)
    expect(feed.changed(changes('1'), 1000)).toEqual([{ do: 'ask-home' }])
    expect(sent(feed.home(HOME, 1000)).map(({ to }) => to)).toEqual([[id]])
  })

  test('no question is asked while another is open', () => {
    const { feed } = settled()
    expect(feed.wake(1000)).toHaveLength(1)
    expect(feed.wake(5000)).toEqual([])
    expect(feed.changed(changes('2'), 5000)).toEqual([])
    expect(feed.wake(6000)).toHaveLength(1)
  })

  test('a poll without news sends nothing and asks for nothing more', () => {
    const { feed } = settled()
    feed.wake(1000)
    expect(feed.changed(changes('1'), 1001)).toEqual([])
  })

  test('when the last has left nothing is due, and the next starts anew', () => {
    const { feed, home, program } = settled()
    feed.leave(home)
    feed.leave(program)
    expect(feed.deadline).toBe(Number.POSITIVE_INFINITY)
    expect(feed.join('home', 9000)!.outputs).toEqual([{ do: 'ask-changes', cursor: undefined }])
  })

  test('an answer that nobody waits for any more is dropped', () => {
    const feed = new LiveFeed(LIMITS)
    feed.leave(feed.join('home', 0)!.id)
    expect(feed.changed(changes('1', BLOCK), 5)).toEqual([{ do: 'ask-home' }])
    expect(feed.home(HOME, 6)).toEqual([])
    expect(feed.deadline).toBe(Number.POSITIVE_INFINITY)
  })
})

describe('events', () => {
  test('a block is figures to a home page, and a reorg and a tip to a program', () => {
    const { feed, home, program } = settled()
    feed.wake(1000)
    feed.changed(changes('2', BLOCK, TX, TX), 1000)
    const [toHome, toProgram] = sent(feed.home(HOME, 1000))
    expect([toHome!.to, eventsIn(toHome!.text)]).toEqual([[home], ['home']])
    expect([toProgram!.to, eventsIn(toProgram!.text)]).toEqual([[program], ['reorg', 'txs', 'tip']])
  })

  test('every event is one line of JSON', () => {
    const { feed } = settled()
    feed.wake(1000)
    feed.changed(changes('2', BLOCK, TX), 1000)
    for (const { text } of sent(feed.home(HOME, 1000))) {
      for (const event of text.split('\n\n').slice(0, -1)) {
        const [name, data, ...more] = event.split('\n')
        expect(name).toMatch(/^event: \w+$/)
        expect(() => JSON.parse(data!.replace(/^data: /, ''))).not.toThrow()
        expect(more).toEqual([])
      }
    }
  })

  test('transactions alone leave the tip unsaid', () => {
    const { feed } = settled()
    feed.wake(1000)
    feed.changed(changes('2', TX), 1000)
    expect(eventsIn(sent(feed.home(HOME, 1000))[1]!.text)).toEqual(['txs'])
  })

  test('after a reset everybody is told how things are', () => {
    const { feed } = settled()
    feed.wake(1000)
    feed.changed({ cursor: 'x', reset: true, changes: [] }, 1000)
    expect(sent(feed.home(HOME, 1000)).map(({ text }) => eventsIn(text))).toEqual([['home'], ['tip']])
  })

  test('a ledger that fails is told once, asked again, and recovery tells how things are', () => {
    const { feed } = settled()
    feed.wake(1000)
    expect(sent(feed.failed(1000)).map(({ text }) => eventsIn(text))).toEqual([['paused']])
    feed.wake(2000)
    expect(feed.failed(2000)).toEqual([])
    feed.wake(3000)
    expect(feed.changed(changes('2'), 3000)).toEqual([{ do: 'ask-home' }])
    expect(feed.failed(3000)).toEqual([])
    feed.wake(4000)
    feed.changed(changes('2'), 4000)
    expect(sent(feed.home(HOME, 4000)).map(({ text }) => eventsIn(text))).toEqual([['home'], ['tip']])
    feed.wake(5000)
    expect(feed.changed(changes('2'), 5000)).toEqual([])
  })

  test('a quiet stream has a heartbeat, a lively one does not', () => {
    const { feed } = settled()
    const beats: number[] = []
    for (let now = 1000; now <= 60_000; now += 1000) {
      for (const output of feed.wake(now)) {
        if (output.do === 'send') beats.push(now)
        else feed.changed(changes('1'), now)
      }
    }
    expect(beats).toEqual([15_000, 30_000, 45_000, 60_000])
  })
})

describe('bounds', () => {
  test('there are only so many listeners', () => {
    const { feed } = settled()
    expect(feed.join('home', 0)).toBeDefined()
    expect(feed.join('home', 0)).toBeUndefined()
    feed.leave(1)
    expect(feed.join('home', 0)).toBeDefined()
    expect(feed.listeners).toBe(3)
  })

  test('whatever happens, it sends only to who listens, asks one question at a time, and is due when it must', () => {
    const step = fc.oneof(
      fc.record({ do: fc.constant('join' as const), kind: fc.constantFrom('home' as const, 'changes' as const) }),
      fc.record({ do: fc.constant('leave' as const), which: fc.nat(10) }),
      fc.record({ do: fc.constant('answer' as const), news: fc.boolean(), fail: fc.boolean() }),
      fc.record({ do: fc.constant('pass' as const), ms: fc.nat(20_000) }),
    )
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const feed = new LiveFeed(LIMITS)
        const listening = new Set<number>()
        let asked: FeedOutput['do'] | undefined
        let now = 0
        const take = (outputs: FeedOutput[]) => {
          for (const output of outputs) {
            if (output.do === 'send') {
              expect(output.to.every((id) => listening.has(id))).toBe(true)
            } else {
              expect(asked).toBeUndefined()
              asked = output.do
            }
          }
        }
        for (const step of steps) {
          if (step.do === 'join') {
            const joined = feed.join(step.kind, now)
            expect(joined === undefined).toBe(listening.size === LIMITS.listeners)
            if (!joined) continue
            listening.add(joined.id)
            take(joined.outputs)
          } else if (step.do === 'leave') {
            feed.leave(step.which)
            listening.delete(step.which)
          } else if (step.do === 'pass') {
            now += step.ms
            take(feed.wake(now))
          } else if (asked) {
            const was = asked
            asked = undefined
            if (step.fail) take(feed.failed(now))
            else if (was === 'ask-home') take(feed.home(HOME, now))
            else take(feed.changed(changes('1', ...(step.news ? [BLOCK] : [])), now))
          }
          expect(feed.deadline).toBeGreaterThanOrEqual(step.do === 'pass' ? now : 0)
          if (listening.size === 0) expect(feed.deadline).toBe(Number.POSITIVE_INFINITY)
          else expect(asked !== undefined || feed.deadline < Number.POSITIVE_INFINITY).toBe(true)
        }
      }),
    )
  })
})
