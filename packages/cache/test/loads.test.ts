import { getEventListeners } from 'node:events'
import { describe, expect, it, vi } from 'vitest'
import { createCache } from '../src/index.ts'
import { Origin, pass, watch, withFakeTime } from './harness.ts'

withFakeTime()

const down = (): Error => Object.assign(new Error('down'), { status: 503 })

describe('single-flight', () => {
  it('runs one load for 1,000 concurrent misses', async () => {
    const cache = createCache<string>()
    const origin = new Origin<string>()
    const calls = Array.from({ length: 1_000 }, () => cache.load('key', origin.load))
    await pass(0)
    origin.answer('value')
    const loaded = await Promise.all(calls)
    expect(origin.calls).toBe(1)
    expect(new Set(loaded.map(({ value }) => value))).toEqual(new Set(['value']))
    expect(loaded.filter(({ status }) => status === 'miss')).toHaveLength(1)
    expect(loaded.filter(({ status }) => status === 'shared')).toHaveLength(999)
    expect(cache.stats()).toMatchObject({ misses: 1, shared: 999, hits: 0, loads: 1, inFlight: 0 })
    expect(await cache.load('key', origin.load)).toMatchObject({
      status: 'hit',
      source: 'near',
      value: 'value',
    })
  })

  it('rejects 1,000 concurrent calls with the error of one failed load', async () => {
    const cache = createCache<string>()
    const origin = new Origin<string>()
    const calls = Array.from({ length: 1_000 }, () => cache.getOrLoad('key', origin.load))
    await pass(0)
    const error = down()
    origin.fail(error)
    const settled = await Promise.allSettled(calls)
    expect(origin.calls).toBe(1)
    expect(
      new Set(settled.map((one) => (one.status === 'rejected' ? (one.reason as unknown) : 'fulfilled'))),
    ).toEqual(new Set([error]))
    // The next call loads again: without negativeTtlMs a failure is not remembered.
    const next = cache.getOrLoad('key', origin.load)
    await pass(0)
    origin.answer('well')
    expect(await next).toBe('well')
  })

  it('goes on when one of three callers aborts, with its own signal and the latest deadline of its callers', async () => {
    const cache = createCache<string>({ clock: { now: () => Date.now() } })
    const origin = new Origin<string>()
    const controller = new AbortController()
    let deadlines: () => number = () => NaN
    const load = (context: { signal: AbortSignal; deadlineAt: number }): Promise<string> => {
      deadlines = () => context.deadlineAt
      return origin.load(context)
    }
    const start = Date.now()
    const first = watch(cache.getOrLoad('key', load, { signal: controller.signal, timeoutMs: 900 }))
    const second = watch(cache.getOrLoad('key', load, { timeoutMs: 300 }))
    const third = watch(cache.getOrLoad('key', load, { timeoutMs: 500 }))
    await pass(0)
    expect(origin.signals[0]).not.toBe(controller.signal)
    expect(deadlines() - start).toBeCloseTo(900, 3)

    const reason = new Error('gone')
    controller.abort(reason)
    await pass(0)
    expect(first).toMatchObject({ settled: true, error: reason })
    expect(origin.signals[0]?.aborted).toBe(false)
    expect(deadlines() - start).toBeCloseTo(500, 3)

    await pass(300)
    expect(second.error).toMatchObject({ name: 'TimeoutError' })
    expect(origin.signals[0]?.aborted).toBe(false)
    await pass(150)
    origin.answer('value')
    await pass(0)
    expect(third).toEqual({ settled: true, value: 'value' })
    expect(origin.calls).toBe(1)
    expect(vi.getTimerCount()).toBe(0)
    expect(getEventListeners(controller.signal, 'abort')).toHaveLength(0)
  })

  it('aborts the load when all callers have aborted, and loads again for the next caller', async () => {
    const cache = createCache<string>()
    const origin = new Origin<string>()
    const one = new AbortController()
    const other = new AbortController()
    const calls = [one, other].map(({ signal }) => watch(cache.getOrLoad('key', origin.load, { signal })))
    await pass(0)
    one.abort(new Error('one left'))
    expect(origin.signals[0]?.aborted).toBe(false)
    const reason = new Error('the last one left')
    other.abort(reason)
    expect(origin.signals[0]).toMatchObject({ aborted: true, reason })
    const next = cache.getOrLoad('key', origin.load)
    await pass(0)
    // The late result of the aborted load is ignored, and not cached.
    origin.answer('late', 0)
    await pass(0)
    origin.answer('fresh', 1)
    expect(await next).toBe('fresh')
    expect(calls.map(({ error }) => (error as Error).message)).toEqual(['one left', 'the last one left'])
    expect((await cache.get('key'))?.value).toBe('fresh')
    await cache.idle()
  })

  it('returns the value to its callers even if its entry is evicted at once', async () => {
    const cache = createCache<string>({ maxEntries: 4 })
    const origins = Array.from({ length: 8 }, () => new Origin<string>())
    const calls = origins.map((origin, at) => cache.getOrLoad(`key-${at}`, origin.load))
    await pass(0)
    for (const [at, origin] of origins.entries()) origin.answer(`value-${at}`)
    expect(await Promise.all(calls)).toEqual(origins.map((_, at) => `value-${at}`))
    expect(origins.flatMap(({ signals }) => signals).some(({ aborted }) => aborted)).toBe(false)
    expect(cache.stats()).toMatchObject({ entries: 4, evictions: 4 })
  })

  it('does not cache a result that was deleted, cleared or invalidated by tag during the load', async () => {
    const cache = createCache<string>()
    const invalidations = {
      delete: () => cache.delete('key'),
      tag: () => cache.invalidateTag('fish'),
      clear: () => cache.clear(),
    }
    for (const [name, act] of Object.entries(invalidations)) {
      const origin = new Origin<string>()
      const call = cache.load('key', origin.load, { tags: ['fish'] })
      await pass(0)
      await act()
      // A call after the invalidation must not join the earlier load.
      const later = cache.load('key', origin.load, { tags: ['fish'] })
      await pass(0)
      origin.answer('old', 0)
      expect(await call, name).toMatchObject({ value: 'old', stored: 'invalidated' })
      expect(await cache.get('key'), name).toBeUndefined()
      origin.answer('new', 1)
      expect(await later, name).toMatchObject({ value: 'new', stored: true, status: 'miss' })
      await cache.delete('key')
    }
    expect(cache.stats().refused).toEqual({ invalidated: 3 })
  })

  it('does not cache a result whose own tag was invalidated during the load', async () => {
    const cache = createCache<string>()
    const origin = new Origin<string>()
    const call = cache.load('key', async (context) => {
      const value = await origin.load(context)
      context.cacheFor({ tags: ['late'] })
      return value
    })
    await pass(0)
    await cache.invalidateTag('late')
    origin.answer('old')
    expect(await call).toMatchObject({ stored: 'invalidated' })
  })

  it('returns copies of objects, so that a caller cannot change the next hit; bytes are shared', async () => {
    const cache = createCache<{ list: number[] }>()
    const load = async (): Promise<{ list: number[] }> => ({ list: [1] })
    const [first, second] = await Promise.all([cache.getOrLoad('key', load), cache.getOrLoad('key', load)])
    first.list.push(2)
    second.list.push(3)
    const hit = await cache.getOrLoad('key', load)
    expect(hit).toEqual({ list: [1] })
    hit.list.push(4)
    expect(await cache.getOrLoad('key', load)).toEqual({ list: [1] })
    expect(first.list).toEqual([1, 2])

    const bytes = createCache<Uint8Array>()
    const content = new Uint8Array([1, 2, 3])
    await bytes.set('key', content)
    expect((await bytes.get('key'))?.value).toBe(content)
  })
})

