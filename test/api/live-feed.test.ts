import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { CHANGES_AT_ONCE } from '../../src/api/live-feed.ts'
import { ChangeLog } from '../../src/ledger/change-log.ts'
import type { Change } from '../../src/ledger/queries.ts'
import { toDisplay } from '../../src/wire/hash.ts'
import { block, HOME, hashOf, inShort, LIMITS, ref, removed, Stage, toldOf, tx, wish } from './live-stage.ts'

const types = ({ events }: { events: { type: string }[] }) => events.map(({ type }) => type)

/** A stage with a home page and a program that have had their first events. */
function settled() {
  const stage = new Stage()
  const home = stage.join(HOME)!
  const program = stage.join(wish())!
  stage.settle()
  home.events = []
  program.events = []
  return { stage, home, program }
}

describe('polling', () => {
  test('nothing is asked and nothing is due while nobody listens', () => {
    const { feed } = new Stage()
    expect(feed.deadline).toBe(Number.POSITIVE_INFINITY)
    expect(feed.wake(1e9)).toEqual([])
  })

  test('the first listener asks at once, without a cursor, and is told how things are and where that is', () => {
    const stage = new Stage()
    stage.log.push(block(7))
    const client = stage.join(wish())!
    expect(stage.asked).toEqual({ do: 'ask-changes', cursor: undefined })
    stage.settle()
    expect(client.events).toMatchObject([{ type: 'tip', id: 'a-1' }])
    expect(stage.feed.deadline).toBe(1000)
    expect(stage.feed.wake(999)).toEqual([])
    expect(stage.feed.wake(1000)).toEqual([{ do: 'ask-changes', cursor: 'a-1' }])
  })

  test('one poll serves all listeners', () => {
    const stage = new Stage()
    const clients = [stage.join(HOME)!, stage.join(HOME)!, stage.join(wish())!]
    stage.settle()
    expect(stage.questions).toBe(2)
    expect(clients.map(types)).toEqual([['home'], ['home'], ['tip']])
  })

  test('whoever joins between two polls is told by the next', () => {
    const { stage } = settled()
    const late = stage.join(HOME)!
    expect(stage.asked).toBeUndefined()
    stage.pass(1000)
    expect(types(late)).toEqual(['home'])
  })

  test('a poll without news sends nothing and asks for nothing more', () => {
    const { stage, home, program } = settled()
    stage.questions = 0
    stage.pass(3000)
    expect(stage.questions).toBe(3)
    expect([home.events, program.events]).toEqual([[], []])
  })

  test('when the last has left nothing is due, and the next starts anew', () => {
    const { stage, home, program } = settled()
    stage.leave(home)
    stage.leave(program)
    expect(stage.feed.deadline).toBe(Number.POSITIVE_INFINITY)
    stage.join(wish())
    expect(stage.asked).toEqual({ do: 'ask-changes', cursor: undefined })
  })

  test('an answer that nobody waits for any more is dropped', () => {
    const stage = new Stage()
    stage.leave(stage.join(HOME)!)
    stage.settle()
    expect(stage.feed.deadline).toBe(Number.POSITIVE_INFINITY)
  })
})

