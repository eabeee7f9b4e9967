import { describe, expect, it } from 'vitest'
import type { CallReceipt, CallRequest } from '../observed.ts'
import { MetricAttributes } from './metric-attributes.ts'

const request: CallRequest = {
  operation: 'chat',
  provider: 'openai',
  model: 'm',
  streaming: false,
  url: 'https://api.openai.com/v1/chat/completions',
}
const receipt = (labels: Record<string, string> = {}): CallReceipt => ({
  id: '1',
  attempts: [],
  outcome: 'success',
  startedAt: 0,
  labels,
})

describe('the attributes of metrics', () => {
  it('are one object for each combination, without undefined ones', () => {
    const attributes = new MetricAttributes(['team'])
    const one = attributes.ofCall(receipt({ team: 'a' }), request, { 'error.type': undefined })
    expect(one).toEqual({
      'gen_ai.operation.name': 'chat',
      'gen_ai.provider.name': 'openai',
      'gen_ai.request.model': 'm',
      'harbor.label.team': 'a',
    })
    expect(attributes.ofCall(receipt({ team: 'a' }), { ...request }, {})).toBe(one)
    expect(attributes.ofCall(receipt(), request, {})).not.toHaveProperty('harbor.label.team')
    expect(attributes.of({ a: 'b', c: 'd' })).toBe(attributes.of({ a: 'b', c: 'd' }))
    expect(attributes.of({ a: 'b' })).toEqual({ a: 'b' })
  })

  it('never mix names with values', () => {
    const attributes = new MetricAttributes([])
    const of = [{ a: 'b\nc' }, { a: 'b', c: '' }, { 'a\nb': 'c' }, { a: '\r' }, { a: '' }]
    expect(of.map((values) => attributes.of(values))).toEqual(of)
  })

  it('have at most 1,000 combinations of what callers choose; further ones become `other`, known ones stay', () => {
    const attributes = new MetricAttributes(['team', 'user'])
    const of = (team: number, user: number, more = {}) =>
      attributes.ofCall(receipt({ team: `t-${team}`, user: `u-${user}` }), request, more)
    const seen = new Set(Array.from({ length: 100 * 100 }, (_, n) => of(Math.floor(n / 100), n % 100)))
    expect(seen.size).toBe(1_001)
    expect(of(0, 0)).toMatchObject({ 'harbor.label.team': 't-0', 'harbor.label.user': 'u-0' })
    const others = of(99, 99)
    expect(others).toMatchObject({
      'gen_ai.request.model': 'other',
      'harbor.label.team': 'other',
      'harbor.label.user': 'other',
    })
    expect(of(98, 98)).toBe(others)
    // What Harbor itself says of a call is never lost.
    expect(of(0, 0, { 'error.type': '429' })).toMatchObject({
      'error.type': '429',
      'harbor.label.team': 'other',
    })
  })
})