describe('a stale entry', () => {
  it('is served while the origin is down, with one refresh per backoff', async () => {
    const errors: unknown[] = []
    const cache = createCache<string>({
      ttlMs: 1_000,
      ttlJitter: 0,
      staleWhileRevalidateMs: 100_000,
      refreshBackoffMs: 5_000,
      onError: (error) => errors.push(error),
    })
    await cache.set('key', 'stale')
    await pass(1_001)
    const load = vi.fn(async (): Promise<string> => {
      throw down()
    })
    const reasons: string[] = []
    for (let round = 0; round < 20; round++) {
      const { value, status, reason } = await cache.load('key', load)
      expect([value, status]).toEqual(['stale', 'stale'])
      reasons.push(reason)
      await pass(500)
    }
    expect(load).toHaveBeenCalledTimes(2)
    expect(reasons.filter((reason) => reason === 'revalidating')).toHaveLength(2)
    expect(reasons.filter((reason) => reason === 'backing-off')).toHaveLength(18)
    expect(errors).toHaveLength(2)
    expect(cache.stats()).toMatchObject({ stale: 20, refreshes: 2, loadFailures: 2 })
    load.mockResolvedValueOnce('new')
    await pass(5_000)
    await cache.getOrLoad('key', load)
    await pass(0)
    expect(await cache.load('key', load)).toMatchObject({ value: 'new', status: 'hit' })
    expect(vi.getTimerCount()).toBe(0)
  })

  it('is refreshed again at once after an error that concerned one caller only', async () => {
    const errors: unknown[] = []
    const cache = createCache<string>({
      ttlMs: 1_000,
      ttlJitter: 0,
      staleWhileRevalidateMs: 100_000,
      refreshBackoffMs: 5_000,
      negativeTtlMs: 5_000,
      onError: (error) => errors.push(error),
    })
    const own = new Error('this caller may not')
    const rememberFailureIf = (error: unknown): boolean => error !== own
    const failing = async (): Promise<string> => {
      throw own
    }
    await expect(cache.load('other', failing, { rememberFailureIf })).rejects.toBe(own)
    expect(await cache.load('other', async () => 'new')).toMatchObject({ value: 'new', status: 'miss' })
    await cache.set('key', 'stale')
    await pass(1_001)
    await cache.load('key', failing, { rememberFailureIf })
    await pass(0)
    expect(await cache.load('key', async () => 'new')).toMatchObject({
      value: 'stale',
      reason: 'revalidating',
    })
    await pass(0)
    expect(await cache.load('key', failing)).toMatchObject({ value: 'new', status: 'hit' })
    expect(cache.stats().loadFailures).toBe(2)
    // A rule that throws forgets no error.
    const broken = (): boolean => {
      throw new Error('broken rule')
    }
    await expect(cache.load('third', failing, { rememberFailureIf: broken })).rejects.toBe(own)
    await expect(cache.load('third', async () => 'new')).rejects.toBe(own)
    expect(errors).toEqual([own, new Error('broken rule')])
  })

  it('is served within staleIfErrorMs when the load fails, unless the status is 400', async () => {
    const cache = createCache<string>({
      ttlMs: 1_000,
      ttlJitter: 0,
      staleIfErrorMs: 10_000,
      refreshBackoffMs: 2_000,
    })
    await cache.set('key', 'stale')
    await pass(1_500)
    const error = down()
    const failing = vi.fn(async (): Promise<string> => {
      throw error
    })
    expect(await cache.load('key', failing)).toMatchObject({
      value: 'stale',
      status: 'stale',
      reason: 'load-failed',
      source: 'near',
      ageMs: 1_500,
      error,
    })
    expect(await cache.load('key', failing)).toMatchObject({ status: 'stale', reason: 'backing-off', error })
    expect(failing).toHaveBeenCalledTimes(1)
    await pass(2_000)
    const wrong = Object.assign(new Error('bad request'), { status: 400 })
    await expect(
      cache.load('key', async () => {
        throw wrong
      }),
    ).rejects.toBe(wrong)
    // The backoff does not hide it from the next call, either.
    await expect(
      cache.load('key', async () => {
        throw wrong
      }),
    ).rejects.toBe(wrong)
    await pass(10_000)
    await expect(cache.load('key', failing)).rejects.toBe(error)
  })
})
