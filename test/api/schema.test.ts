import { expect, test } from 'vitest'
import { component, count, list, object, orNull, string, tuple, written } from '../../src/api/schema.ts'

const INNER = component('Inner', object({ id: string('^a'), 'note?': string() }))

test('components give way to references, however deep, and are written once', () => {
  const components = new Map()
  const outer = component('Outer', list(INNER))
  expect(written(object({ one: outer, two: orNull(INNER), three: tuple(count(), INNER) }), components)).toEqual({
    type: 'object',
    properties: {
      one: { $ref: '#/components/schemas/Outer' },
      two: { anyOf: [{ $ref: '#/components/schemas/Inner' }, { type: 'null' }] },
      three: {
        type: 'array',
        prefixItems: [{ type: 'integer', minimum: 0 }, { $ref: '#/components/schemas/Inner' }],
        items: false,
        minItems: 2,
      },
    },
    required: ['one', 'two', 'three'],
    additionalProperties: false,
  })
  expect([...components.keys()].sort()).toEqual(['Inner', 'Outer'])
  expect(components.get('Inner').text).toEqual({
    type: 'object',
    properties: { id: { type: 'string', pattern: '^a' }, note: { type: 'string' } },
    required: ['id'],
    additionalProperties: false,
  })
})

test('two components of one name are a mistake', () => {
  const components = new Map()
  written(INNER, components)
  expect(() => written(component('Inner', string()), components)).toThrow('called Inner')
})
