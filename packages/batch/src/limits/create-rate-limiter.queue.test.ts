import { describe, expect, it, vi } from 'vitest'
import { QueueFullError } from '../errors.ts'
import { RateLimitWaitError } from './errors.ts'
import { small, noted, most } from '../../test/rate-limiter.ts'

describe('the queue of a limiter', () => {
  it('is first come, first served within a priority, small or large', async () => {
    const { limiter } = noted({ tokensPerMinute: 60_000, safety: 1 })
    const order: string[] = []
    const ask = (name: string, input: number, priority = 0): void =>
      void limiter.acquire({ input, output: 0 }, { priority }).then(() => order.push(name))
    ask('first', 1_000)
    ask('large', 20_000)
    ask('small', 10)
    ask('urgent', 10, 1)
    await vi.advanceTimersByTimeAsync(60_000)
    expect(order).toEqual(['first', 'urgent', 'large', 'small'])
  })

  it('rejects an aborted acquire at once with the signal’s own reason, and lets the next one continue', async () => {
    const { limiter, starts, ask, errors } = noted({ tokensPerMinute: 60_000, safety: 1 })
    const controller = new AbortController()
    const add = vi.spyOn(controller.signal, 'addEventListener')
    const remove = vi.spyOn(controller.signal, 'removeEventListener')
    ask({ input: 900, output: 0 })
    ask({ input: 1_000, output: 0 }, { signal: controller.signal })
    ask({ input: 100, output: 0 })
    await vi.advanceTimersByTimeAsync(0)
    expect(starts).toHaveLength(1)
    const reason = new Error('enough')
    controller.abort(reason)
    await vi.advanceTimersByTimeAsync(0)
    expect(errors).toEqual([reason])
    expect(starts).toEqual([0, 0])
    expect(limiter.stats().waiting).toBe(0)
    expect([add.mock.calls.length, remove.mock.calls.length]).toEqual([1, 1])
    await expect(limiter.acquire(small, { signal: controller.signal })).rejects.toBe(reason)
  })

  it('holds maxQueue acquires, and rejects more with QueueFullError', async () => {
    const { errors, askFor, limiter } = noted({ requestsPerMinute: 60, maxQueue: 2 })
    askFor(4)
    await vi.advanceTimersByTimeAsync(0)
    expect(errors).toMatchObject([{ code: 'queue_full', queuedItems: 2 }])
    expect(QueueFullError.is(errors[0])).toBe(true)
    expect((errors[0] as Error).message).toContain('raise maxQueue')
    expect(limiter.stats()).toMatchObject({ waiting: 2, refused: 1 })
  })

  it('rejects at once what would wait longer than maxWaitMs', async () => {
    const { errors, askFor } = noted({ requestsPerMinute: 60, safety: 1, maxWaitMs: 2_000 })
    askFor(4)
    await vi.advanceTimersByTimeAsync(0)
    expect(errors).toMatchObject([{ code: 'rate_limit_wait', waitMs: 3_000, maxWaitMs: 2_000 }])
    expect(RateLimitWaitError.is(errors[0])).toBe(true)
  })

  it('rejects what has waited maxWaitMs after a 429 in between', async () => {
    const { starts, leases, errors, askFor } = noted({ requestsPerMinute: 60, safety: 1, maxWaitMs: 2_000 })
    askFor(2)
    await vi.advanceTimersByTimeAsync(0)
    leases[0]?.settle({ status: 429, retryAfterMs: 60_000 })
    await vi.advanceTimersByTimeAsync(1_999)
    expect(errors).toEqual([])
    await vi.advanceTimersByTimeAsync(1)
    expect(errors).toMatchObject([{ code: 'rate_limit_wait', waitMs: 58_000 }])
    expect(starts).toHaveLength(1)
  })

  it('has at most one timer, and none when it is empty', async () => {
    const { ask, askFor, limiter } = noted({
      requestsPerMinute: 600,
      tokensPerMinute: 60_000,
      maxWaitMs: 60_000,
    })
    expect(vi.getTimerCount()).toBe(0)
    const controller = new AbortController()
    askFor(30)
    ask(small, { signal: controller.signal })
    await vi.advanceTimersByTimeAsync(500)
    expect(vi.getTimerCount()).toBe(1)
    controller.abort('enough')
    await vi.advanceTimersByTimeAsync(10_000)
    expect(limiter.stats().waiting).toBe(0)
    expect(vi.getTimerCount()).toBe(0)
  })
})

