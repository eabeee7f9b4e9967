import { describe, expect, it, vi } from 'vitest'
import { BreakerOpenError, consecutive, type Permit } from '../src/index.ts'
import { breakerWith, deferred, down, fail, succeed, thrownBy } from './harness.ts'

describe('a half-open breaker', () => {
  it.each([1, 3])(
    'lets exactly %i of many calls in one tick through, and rejects the others at once',
    async (probes) => {
      const { breaker, clock } = breakerWith({ probes })
      fail(breaker)
      clock.pass(1_000)
      const gate = deferred()
      const operation = vi.fn(() => gate.promise)
      const calls = Array.from({ length: 20 }, () => breaker.run(operation))
      expect(operation).toHaveBeenCalledTimes(probes)

      const refused = await Promise.allSettled(calls.slice(probes))
      expect(refused.every((call) => call.status === 'rejected' && BreakerOpenError.is(call.reason))).toBe(
        true,
      )
      expect(thrownBy(() => breaker.acquire())).toMatchObject({
        state: 'half-open',
        retryAfterMs: 0,
        cause: down,
      })

      gate.resolve('fine')
      await Promise.all(calls.slice(0, probes))
      expect(breaker.state).toBe('closed')
    },
  )

  it('opens again when a probe does not settle within probeTimeoutMs, and lets another probe through later', () => {
    const { breaker, clock } = breakerWith({ probeTimeoutMs: 5_000 })
    fail(breaker)
    clock.pass(1_000)
    const lost = breaker.acquire()
    clock.pass(4_999)
    expect(breaker.state).toBe('half-open')
    clock.pass(1)
    expect(breaker.state).toBe('open')
    expect(breaker.retryAfterMs).toBe(2_000)

    lost.succeed()
    expect(breaker.state).toBe('open')
    clock.pass(2_000)
    succeed(breaker)
    expect(breaker.state).toBe('closed')
  })

  it('dates a time-based transition when it was due, whenever the state is read', () => {
    const { breaker, clock } = breakerWith({ probeTimeoutMs: 5_000 })
    fail(breaker)
    clock.pass(1_000)
    breaker.acquire()
    clock.pass(5_500)
    expect(breaker.retryAfterMs).toBe(1_500)
    clock.pass(1_500)
    breaker.acquire()
    clock.pass(60_000)
    expect(breaker.state).toBe('half-open')
    breaker.check()
  })

  it('ignores a call that was started while closed and ends later', () => {
    const { breaker, clock } = breakerWith({ probes: 2 })
    const old = Array.from({ length: 8 }, () => breaker.acquire())
    const end = (): void => {
      old.pop()?.succeed()
      old.pop()?.fail(down)
    }
    fail(breaker)
    end()
    expect(breaker.retryAfterMs).toBe(1_000)

    clock.pass(1_000)
    const probe = breaker.acquire()
    end()
    expect(breaker.state).toBe('half-open')
    expect(breaker.counts().successes).toBe(0)
    succeed(breaker)
    expect(thrownBy(() => breaker.check())).toMatchObject({ state: 'half-open' })
    probe.succeed()

    expect(breaker.state).toBe('closed')
    end()
    expect(breaker.state).toBe('closed')
    expect(breaker.counts().calls).toBe(0)
  })

  it.each<[string, (permit: Permit) => void]>([
    ['ends without a verdict', (permit) => permit.release()],
    ['is aborted by its caller', (permit) => permit.fail(new DOMException('gone', 'AbortError'))],
    ['is judged ignore', (permit) => permit.fail('ignored')],
  ])('frees the slot of a probe that %s, stays half-open, and lets the next call through', (_, end) => {
    const { breaker, clock } = breakerWith({
      judge: (outcome) => (outcome.ok ? 'success' : outcome.error === down ? 'failure' : 'ignore'),
    })
    fail(breaker)
    clock.pass(1_000)
    end(breaker.acquire())
    expect(breaker.state).toBe('half-open')
    const next = breaker.acquire()
    expect(() => breaker.check()).toThrow(BreakerOpenError)
    next.succeed()
    expect(breaker.state).toBe('closed')
  })

  it('opens at once when the first of three probes fails, and closes with new counts when all succeed', () => {
    const { breaker, clock } = breakerWith({ probes: 3, trip: consecutive(2) })
    fail(breaker, 2)
    clock.pass(1_000)
    const [first, second, third] = [breaker.acquire(), breaker.acquire(), breaker.acquire()]
    second.fail(down)
    expect(breaker.state).toBe('open')
    first.succeed()
    third.succeed()
    expect(breaker.state).toBe('open')

    clock.pass(2_000)
    succeed(breaker, 2)
    expect(breaker.state).toBe('half-open')
    expect(breaker.counts()).toEqual({ calls: 2, successes: 2, failures: 0, slow: 0 })
    succeed(breaker)
    expect(breaker.state).toBe('closed')
    expect(breaker.counts()).toEqual({ calls: 0, successes: 0, failures: 0, slow: 0 })
    fail(breaker)
    expect(breaker.state).toBe('closed')
  })

  it('does not apply probeTimeoutMs to a probe that was answered, and counts its later result', () => {
    for (const [end, state] of [
      [(permit: Permit) => permit.succeed(), 'closed'],
      [(permit: Permit) => permit.fail(down), 'open'],
    ] as const) {
      const { breaker, clock } = breakerWith({ probeTimeoutMs: 5_000 })
      fail(breaker)
      clock.pass(1_000)
      const probe = breaker.acquire()
      clock.pass(4_000)
      probe.answered()
      clock.pass(3_600_000)
      expect(breaker.state).toBe('half-open')
      expect(() => breaker.check()).toThrow(BreakerOpenError)
      end(probe)
      expect(breaker.state).toBe(state)
    }
  })

  it('ignores a probe that was answered too late', () => {
    const { breaker, clock } = breakerWith({ probeTimeoutMs: 5_000 })
    fail(breaker)
    clock.pass(1_000)
    const probe = breaker.acquire()
    clock.pass(5_000)
    probe.answered()
    probe.succeed()
    expect(breaker.state).toBe('open')
  })
})