describe('events', () => {
  test('what happens comes one by one, each with its place', () => {
    const { stage, home, program } = settled()
    for (const change of [block(7), tx(1), { kind: 'reorg', reorg: REORG } as Change, tx(2)]) stage.log.push(change)
    stage.pass(1000)
    expect(types(home)).toEqual(['home'])
    expect(program.events.map(({ type, id }) => `${type} ${id}`)).toEqual([
      ...['block a-1', 'tx a-2', 'reorg a-2.1', 'block a-2.2', 'block a-3', 'tx a-4'],
    ])
    expect(JSON.parse(program.events[2]!.data)).toEqual({
      fork_height: 5,
      reverted: [7, 6].map((height) => ({ id: toDisplay(hashOf(height)), height })),
      connected: [16, 17].map((id) => ({ id: toDisplay(hashOf(id)), height: id - 10 })),
    })
  })

  test('what leaves the mempool is told with the reason', () => {
    const { stage, program } = settled()
    stage.log.push(removed(1))
    stage.log.push(removed(2))
    stage.pass(1000)
    expect(program.events.map(({ type, data }) => [type, JSON.parse(data)])).toEqual([
      ['removed', { txid: toDisplay(hashOf(1)), why: 'mined' }],
      ['removed', { txid: toDisplay(hashOf(2)), why: 'replaced', by: toDisplay(hashOf(3)) }],
    ])
  })

  test('a block that has left the chain again is told by its name', () => {
    const { stage, program } = settled()
    stage.log.push(block(8))
    stage.pass(1000)
    expect(JSON.parse(program.events[0]!.data)).toEqual({ id: toDisplay(hashOf(8)), height: 8, stale: true })
  })

  test('of many blocks at once no more are asked for than a question takes', () => {
    const { stage, program } = settled()
    const connected = Array.from({ length: 250 }, (_, i) => ref(8 + i))
    stage.log.push({ kind: 'reorg', reorg: { reverted: [], connected } })
    stage.now = 1000
    stage.take(stage.feed.wake(stage.now))
    stage.answer()
    const sizes: number[] = []
    while (stage.asked?.do === 'ask-blocks') {
      sizes.push(stage.asked.hashes.length)
      stage.answer()
    }
    expect(sizes).toEqual([100, 100, 50])
    expect(program.events).toHaveLength(250)
  })

  test('a program gets the types that it wants, and its place moves on with the rest', () => {
    const { stage } = settled()
    const blocks = stage.join(wish(undefined, ['block']))!
    stage.pass(1000)
    for (let i = 0; i < 5; i++) stage.log.push(tx(i))
    stage.log.push(block(8))
    for (let i = 5; i < 10; i++) stage.log.push(tx(i))
    stage.pass(1000)
    expect(types(blocks)).toEqual(['tip', 'block'])
    expect(blocks.reader.lastId).toBe('a-6')
    stage.pass(15_000)
    expect(types(blocks)).toEqual(['tip', 'block'])
    expect(blocks.reader.lastId).toBe('a-11')
  })

  test('nobody is asked about blocks where nobody wants them', () => {
    const stage = new Stage()
    stage.join(wish(undefined, ['tx']))
    stage.settle()
    stage.log.push(block(8))
    stage.questions = 0
    stage.pass(1000)
    expect(stage.questions).toBe(1)
  })

  test('a ledger that fails is told once and asked again; then everybody is told how things are', () => {
    const { stage, home, program } = settled()
    for (let i = 1; i <= 3; i++) {
      stage.now = 1000 * i
      stage.take(stage.feed.wake(stage.now))
      stage.fail()
    }
    expect([types(home), types(program)]).toEqual([['paused'], ['paused']])
    stage.log.push(tx(1))
    stage.pass(1000)
    expect([types(home), types(program)]).toEqual([
      ['paused', 'home'],
      ['paused', 'tx', 'tip'],
    ])
    stage.pass(1000)
    expect(program.events).toHaveLength(3)
  })

  test('a quiet stream has a heartbeat, a lively one does not', () => {
    const stage = new Stage()
    const client = stage.join(HOME)!
    stage.settle()
    const beats: number[] = []
    for (let i = 1; i <= 60; i++) {
      const before = client.events.length
      stage.now = 1000 * i
      const outputs = stage.feed.wake(stage.now)
      if (outputs.some((output) => output.do === 'send')) beats.push(i)
      stage.take(outputs)
      if (i === 40) stage.log.push(block(i))
      stage.settle()
      if (client.events.length > before) expect(i).toBe(40)
    }
    expect(beats).toEqual([15, 30, 55])
  })
})

const REORG = { reverted: [ref(7), ref(6)], connected: [ref(6, 16), ref(7, 17)] }