describe('waitMs', () => {
  it('predicts the wait of a request, including all that is waiting already', async () => {
    const { limiter, starts, askFor } = noted({ requestsPerMinute: 60, safety: 1 })
    expect(limiter.waitMs(small)).toBe(0)
    askFor(5)
    expect(limiter.waitMs(small)).toBe(5_000)
    const asked = Date.now()
    askFor(1)
    await vi.advanceTimersByTimeAsync(5_000)
    expect(starts.at(-1)).toBe(Date.now() - asked)
  })
})

describe('the clock of a limiter', () => {
  it('may step back an hour without a stall or a burst', async () => {
    let offset = 0
    const clock = { now: () => Date.now() + offset }
    const { starts, leases, askFor } = noted({ requestsPerMinute: 600, clock })
    askFor(200)
    await vi.advanceTimersByTimeAsync(5_000)
    offset = -3_600_000
    await vi.advanceTimersByTimeAsync(5_000)
    leases[0]?.settle({ status: 429, retryAfterMs: 1_000 })
    offset = -7_200_000
    await vi.advanceTimersByTimeAsync(5_000)
    expect(most(starts, 1_000)).toBe(10)
    expect(starts.length).toBeGreaterThan(130)
  })

  it('is used for waiting if it has a sleep of its own', async () => {
    let now = 0
    const sleeps: { ms: number; wake: () => void }[] = []
    const clock = {
      now: () => now,
      sleep: (ms: number) => new Promise<void>((wake) => void sleeps.push({ ms, wake })),
    }
    const { starts, askFor } = noted({ requestsPerMinute: 60, safety: 1, clock })
    askFor(2)
    await vi.advanceTimersByTimeAsync(0)
    expect(sleeps.map(({ ms }) => ms)).toEqual([1_000])
    expect(vi.getTimerCount()).toBe(0)
    now = 1_000
    sleeps[0]?.wake()
    await vi.advanceTimersByTimeAsync(0)
    expect(starts).toHaveLength(2)
  })
})

describe('tryAcquire', () => {
  it('grants a lease at once or not at all, and its cancel releases it', async () => {
    const { limiter, starts, ask } = noted({ requestsPerMinute: 60, burstMs: 1_000, safety: 1 })
    const lease = limiter.tryAcquire(small)
    expect(lease).toBeDefined()
    expect(limiter.stats()).toMatchObject({ granted: 1, inFlight: 1, waiting: 0, refused: 0 })
    expect(limiter.tryAcquire(small)).toBeUndefined()
    lease?.cancel()
    expect(limiter.tryAcquire(small)).toBeDefined()
    ask()
    await vi.advanceTimersByTimeAsync(1_000)
    expect(starts).toEqual([1_000])
  })

  it('overtakes no waiting acquire, unless its priority is higher', async () => {
    const { limiter, starts, ask } = noted({ requestsPerMinute: 60, burstMs: 1_000, safety: 1 })
    limiter.tryAcquire(small)
    ask({ input: 1, output: 0 })
    await vi.advanceTimersByTimeAsync(999)
    expect(limiter.tryAcquire(small)).toBeUndefined()
    expect(starts).toEqual([])
    await vi.advanceTimersByTimeAsync(1)
    expect(starts).toEqual([1_000])
    await vi.advanceTimersByTimeAsync(1_000)
    expect(limiter.tryAcquire(small, { priority: 1 })).toBeDefined()
  })

  it('returns undefined for a cost that could never start, and rejects nonsense by name', () => {
    const { limiter } = noted({ tokensPerMinute: 10 })
    expect(limiter.tryAcquire({ input: 11, output: 0 })).toBeUndefined()
    expect(() => limiter.tryAcquire({ input: -1, output: 0 })).toThrow('cost.input')
    expect(() => limiter.tryAcquire(small, { priority: NaN })).toThrow('priority')
  })
})
