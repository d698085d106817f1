import { expect, test } from 'vitest'
import { Outbound } from '../../src/bootstrap/outbound.ts'

const a = { host: '10.0.0.1', port: 18444 }
const half = () => 0.5
const named = () => new Outbound({ named: [a], seeds: ['never.example'], port: 1, want: 8, random: half })
const seeded = (want = 2) =>
  new Outbound({ named: [], seeds: ['s1', 's2', 's3', 's4'], port: 8333, want, random: () => 0 })

test('a named peer is dialled at once, and the seeds are left alone', () => {
  const out = named()
  expect(out.deadline).toBe(0)
  expect(out.wake(0)).toEqual([{ do: 'dial', target: a }])
  expect(out.wake(0)).toEqual([])
  expect(out.deadline).toBe(Number.POSITIVE_INFINITY)
})

test('doors and TCP ports are dialled side by side, each once, and each waits for itself', () => {
  const door = { url: 'wss://relay.example/p2p' }
  const out = new Outbound({ named: [a, door, { ...door }], seeds: [], port: 1, want: 8, random: half })
  expect(out.wake(0)).toEqual([
    { do: 'dial', target: a },
    { do: 'dial', target: door },
  ])
  out.opened(a, 0)
  out.closed({ ...door }, 0)
  expect(out.deadline).toBe(375)
  expect(out.wake(375)).toEqual([{ do: 'dial', target: door }])
  out.opened(door, 400)
  expect(out.deadline).toBe(Number.POSITIVE_INFINITY)
})

test('a peer that refuses waits twice as long each time, up to a minute', () => {
  const out = named()
  const waits: number[] = []
  let now = 0
  for (let i = 0; i < 10; i++) {
    out.wake(now)
    out.closed(a, now)
    waits.push(out.deadline - now)
    now = out.deadline
  }
  expect(waits).toEqual([375, 750, 1500, 3000, 6000, 12_000, 24_000, 45_000, 45_000, 45_000])
})

test('a connection that lasted makes the next wait short again, a brief one does not', () => {
  const out = named()
  for (let i = 0; i < 5; i++) {
    out.wake(1e9)
    out.closed(a, 0)
  }
  out.wake(1e9)
  out.opened(a, 0)
  out.closed(a, 9999)
  expect(out.deadline).toBeGreaterThan(9999 + 10_000)
  out.wake(1e9)
  out.opened(a, 50_000)
  out.closed(a, 60_000)
  expect(out.deadline).toBe(60_375)
})

test('three seeds are asked at a time, and links are opened from their answers up to the number wanted', () => {
  const out = seeded()
  expect(out.wake(0).map((o) => o.do === 'resolve' && o.seed)).toEqual(['s1', 's2', 's3'])
  out.resolved('s1', ['1.1.1.1', '1.1.1.2', '1.1.1.3'], 5)
  expect(out.deadline).toBe(0)
  const dialled = out.wake(5)
  expect(dialled).toEqual([
    { do: 'dial', target: { host: '1.1.1.1', port: 8333 } },
    { do: 'dial', target: { host: '1.1.1.2', port: 8333 } },
  ])
  expect(out.wake(5)).toEqual([])
  out.closed({ host: '1.1.1.1', port: 8333 }, 10)
  expect(out.wake(10)).toEqual([{ do: 'dial', target: { host: '1.1.1.3', port: 8333 } }])
})

test('a seed that gives nothing is asked again a minute later, not before', () => {
  const out = new Outbound({ named: [], seeds: ['s'], port: 1, want: 1, random: half })
  out.wake(0)
  out.resolved('s', [], 100)
  expect(out.wake(60_099)).toEqual([])
  expect(out.deadline).toBe(60_100)
  expect(out.wake(60_100)).toEqual([{ do: 'resolve', seed: 's' }])
})

test('one seed gives at most 32 addresses, and an answer nobody asked for is ignored', () => {
  const out = seeded(100)
  out.resolved('s1', ['9.9.9.9'], 0)
  expect(out.wake(0).every((o) => o.do === 'resolve')).toBe(true)
  out.resolved(
    's1',
    Array.from({ length: 100 }, (_, i) => `2.0.0.${i}`),
    0,
  )
  expect(out.wake(0).filter((o) => o.do === 'dial')).toHaveLength(32)
})
