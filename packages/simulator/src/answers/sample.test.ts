import { expect, it } from 'vitest'
import { sampleSchema } from './sample.ts'

it('fills in every property with a value of its type', () => {
  const schema = {
    type: 'object',
    properties: {
      city: { type: 'string' },
      unit: { enum: ['celsius', 'kelvin'] },
      days: { type: 'integer', minimum: 3 },
      exact: { type: 'boolean' },
      stops: { type: 'array', items: { $ref: '#/$defs/stop' } },
      note: { anyOf: [{ type: 'null' }, { type: 'string' }] },
      nickname: { type: ['string', 'null'] },
    },
    $defs: { stop: { type: 'object', properties: { id: { type: 'number' } } } },
  }
  expect(sampleSchema(schema)).toEqual({
    city: 'harbor',
    unit: 'celsius',
    days: 4,
    exact: true,
    stops: [{ id: 1 }],
    note: null,
    nickname: 'harbor',
  })
})

it('terminates for a recursive schema', () => {
  const tree = { type: 'object', properties: { child: { $ref: '#' } } }
  expect(JSON.stringify(sampleSchema(tree)).length).toBeLessThan(1_000)
})
