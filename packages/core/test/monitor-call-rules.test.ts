import { describe, expect, it } from 'vitest'
import { always, codes, MiB, only, quota, type SampleValues, windowOf } from './helpers/monitor-window.ts'

describe('limits-saturated', () => {
  it('is given when calls wait for a limit, and names the tightest', () => {
    const rate = {
      waiting: 6,
      limits: {
        requests: { limit: 600, windowMs: 60_000, available: 0, taken: 600, learned: false },
        tokens: { limit: 90_000, windowMs: 60_000, available: 50_000, taken: 40_000, learned: false },
      },
    }
    const advice = only(windowOf(() => ({ client: { limits: { 'openai/gpt-4': quota(rate) } } })))
    expect(advice).toMatchObject({
      code: 'limits-saturated',
      subject: 'openai/gpt-4',
      facts: { meanWaiting: 6 },
    })
    expect(advice?.message).toContain('The tightest: 600 requests in 60 s.')
  })

  it('names the pause that a provider asked for', () => {
    const paused = quota({ waiting: 1, pausedForMs: 4_000 })
    const advice = only(windowOf(() => ({ client: { limits: { g: paused } } })))
    expect(advice?.message).toContain('The tightest: a pause of 4.0 s that the provider asked for.')
  })

  it('names the concurrency if calls wait for that', () => {
    const concurrency = { limit: 8, inFlight: 8, waiting: 3, granted: 9, overloaded: 0, cuts: 0 }
    const advice = only(windowOf(() => ({ client: { limits: { g: quota({}, concurrency) } } })))
    expect(advice?.message).toContain('The tightest: `limits.maxConcurrency`, 8.')
  })

  it('is not given while no call waits', () => {
    expect(codes(windowOf(() => ({ client: { limits: { g: quota({ inFlight: 50 }) } } })))).toEqual([])
  })
})

describe('rate-limited-upstream', () => {
  const refusals = (share: number, limits: SampleValues['client'] = {}) =>
    windowOf((second) => ({
      client: { ...limits, attempts: second * 10, failures: { 'rate-limit': second * 10 * share } },
      origin: {},
    }))

  it('is given when 5 % of requests are refused, and advises to learn the limits', () => {
    const advice = only(refusals(0.2))
    expect(advice).toMatchObject({
      code: 'rate-limited-upstream',
      severity: 'warning',
      facts: { attempts: 600, refused: 120, requestsPerMinute: 480 },
    })
    expect(advice?.message).toContain('Give `limits: {}`')
  })

  it('advises the accepted rate if there are limits', () => {
    const advice = only(refusals(0.2, { limits: { g: quota({}) } }))
    expect(advice?.message).toContain('Set `limits.requestsPerMinute` to 480')
  })

  it('is not given for a few refusals', () => {
    expect(codes(refusals(0.03))).toEqual([])
    expect(codes(refusals(0.03), always)).toEqual(['rate-limited-upstream'])
  })
})

describe('cache-too-small', () => {
  const cache = (evicted: number, entries: (second: number) => number, hits = 5) =>
    windowOf((second) => ({
      cache: {
        hits: second * hits,
        misses: second * 5,
        stored: second * 5,
        evictions: second * evicted,
        entries: entries(second),
        bytes: 3 * MiB,
      },
    }))

  it('advises twice the entries when their number is at its limit', () => {
    const advice = only(cache(4, () => 1_000))
    expect(advice).toMatchObject({ code: 'cache-too-small', facts: { entries: 1_000, maxEntries: 2_000 } })
    expect(advice?.message).toContain('Raise `cache.maxEntries` from 1000 to 2000')
  })

  it('advises twice the bytes when the number of entries varies', () => {
    const advice = only(cache(4, (second) => 900 + second))
    expect(advice?.facts).toMatchObject({ maxBytes: 6 * MiB })
  })

  it('is not given for a few evictions, or when callers repeat no requests', () => {
    expect(codes(cache(0.2, () => 1_000))).toEqual([])
    expect(codes(cache(5, () => 1_000, 0))).toEqual(['cache-ineffective'])
  })
})

describe('cache-ineffective', () => {
  it('is given when the cache answers almost no call', () => {
    const advice = only(windowOf((second) => ({ cache: { misses: second * 10 } })))
    expect(advice).toMatchObject({ code: 'cache-ineffective', facts: { cacheable: 600, ratio: 0 } })
    expect(advice?.message).toContain('`cache.scope`')
  })

  it('is given when almost all calls bypass it', () => {
    const advice = only(windowOf((second) => ({ cache: { bypassed: second * 10, misses: second / 10 } })))
    expect(advice?.message).toContain("`cache.when: 'always'`")
  })

  it('is not given for a cache that answers calls, or for few calls', () => {
    expect(codes(windowOf((second) => ({ cache: { misses: second * 9, hits: second } })))).toEqual([])
    expect(codes(windowOf((second) => ({ cache: { misses: second } })))).toEqual([])
  })
})

describe('prefetch-wasteful', () => {
  const ahead = (useful: number, client: SampleValues['client'] = {}) =>
    windowOf((second) => ({
      client,
      cache: { prefetch: { loaded: second, useful: second * useful, wasted: 0 } },
    }))

  it('is given when less than 30 % were used', () => {
    const advice = only(ahead(0.1))
    expect(advice).toMatchObject({ code: 'prefetch-wasteful', facts: { loaded: 60, useful: 6 } })
    expect(advice?.message).toContain('`harbor.prefetch()`')
  })

  it('names the options of predictive prefetch if it is on', () => {
    const prefetch = {
      predicted: 0,
      begun: 0,
      skipped: { budget: 0, off: 0, late: 0 },
      failed: 0,
      inFlight: 0,
      precision: 0.1,
      on: true,
    }
    expect(only(ahead(0.1, { prefetch }))?.message).toContain('`prefetch.minConfidence`')
  })

  it('is not given above that, and stays active until 40 % are used', () => {
    expect(codes(ahead(0.35))).toEqual([])
    expect(codes(ahead(0.35), always)).toEqual(['prefetch-wasteful'])
    expect(codes(ahead(0.45), always)).toEqual([])
  })
})
