import { describe, expect, it } from 'vitest'
import { consecutive } from '../src/index.ts'
import { breakerWith, down, fail, thrownBy } from './harness.ts'

describe('an isolated breaker', () => {
  it('stays isolated until the last of two handles is disposed, and is then closed with new counts', () => {
    const { breaker } = breakerWith({ trip: consecutive(2) })
    const events: string[] = []
    for (const type of ['open', 'close'] as const) {
      breaker.on(type, ({ state, previous }) => events.push(`${type}: ${previous} → ${state}`))
    }
    fail(breaker)
    const inFlight = breaker.acquire()
    const [first, second] = [breaker.isolate(), breaker.isolate()]
    first[Symbol.dispose]()
    first[Symbol.dispose]()
    expect(breaker.state).toBe('isolated')
    expect(thrownBy(() => breaker.acquire())).toMatchObject({
      code: 'breaker_open',
      state: 'isolated',
      retryAfterMs: 0,
    })

    second[Symbol.dispose]()
    expect(breaker.state).toBe('closed')
    expect(breaker.counts().calls).toBe(0)
    inFlight.fail(down)
    expect(breaker.counts().calls).toBe(0)
    expect(events).toEqual(['open: closed → isolated', 'close: isolated → closed'])
  })

  it('is not ended by a handle from before reset()', () => {
    const { breaker } = breakerWith()
    const old = breaker.isolate()
    breaker.reset()
    using _current = breaker.isolate()
    old[Symbol.dispose]()
    expect(breaker.state).toBe('isolated')
  })
})