describe('coming back', () => {
  test('whoever comes back gets what it missed, from the very event', () => {
    const { stage } = settled()
    stage.log.push(tx(1))
    stage.log.push({ kind: 'reorg', reorg: REORG })
    stage.log.push(tx(2))
    stage.pass(1000)
    for (const [id, missed] of [
      ['a-0', ['tx', 'reorg', 'block', 'block', 'tx']],
      ['a-1', ['reorg', 'block', 'block', 'tx']],
      ['a-1.1', ['block', 'block', 'tx']],
      ['a-1.2', ['block', 'tx']],
      ['a-2', ['tx']],
      ['a-3', []],
    ] as const) {
      const back = stage.join(wish(id))!
      stage.pass(1000)
      expect(types(back), id).toEqual(missed)
      stage.leave(back)
    }
  })

  test.each([
    ['another ledger', 'b-1'],
    ['a time to come', 'a-9'],
    ['the middle of what has not come', 'a-3.1'],
    ['nowhere', 'hello'],
    ['nowhere at all', `a-${'1'.repeat(99)}`],
    ['before what the log keeps', 'a-0'],
  ])('a place in %s is told that, how things are, and where', (_, id) => {
    const stage = new Stage(LIMITS, new ChangeLog('a', 3))
    for (let i = 0; i < 3; i++) stage.log.push(tx(i))
    if (id === 'a-0') stage.log.push(tx(3))
    const other = stage.join(wish())!
    stage.settle()
    const back = stage.join(wish(id))!
    stage.pass(1000)
    expect(back.events).toMatchObject([{ type: 'reset', id: stage.log.cursor }])
    stage.log.push(tx(8))
    stage.pass(1000)
    expect(types(back)).toEqual(['reset', 'tx'])
    expect(types(other)).toEqual(['tip', 'tx'])
  })

  test('a ledger that starts anew is a reset for everybody, once', () => {
    const { stage, home, program } = settled()
    stage.log = new ChangeLog('b')
    stage.pass(3000)
    expect(types(home)).toEqual(['home'])
    expect(program.events).toMatchObject([{ type: 'reset', id: 'b-0' }])
  })

  test('a crowd that comes back costs no question more than the poll', () => {
    const stage = new Stage({ ...LIMITS, listeners: 1000 })
    stage.join(wish())
    stage.settle()
    for (let i = 0; i < 50; i++) stage.log.push(tx(i))
    stage.pass(1000)
    stage.questions = 0
    const crowd = Array.from({ length: 900 }, (_, i) => stage.join(wish(`a-${10 + (i % 20)}`))!)
    stage.pass(1000)
    expect(stage.questions).toBe(1)
    expect(crowd.every((client, i) => client.events.length === 40 - (i % 20))).toBe(true)
  })

  test('one that is far behind is caught up slice by slice, without waiting', () => {
    const { stage } = settled()
    for (let i = 0; i < 3 * CHANGES_AT_ONCE; i++) stage.log.push(tx(i))
    stage.pass(5000)
    const back = stage.join(wish('a-0'))!
    stage.pass(1000)
    expect(back.events).toHaveLength(3 * CHANGES_AT_ONCE)
  })
})

