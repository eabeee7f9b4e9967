import { describe, expect, it, vi } from 'vitest'
import { breakerWith, collectGarbage, down, fail, succeed } from '../test/harness.ts'
import { BreakerOpenError, consecutive, type Permit } from './index.ts'

describe('a permit', () => {
  it('ignores every report after the first one', () => {
    const { breaker } = breakerWith({ trip: consecutive(2) })
    const ends: ((permit: Permit) => void)[] = [
      (permit) => permit.succeed(),
      (permit) => permit.fail(down),
      (permit) => permit.release(),
    ]
    for (const [index, first] of ends.entries()) {
      breaker.reset()
      const permit = breaker.acquire()
      first(permit)
      for (const more of ends) more(permit)
      permit.answered()
      expect(breaker.counts()).toMatchObject({
        successes: index === 0 ? 1 : 0,
        failures: index === 1 ? 1 : 0,
      })
    }
  })

  it('calls judge once, and not for a result that comes after the state has changed', () => {
    const judge = vi.fn(() => 'failure' as const)
    const { breaker } = breakerWith({ judge })
    const late = breaker.acquire()
    const permit = breaker.acquire()
    permit.fail(down)
    permit.fail(down)
    late.fail(down)
    expect(judge).toHaveBeenCalledTimes(1)
  })

  it('frees its slot after probeTimeoutMs when it is dropped, and at once when it is dropped after it was answered', async () => {
    const { breaker, clock } = breakerWith({ probeTimeoutMs: 5_000 })
    fail(breaker)
    clock.pass(1_000)
    ;(() => breaker.acquire())()
    await collectGarbage()
    expect(() => breaker.check()).toThrow(BreakerOpenError)
    clock.pass(5_000)
    expect(breaker.state).toBe('open')

    clock.pass(2_000)
    ;(() => breaker.acquire().answered())()
    await collectGarbage()
    clock.pass(60_000)
    expect(breaker.state).toBe('half-open')
    succeed(breaker)
    expect(breaker.state).toBe('closed')
  })
})
