import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { ConcurrencyLease, ConcurrencyLimit } from './contracts.ts'
import { createConcurrencyLimit, type ConcurrencyLimitOptions } from './create-concurrency-limit.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

const take = (limit: ConcurrencyLimit, times: number): Promise<ConcurrencyLease[]> =>
  Promise.all(Array.from({ length: times }, () => limit.acquire()))

/** A provider that answers after `latencyMs`, and quickly refuses requests beyond `knee` at once. */
function provider(knee: number, latencyMs: () => number) {
  let inFlight = 0
  const call = async (): Promise<{ overloaded: boolean }> => {
    inFlight++
    const overloaded = inFlight > knee
    await new Promise((resolve) => setTimeout(resolve, overloaded ? 20 : latencyMs()))
    inFlight--
    return { overloaded }
  }
  return call
}

describe('the adaptive limit', () => {
  it('settles within 20–60 given overload above 40 in flight, whatever the latency', async () => {
    let draw = 0
    // Answers of very different length: a limit that uses latency would take the long ones for overload.
    const latencies = [100, 4_000, 300, 900, 2_000, 150]
    const call = provider(40, () => latencies[draw++ % latencies.length] ?? 0)
    const limit = createConcurrencyLimit()
    const work = async (): Promise<void> => {
      for (;;) {
        const lease = await limit.acquire()
        lease.settle(await call())
      }
    }
    for (let caller = 0; caller < 200; caller++) void work()
    await vi.advanceTimersByTimeAsync(60_000)
    const seen: number[] = []
    for (let second = 0; second < 120; second++) {
      await vi.advanceTimersByTimeAsync(1_000)
      seen.push(limit.limit)
    }
    expect(Math.min(...seen)).toBeGreaterThanOrEqual(20)
    expect(Math.max(...seen)).toBeLessThanOrEqual(60)
    const { overloaded, granted } = limit.stats()
    expect(overloaded / granted).toBeLessThan(0.05)
    vi.clearAllTimers()
  })

  it('is cut once by 64 simultaneous 429s', async () => {
    const limit = createConcurrencyLimit({ initial: 64 })
    for (const lease of await take(limit, 64)) lease.settle({ overloaded: true })
    expect(limit.stats()).toMatchObject({ limit: 44, cuts: 1, overloaded: 64, inFlight: 0 })
    const [next] = await take(limit, 44)
    next?.settle({ overloaded: true })
    expect(limit.stats()).toMatchObject({ cuts: 2, limit: 30 })
  })

  it('rises by one for each success until the first overload: it doubles in each round trip', async () => {
    const limit = createConcurrencyLimit({ initial: 4 })
    const open = await take(limit, 4)
    const work = async (): Promise<void> => void open.push(await limit.acquire())
    for (let caller = 0; caller < 100; caller++) void work()
    const round = async (): Promise<number> => {
      for (const lease of open.splice(0)) lease.settle({ overloaded: false })
      await vi.advanceTimersByTimeAsync(0)
      return open.length
    }
    // The first two of the first four successes do not count: at most half of the slots were in use.
    expect([await round(), await round(), await round()]).toEqual([6, 12, 24])
  })

  it('rises by about one per round trip after an overload', async () => {
    const limit = createConcurrencyLimit({ initial: 20 })
    const leases = await take(limit, 20)
    for (const [index, lease] of leases.entries()) lease.settle({ overloaded: index === 0 })
    expect(limit.limit).toBe(14)
    for (let round = 0; round < 10; round++) {
      for (const lease of await take(limit, limit.limit)) lease.settle({ overloaded: false })
    }
    expect(limit.limit).toBeGreaterThan(16)
    expect(limit.limit).toBeLessThanOrEqual(24)
  })

  it('recovers to what worked before within a few round trips after an outage', async () => {
    const limit = createConcurrencyLimit({ initial: 64 })
    for (let round = 0; round < 20; round++) {
      for (const lease of await take(limit, limit.limit)) lease.settle({ overloaded: true })
    }
    expect(limit.limit).toBe(1)
    const seen: number[] = []
    for (let round = 0; round < 11; round++) {
      for (const lease of await take(limit, limit.limit)) lease.settle({ overloaded: false })
      seen.push(limit.limit)
    }
    expect(seen.at(-1)).toBeGreaterThanOrEqual(44)
    expect(limit.limit).toBeLessThanOrEqual(46)
  })

  it('adapts after a million calls as it does after one', async () => {
    const limit = createConcurrencyLimit({ initial: 4, max: 8 })
    for (let call = 0; call < 1_000_000; call++)
      limit.tryAcquire()?.settle({ overloaded: call % 1_000 === 0 })
    expect(limit.limit).toBeGreaterThanOrEqual(1)
    expect(limit.stats()).toMatchObject({ inFlight: 0, granted: 1_000_000, overloaded: 1_000 })
    expect(await take(limit, limit.limit)).toHaveLength(limit.limit)
    expect(limit.tryAcquire()).toBeUndefined()
  })

  it('does not grow while idle, nor while few slots are in use', async () => {
    const limit = createConcurrencyLimit({ initial: 10 })
    for (let call = 0; call < 500; call++) {
      const leases = await take(limit, 4)
      for (const lease of leases) lease.settle({ overloaded: false })
    }
    await vi.advanceTimersByTimeAsync(3_600_000)
    expect(limit.limit).toBe(10)
  })

  it('stays between min and max', async () => {
    const limit = createConcurrencyLimit({ initial: 6, min: 5, max: 8 })
    for (let round = 0; round < 5; round++) {
      for (const lease of await take(limit, limit.limit)) lease.settle({ overloaded: false })
    }
    expect(limit.limit).toBe(8)
    for (let round = 0; round < 5; round++) {
      const leases = await take(limit, limit.limit)
      for (const lease of leases) lease.settle({ overloaded: true })
    }
    expect(limit.limit).toBe(5)
  })

  it('is cut in proportion to the slots in use, not to the limit', async () => {
    const limit = createConcurrencyLimit({ initial: 100 })
    const [lease] = await take(limit, 10)
    lease?.settle({ overloaded: true })
    expect(limit.limit).toBe(7)
  })

  it('learns nothing from a cancelled slot, and counts each outcome once', async () => {
    const limit = createConcurrencyLimit({ initial: 1, max: 4 })
    const [lease] = await take(limit, 1)
    lease?.cancel()
    lease?.settle({ overloaded: false })
    lease?.settle({ overloaded: true })
    expect(limit.stats()).toEqual({ limit: 1, inFlight: 0, waiting: 0, granted: 1, overloaded: 0, cuts: 0 })
  })
})