describe('bounds', () => {
  test('there are only so many listeners', () => {
    const { stage, home } = settled()
    expect(stage.join(HOME)).toBeDefined()
    expect(stage.join(HOME)).toBeUndefined()
    stage.leave(home)
    expect(stage.join(HOME)).toBeDefined()
    expect(stage.feed.listeners).toBe(3)
  })

  test('nothing is sent to who has no room, who is told it all in order when there is, and cut off when there never is', () => {
    const { stage, home, program } = settled()
    stage.feed.full(program.id, stage.now)
    stage.feed.full(home.id, stage.now)
    for (let i = 0; i < 30; i++) {
      stage.log.push(tx(i))
      stage.pass(1000)
    }
    expect([home.events, program.events]).toEqual([[], []])
    stage.take(stage.feed.ready(program.id))
    stage.settle()
    expect(program.events.map(inShort)).toEqual(Array.from({ length: 30 }, (_, i) => toldOf(tx(i))).flat())
    stage.pass(30_000)
    expect(stage.clients.has(home.id)).toBe(false)
    expect(stage.feed.listeners).toBe(1)
  })

  test('whatever clients and ledger do, each client is told what happened, in order and once, or that it was not', () => {
    const step = fc.oneof(
      { weight: 6, arbitrary: fc.record({ do: fc.constant('change' as const), kind: fc.nat(9) }) },
      { weight: 15, arbitrary: fc.record({ do: fc.constant('answer' as const), fail: fc.nat(19) }) },
      { weight: 6, arbitrary: fc.record({ do: fc.constant('pass' as const), ms: fc.constantFrom(10, 1000, 20_000) }) },
      { weight: 3, arbitrary: fc.record({ do: fc.constant('come' as const), who: fc.nat(3) }) },
      { weight: 3, arbitrary: fc.record({ do: fc.constant('go' as const), who: fc.nat(3) }) },
      { weight: 2, arbitrary: fc.record({ do: fc.constant('full' as const), who: fc.nat(3) }) },
      { weight: 2, arbitrary: fc.record({ do: fc.constant('ready' as const), who: fc.nat(3) }) },
      { weight: 1, arbitrary: fc.constant({ do: 'restart' as const }) },
    )
    let resets = 0
    let exact = 0
    fc.assert(
      fc.property(fc.array(step, { minLength: 60, maxLength: 200 }), (steps) => {
        const stage = new Stage({ ...LIMITS, listeners: 4 }, new ChangeLog('e0', 40))
        // What has happened, with the ids of the last log's changes.
        let all: string[][] = []
        let epoch = 0
        let made = 0
        const people = Array.from({ length: 4 }, () => ({
          client: undefined as ReturnType<Stage['join']>,
          lastId: '',
          /** What it was told since it was told how things are, and where that was. */
          from: '',
          told: [] as string[],
        }))
        const look = () => {
          for (const one of people) {
            if (!one.client) continue
            for (const event of one.client.events.splice(0)) {
              if (event.type === 'paused') continue
              if (event.type === 'tip' && one.from.startsWith(`e${epoch}-`)) continue
              if (event.type === 'tip' || event.type === 'reset') {
                if (event.type === 'reset') resets++
                one.from = event.id
                one.told = []
              } else one.told.push(inShort(event))
            }
            one.lastId = one.client.reader.lastId || one.lastId
          }
        }
        const check = () => {
          look()
          for (const { from, told, lastId } of people) {
            if (!from.startsWith(`e${epoch}-`) || !lastId.startsWith(`e${epoch}-`)) continue
            const happened = all.slice(Number(from.split('-')[1])).flat()
            expect(told).toEqual(happened.slice(0, told.length))
            exact++
          }
        }
        for (const step of steps) {
          const one = 'who' in step ? people[step.who]! : undefined
          if (step.do === 'change') {
            const n = ++made
            const refs = (count: number) => Array.from({ length: count }, (_, i) => ref(i, 1000 * n + i))
            const change: Change =
              step.kind < 4
                ? step.kind < 2
                  ? tx(n)
                  : removed(n)
                : { kind: 'reorg', reorg: { reverted: refs(step.kind % 3), connected: refs(step.kind - 3) } }
            stage.log.push(change)
            all.push(toldOf(change))
          } else if (step.do === 'restart') {
            check()
            stage.log = new ChangeLog(`e${++epoch}`, 40)
            all = []
          } else if (step.do === 'answer') {
            if (stage.asked && step.fail === 0) stage.fail()
            else stage.answer()
          } else if (step.do === 'pass') {
            stage.now += step.ms
            stage.take(stage.feed.wake(stage.now))
          } else if (one && step.do === 'come' && !one.client) {
            one.client = stage.join(wish(one.lastId || undefined))!
          } else if (one?.client) {
            if (step.do === 'go') {
              look()
              stage.leave(one.client)
              one.client = undefined
            } else if (step.do === 'full') stage.feed.full(one.client.id, stage.now)
            else if (step.do === 'ready') stage.take(stage.feed.ready(one.client.id))
          }
          check()
          for (const person of people)
            if (person.client && !stage.clients.has(person.client.id)) person.client = undefined
          const listening = stage.feed.listeners
          expect(listening).toBe(stage.clients.size)
          if (listening === 0) expect(stage.feed.deadline).toBe(Number.POSITIVE_INFINITY)
        }
        // In the end everybody who listens has all of it.
        for (const { client } of people) if (client) stage.take(stage.feed.ready(client.id))
        stage.pass(20_000)
        check()
        for (const { client, from, told } of people) {
          if (!client) continue
          expect(from.startsWith(`e${epoch}-`)).toBe(true)
          expect(told).toEqual(all.slice(Number(from.split('-')[1])).flat())
          expect(client.reader.lastId).toBe(stage.log.cursor)
        }
      }),
      { numRuns: Number(process.env.CAUSEWAY_LIVE_RUNS ?? 300) },
    )
    expect(resets).toBeGreaterThan(0)
    expect(exact).toBeGreaterThan(1000)
  })
})
