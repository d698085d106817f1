import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Admission } from '../../src/relay/admission.ts'
import { Deadlines } from '../../src/relay/deadlines.ts'
import { LinkSet } from '../../src/relay/link-set.ts'
import { Slots } from '../../src/relay/slots.ts'

describe('a set of links', () => {
  const anySlots = fc.uniqueArray(fc.nat(500))

  test('holds what was added and not deleted', () => {
    fc.assert(
      fc.property(anySlots, anySlots, anySlots, (added, deleted, others) => {
        const set = new LinkSet()
        const other = new LinkSet()
        for (const slot of added) set.add(slot)
        for (const slot of deleted) set.delete(slot)
        for (const slot of others) other.add(slot)
        const expected = new Set(added.filter((slot) => !deleted.includes(slot)))
        expect([...set]).toEqual([...expected].sort((a, b) => a - b))
        expect(set.size).toBe(expected.size)
        set.addAll(other)
        for (const slot of others) expected.add(slot)
        expect([...set]).toEqual([...expected].sort((a, b) => a - b))
        set.deleteAll(other)
        for (let slot = 0; slot < 520; slot++) expect(set.has(slot)).toBe(expected.has(slot) && !others.includes(slot))
      }),
    )
  })
})

describe('slots', () => {
  test('come back into use only after they were swept out of every set', () => {
    const swept: number[] = []
    const slots = new Slots((freed) => swept.push(...freed))
    const taken = Array.from({ length: 100 }, () => slots.take())
    expect(new Set(taken).size).toBe(100)
    for (const slot of taken.slice(0, 63)) slots.release(slot)
    expect(slots.take()).toBe(100)
    expect(swept).toEqual([])
    slots.release(taken[99]!)
    const again = Array.from({ length: 64 }, () => slots.take())
    expect(swept).toEqual([...taken.slice(0, 63), 99])
    expect([...again].sort((a, b) => a - b)).toEqual(swept)
    expect(slots.take()).toBe(101)
  })
})

describe('deadlines', () => {
  test('the earliest is always the least of those set', () => {
    const step = fc.record({ key: fc.nat(6), at: fc.oneof(fc.nat(50), fc.constant(Infinity)), kind: fc.nat(9) })
    fc.assert(
      fc.property(fc.array(step, { maxLength: 120 }), (steps) => {
        const deadlines = new Deadlines()
        const model = new Map<number, number>()
        for (const { key, at, kind } of steps) {
          if (kind < 7) {
            deadlines.set(key, at)
            model.set(key, at)
          } else if (kind === 7) {
            deadlines.delete(key)
            model.delete(key)
          } else {
            const now = Number.isFinite(at) ? at : 25
            for (let due = deadlines.due(now); due !== undefined; due = deadlines.due(now)) {
              expect(model.get(due)).toBeLessThanOrEqual(now)
              model.delete(due)
            }
          }
          expect(deadlines.earliest).toBe(Math.min(Infinity, ...model.values()))
        }
      }),
      { numRuns: 300 },
    )
  })
})

describe('admission', () => {
  test('counts inbound links altogether and by address', () => {
    const admission = new Admission({ inbound: 5, inboundPerAddress: 2 })
    expect([1, 2, 3].map(() => admission.enter('a'))).toEqual([undefined, undefined, 'too-many-links-from-address'])
    expect([1, 2, 3].map(() => admission.enter(undefined))).toEqual([undefined, undefined, undefined])
    expect(admission.enter('b')).toBe('too-many-links')
    admission.leave('a')
    expect(admission.enter('a')).toBeUndefined()
    expect(admission.inbound).toBe(5)
  })

  test('a discouraged address comes in only while half of the places are free', () => {
    const admission = new Admission({ inbound: 4, inboundPerAddress: 4 })
    admission.discourage('bad')
    expect(admission.enter('bad')).toBeUndefined()
    expect(admission.enter('good')).toBeUndefined()
    expect(admission.enter('bad')).toBe('discouraged')
    expect(admission.enter('good')).toBeUndefined()
  })
})
