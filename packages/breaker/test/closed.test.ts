import { describe, expect, it } from 'vitest'
import { consecutive, countWindow, timeWindow, type BreakerEvent } from '../src/index.ts'
import { breakerWith, deferred, down, fail, succeed } from './harness.ts'

describe('a closed breaker', () => {
  it('stays closed below minimumCalls even if all calls fail, and opens at exactly the ratio', () => {
    for (const trip of [
      countWindow({ size: 10, failureRatio: 0.5, minimumCalls: 4 }),
      timeWindow({ durationMs: 1_000, failureRatio: 0.5, minimumCalls: 4 }),
    ]) {
      const allFail = breakerWith({ trip }).breaker
      fail(allFail, 3)
      expect(allFail.state).toBe('closed')
      fail(allFail)
      expect(allFail.state).toBe('open')

      const { breaker } = breakerWith({ trip })
      succeed(breaker, 3)
      fail(breaker, 2)
      expect(breaker.state).toBe('closed')
      fail(breaker)
      expect(breaker.state).toBe('open')
    }
  })

  it('counts nothing older than the window after 60 idle seconds', () => {
    const trip = timeWindow({ durationMs: 1_000, failureRatio: 0.5, minimumCalls: 10 })
    const { breaker, clock } = breakerWith({ trip })
    fail(breaker, 9)
    clock.pass(60_000)
    expect(breaker.counts()).toEqual({ calls: 0, successes: 0, failures: 0, slow: 0 })
    fail(breaker, 9)
    expect(breaker.state).toBe('closed')
  })

  it('loses no counts when the clock steps back, and is not half-open early', () => {
    const trip = timeWindow({ durationMs: 1_000, failureRatio: 1, minimumCalls: 10 })
    const { breaker, clock } = breakerWith({ trip })
    fail(breaker, 5)
    clock.pass(-3_600_000)
    fail(breaker, 4)
    expect(breaker.counts().calls).toBe(9)
    fail(breaker)
    expect(breaker.state).toBe('open')

    clock.pass(-3_600_000)
    expect(breaker.retryAfterMs).toBe(1_000)
    clock.pass(999)
    expect(breaker.state).toBe('open')
    clock.pass(1)
    expect(breaker.state).toBe('half-open')
  })

  it('does not count calls in flight', () => {
    const { breaker } = breakerWith({ trip: countWindow({ size: 20, failureRatio: 0.5, minimumCalls: 10 }) })
    for (let call = 0; call < 50; call++) breaker.acquire()
    expect(breaker.counts().calls).toBe(0)
    fail(breaker, 9)
    expect(breaker.state).toBe('closed')
    fail(breaker)
    expect(breaker.state).toBe('open')
  })

  it('opens once, with one event, when ten failures settle in one tick', async () => {
    const { breaker } = breakerWith({ trip: consecutive(3) })
    const events: BreakerEvent[] = []
    for (const type of ['open', 'half-open', 'close', 'reject'] as const)
      breaker.on(type, (event) => events.push(event))
    const gate = deferred()
    const calls = Array.from({ length: 10 }, () => breaker.run(() => gate.promise))
    gate.reject(down)
    const results = await Promise.allSettled(calls)

    expect(results.every((result) => result.status === 'rejected' && result.reason === down)).toBe(true)
    expect(events).toEqual([
      { type: 'open', state: 'open', previous: 'closed', retryAfterMs: 1_000, cause: down },
    ])
  })

  it('opens when slow successes reach slowCallRatio', () => {
    const trip = timeWindow({
      durationMs: 60_000,
      failureRatio: 0.5,
      minimumCalls: 4,
      slowCallMs: 100,
      slowCallRatio: 0.5,
    })
    const { breaker, clock } = breakerWith({ trip })
    for (const ms of [99, 100, 50]) {
      const permit = breaker.acquire()
      clock.pass(ms)
      permit.succeed()
    }
    expect(breaker.counts()).toEqual({ calls: 3, successes: 3, failures: 0, slow: 1 })
    const permit = breaker.acquire()
    clock.pass(5_000)
    permit.succeed()
    expect(breaker.state).toBe('open')
  })

  it('measures the duration of a call until it is answered', () => {
    const trip = timeWindow({ durationMs: 60_000, failureRatio: 1, slowCallMs: 100, slowCallRatio: 1 })
    const { breaker, clock } = breakerWith({ trip })
    const stream = breaker.acquire()
    clock.pass(99)
    stream.answered()
    clock.pass(5_000)
    stream.answered()
    stream.succeed()
    expect(breaker.counts()).toMatchObject({ calls: 1, slow: 0 })
  })

  it('counts an operation that returns undefined synchronously as a success', async () => {
    const { breaker } = breakerWith()
    await expect(breaker.run(() => undefined)).resolves.toBeUndefined()
    expect(breaker.counts()).toEqual({ calls: 1, successes: 1, failures: 0, slow: 0 })
  })

  it('counts an operation that throws synchronously as a failure, and rejects with the same error', async () => {
    const { breaker } = breakerWith()
    const operation = (): never => {
      throw down
    }
    await expect(breaker.run(operation)).rejects.toBe(down)
    expect(breaker.state).toBe('open')
  })

  it('returns the promise of the operation itself, and counts the call before the caller continues', async () => {
    const { breaker } = breakerWith({ trip: consecutive(2) })
    const promise = Promise.resolve('fine')
    expect(breaker.run(() => promise)).toBe(promise)
    await promise
    expect(breaker.counts().successes).toBe(1)
    await expect(
      breaker.run(() => ({ then: (done: (value: string) => void) => done('later') }) as never),
    ).resolves.toBe('later')
  })

  it('ignores an AbortError, and counts every other error', async () => {
    const { breaker } = breakerWith({ trip: consecutive(2) })
    const controller = new AbortController()
    controller.abort()
    await expect(breaker.run(() => Promise.reject(controller.signal.reason as Error))).rejects.toThrow()
    expect(breaker.counts().calls).toBe(0)
    for (const thrown of [null, undefined, 'a string']) {
      breaker.reset()
      breaker.acquire().fail(thrown)
      expect(breaker.counts().failures).toBe(1)
    }
  })
})
