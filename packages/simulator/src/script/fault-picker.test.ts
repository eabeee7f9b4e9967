import { describe, expect, it } from 'vitest'
import { FaultPicker } from './fault-picker.ts'
import type { Rule } from './script.ts'

const hang = { type: 'hang' } as const
const reset = { type: 'reset' } as const
const refuse = { type: 'refuse' } as const
const usual = {
  operation: 'chat',
  method: 'POST',
  path: '/v1/chat/completions',
  stream: false,
  model: 'gpt-4',
  body: { prompt: 'Say hello.' },
} as const

function picker(rules: Rule[], seed = 1): FaultPicker {
  return new FaultPicker({ rules }, seed)
}

/** Which of the first `calls` calls the picker hits. */
function hits(picker: FaultPicker, calls: number): number[] {
  const numbers = Array.from({ length: calls }, (_, index) => index + 1)
  return numbers.filter((call) => picker.take({ call, elapsedMs: 0, request: usual }) !== undefined)
}

function takesAt(when: Rule['when'], elapsedMs: number): boolean {
  return picker([{ when, fault: hang }]).take({ call: 1, elapsedMs, request: usual }) !== undefined
}

describe('a condition', () => {
  it('matches call numbers: one, several, a range', () => {
    expect(hits(picker([{ when: { call: 2 }, fault: hang }]), 5)).toEqual([2])
    expect(hits(picker([{ when: { call: [1, 4] }, fault: hang }]), 5)).toEqual([1, 4])
    expect(hits(picker([{ when: { call: { from: 2, to: 3 } }, fault: hang }]), 5)).toEqual([2, 3])
    expect(hits(picker([{ when: { call: { from: 4 } }, fault: hang }]), 5)).toEqual([4, 5])
    expect(hits(picker([{ when: { every: 2 }, fault: hang }]), 5)).toEqual([2, 4])
    expect(hits(picker([{ fault: hang }]), 3)).toEqual([1, 2, 3])
  })

  it('matches a time window, including its start and excluding its end, and repeats it', () => {
    const windowMs = { from: 2_000, to: 62_000 }
    expect([1_999, 2_000, 61_999, 62_000].map((at) => takesAt({ windowMs }, at))).toEqual([
      false,
      true,
      true,
      false,
    ])
    expect(takesAt({ windowMs: { from: 5 } }, 1e9)).toBe(true)
    const flapping = { windowMs: { to: 100, everyMs: 1_000 } }
    expect([50, 150, 1_050, 1_150].map((at) => takesAt(flapping, at))).toEqual([true, false, true, false])
  })

  it('matches operation, stream, model, text, method and path', () => {
    const takes = (when: Rule['when']) => takesAt(when, 0)
    expect(takes({ operation: 'chat' })).toBe(true)
    expect(takes({ operation: ['models', 'chat'] })).toBe(true)
    expect(takes({ operation: 'responses' })).toBe(false)
    expect(takes({ stream: false })).toBe(true)
    expect(takes({ stream: true })).toBe(false)
    expect(takes({ model: 'gpt-4' })).toBe(true)
    expect(takes({ model: 'gpt-5' })).toBe(false)
    expect(takes({ says: 'hello' })).toBe(true)
    expect(takes({ says: 'poison' })).toBe(false)
    expect(takes({ method: 'POST', path: '/chat/' })).toBe(true)
    expect(takes({ method: 'GET' })).toBe(false)
    expect(takes({ path: '/batches' })).toBe(false)
  })

  it('applies together with all others of its rule', () => {
    expect(hits(picker([{ when: { every: 2, call: { from: 3 } }, fault: hang }]), 6)).toEqual([4, 6])
  })

  it('draws the same calls for the same seed, others for another, with the given probability', () => {
    const drawn = (seed: number) => hits(picker([{ when: { probability: 0.05 }, fault: hang }], seed), 2_000)
    expect(drawn(1)).toEqual(drawn(1))
    expect(drawn(1)).not.toEqual(drawn(2))
    expect(drawn(1).length).toBeGreaterThan(60)
    expect(drawn(1).length).toBeLessThan(140)
    expect(hits(picker([{ when: { probability: 1 }, fault: hang }]), 3)).toEqual([1, 2, 3])
    expect(hits(picker([{ when: { probability: 0 }, fault: hang }]), 3)).toEqual([])
  })
})

it('uses the first matching rule, also for a good answer', () => {
  const rules: Rule[] = [
    { when: { call: 1 }, fault: 'ok' },
    { when: { call: 2 }, fault: reset },
    { fault: hang },
  ]
  const taken = [1, 2, 3].map((call) => picker(rules).take({ call, elapsedMs: 0, request: usual }))
  expect(taken).toEqual([undefined, reset, hang])
})

it('takes one fault of a sequence per matching call, then none', () => {
  const sequence = picker([{ when: { every: 2 }, fault: { type: 'sequence', faults: [hang, 'ok', reset] } }])
  expect(hits(sequence, 12)).toEqual([2, 6])
})

it('takes queued faults in order, before any rule', () => {
  const queued = picker([{ fault: hang }])
  queued.queue(['ok', { type: 'sequence', faults: [reset, 'ok'] }])
  queued.script({})
  const facts = { call: 1, elapsedMs: 0, request: usual }
  expect([1, 2, 3].map(() => queued.take(facts))).toEqual([undefined, reset, undefined])
  queued.queue([reset])
  queued.reset()
  expect(queued.take(facts)).toBeUndefined()
})

describe('a connection without a request', () => {
  const facts = { call: 1, elapsedMs: 0 }

  it('is ended by a fault that needs no request', () => {
    expect(picker([{ fault: refuse }]).takeAtConnection(facts)).toEqual(refuse)
    expect(picker([{ fault: { type: 'reset', when: 'connect' } }]).takeAtConnection(facts)).toBeDefined()
    expect(picker([{ fault: hang }]).takeAtConnection(facts)).toBeUndefined()
    expect(picker([{ when: { call: 2 }, fault: refuse }]).takeAtConnection(facts)).toBeUndefined()
  })

  it('is accepted while an earlier rule needs the request', () => {
    const rules: Rule[] = [{ when: { operation: 'models' }, fault: 'ok' }, { fault: refuse }]
    expect(picker(rules).takeAtConnection(facts)).toBeUndefined()
  })

  it('takes a queued fault only if it is ended', () => {
    const queued = picker([])
    queued.queue([hang, refuse])
    expect(queued.takeAtConnection(facts)).toBeUndefined()
    expect(queued.take({ ...facts, request: usual })).toEqual(hang)
    expect(queued.takeAtConnection(facts)).toEqual(refuse)
    expect(queued.takeAtConnection(facts)).toBeUndefined()
  })
})