describe('a caller that waits for a slot', () => {
  it('gets it first come, first served, and not while more are in flight than allowed', async () => {
    const limit = createConcurrencyLimit({ initial: 2, max: 2 })
    const order: number[] = []
    const leases = await take(limit, 2)
    for (const name of [1, 2, 3]) void limit.acquire().then(() => order.push(name))
    expect(limit.stats().waiting).toBe(3)
    leases[0]?.settle({ overloaded: true }) // The limit is 1 now, and one is in flight.
    await vi.advanceTimersByTimeAsync(0)
    expect(order).toEqual([])
    leases[1]?.settle({ overloaded: false })
    await vi.advanceTimersByTimeAsync(0)
    expect(order).toEqual([1])
  })

  it('is never overtaken by tryAcquire, which gets a slot at once or not at all', async () => {
    const limit = createConcurrencyLimit({ initial: 1, max: 1 })
    const slot = limit.tryAcquire()
    expect(slot).toBeDefined()
    expect(limit.tryAcquire()).toBeUndefined()
    const waiting = limit.acquire()
    slot?.settle({ overloaded: false })
    expect(limit.tryAcquire()).toBeUndefined()
    ;(await waiting).cancel()
    expect(limit.tryAcquire()).toBeDefined()
    expect(limit.stats()).toMatchObject({ granted: 3, inFlight: 1, waiting: 0 })
  })

  it('rejects at once when its signal aborts, with the reason, and leaves no listener', async () => {
    const limit = createConcurrencyLimit({ initial: 1, max: 1 })
    const [lease] = await take(limit, 1)
    const controller = new AbortController()
    const remove = vi.spyOn(controller.signal, 'removeEventListener')
    const reason = new Error('enough')
    const waiting = limit.acquire(controller.signal)
    const next = limit.acquire()
    controller.abort(reason)
    await expect(waiting).rejects.toBe(reason)
    expect(remove).toHaveBeenCalledTimes(1)
    await expect(limit.acquire(controller.signal)).rejects.toBe(reason)
    lease?.settle({ overloaded: false })
    await next
    expect(limit.stats()).toMatchObject({ inFlight: 1, waiting: 0 })
  })
})

it.each([
  [{ initial: 0 }, 'initial must be a whole number of at least 1, got 0'],
  [{ minimum: 2 }, 'unknown option minimum; did you mean min?'],
  [{ min: 9, max: 8 }, 'min must be at most max (8), got 9'],
  [{ initial: 9, max: 8 }, 'initial must be from min (1) to max (8), got 9'],
])('createConcurrencyLimit rejects %j', (options, message) => {
  expect(() => createConcurrencyLimit(options as ConcurrencyLimitOptions)).toThrow(new TypeError(message))
})

it('createConcurrencyLimit has defaults that fit the options given', () => {
  expect(createConcurrencyLimit().limit).toBe(8)
  expect(createConcurrencyLimit({ max: 3 }).limit).toBe(3)
  expect(createConcurrencyLimit({ min: 300 }).limit).toBe(300)
  expect(createConcurrencyLimit({ initial: 500 }).limit).toBe(500)
})
