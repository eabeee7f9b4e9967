import { describe, expect, it, vi } from 'vitest'
import { BreakerOpenError, CircuitBreaker, consecutive } from '../src/index.ts'
import { breakerWith, down, fail, succeed, thrownBy } from './harness.ts'

describe('an open breaker', () => {
  it('does not call the operation, and rejects with retryAfterMs above 0 and the cause', async () => {
    const { breaker, clock } = breakerWith()
    fail(breaker)
    clock.pass(400)
    const operation = vi.fn(async () => 'never')
    const error: unknown = await breaker.run(operation).catch((reason: unknown) => reason)

    expect(operation).not.toHaveBeenCalled()
    expect(BreakerOpenError.is(error)).toBe(true)
    expect(error).toMatchObject({
      name: 'BreakerOpenError',
      code: 'breaker_open',
      state: 'open',
      retryAfterMs: 600,
      cause: down,
    })
    expect(breaker.retryAfterMs).toBe(600)
  })

  it('stays open at least as long as judge requests, up to the maximum', () => {
    const asking = (openForMs: number): CircuitBreaker => {
      const { breaker } = breakerWith({
        judge: (outcome) => (outcome.ok ? 'success' : { failure: true, openForMs }),
      })
      fail(breaker)
      return breaker
    }
    expect(asking(30_000).retryAfterMs).toBe(30_000)
    expect(asking(500).retryAfterMs).toBe(1_000)
    expect(asking(86_400_000).retryAfterMs).toBe(600_000)
    expect(asking(Infinity).retryAfterMs).toBe(600_000)
    expect(asking(NaN).retryAfterMs).toBe(1_000)
  })

  it('does not open earlier because judge requests a time, but honours that time when it opens', () => {
    const times = [30_000, 0]
    const { breaker, clock } = breakerWith({
      trip: consecutive(2),
      judge: () => ({ failure: true, openForMs: times.shift() }),
    })
    fail(breaker)
    expect(breaker.state).toBe('closed')
    clock.pass(10_000)
    fail(breaker)
    expect(breaker.retryAfterMs).toBe(20_000)
  })

  it('sets no timer: after openForMs the next call is the probe', async () => {
    vi.useFakeTimers()
    try {
      const breaker = new CircuitBreaker({ trip: consecutive(1), openForMs: 1_000 })
      fail(breaker)
      expect(vi.getTimerCount()).toBe(0)
      vi.advanceTimersByTime(999)
      await expect(breaker.run(() => 'refused')).rejects.toThrow(BreakerOpenError)
      vi.advanceTimersByTime(1)
      await expect(breaker.run(() => 'probe')).resolves.toBe('probe')
      expect(breaker.state).toBe('closed')
      expect(vi.getTimerCount()).toBe(0)
    } finally {
      vi.useRealTimers()
    }
  })

  it('lets the next call through as a probe after halfOpen(), which has no effect in other states', () => {
    const { breaker } = breakerWith()
    const onHalfOpen = vi.fn()
    breaker.on('half-open', onHalfOpen)

    breaker.halfOpen()
    expect(breaker.state).toBe('closed')

    fail(breaker)
    breaker.halfOpen()
    expect(breaker.state).toBe('half-open')
    const probe = breaker.acquire()
    breaker.halfOpen()
    expect(breaker.check.bind(breaker)).toThrow(BreakerOpenError)
    probe.succeed()
    expect(breaker.state).toBe('closed')

    using _handle = breaker.isolate()
    breaker.halfOpen()
    expect(breaker.state).toBe('isolated')
    expect(onHalfOpen).toHaveBeenCalledTimes(1)
  })

  it('throws from check() what acquire() would throw, without taking a permit', () => {
    const { breaker, clock } = breakerWith()
    breaker.check()
    const same = (): void => {
      expect(thrownBy(() => breaker.check())).toEqual(thrownBy(() => breaker.acquire()))
    }
    fail(breaker)
    same()
    clock.pass(1_000)
    for (let look = 0; look < 5; look++) breaker.check()
    const probe = breaker.acquire()
    same()
    probe.release()
    breaker.check()
    const handle = breaker.isolate()
    same()
    handle[Symbol.dispose]()
    breaker.check()
  })

  it('doubles its open time with each failed probe, and starts again only after being closed for as long as it was open', () => {
    const { breaker, clock } = breakerWith()
    const failProbe = (): number => {
      clock.pass(breaker.retryAfterMs)
      fail(breaker)
      return breaker.retryAfterMs
    }
    fail(breaker)
    expect([failProbe(), failProbe(), failProbe()]).toEqual([2_000, 4_000, 8_000])

    clock.pass(8_000)
    succeed(breaker)
    clock.pass(7_999)
    fail(breaker)
    expect(breaker.retryAfterMs).toBe(16_000)

    clock.pass(16_000)
    succeed(breaker)
    clock.pass(16_000)
    fail(breaker)
    expect(breaker.retryAfterMs).toBe(1_000)

    for (let probe = 0; probe < 2_000; probe++) failProbe()
    expect(breaker.retryAfterMs).toBe(600_000)
  })

  it('takes the open time from a function of the consecutive opens, and the default if the result is invalid', () => {
    const warning = vi.spyOn(process, 'emitWarning').mockReturnValue()
    const answers = [5, 70, NaN]
    const openForMs = vi.fn((consecutiveOpens: number) => answers[consecutiveOpens - 1] ?? -1)
    const { breaker, clock } = breakerWith({ openForMs })
    fail(breaker)
    expect(breaker.retryAfterMs).toBe(5)
    clock.pass(5)
    fail(breaker)
    expect(breaker.retryAfterMs).toBe(70)
    expect(warning).not.toHaveBeenCalled()
    clock.pass(70)
    fail(breaker)
    expect(breaker.retryAfterMs).toBe(30_000)
    expect(warning).toHaveBeenCalledTimes(1)
    warning.mockRestore()
  })
})
