import { describe, expect, it, vi } from 'vitest'
import { createCache, createPrefetcher, MarkovPredictor, type Cache, type PrefetchJob } from '../src/index.ts'
import { bytes, Origin, pass, readAll, watch, withFakeTime } from './harness.ts'

withFakeTime()

const clock = { now: () => Date.now() }
const newCache = (): Cache<string> => createCache<string>({ clock, ttlJitter: 0, ttlMs: 10_000 })

async function* stream(...texts: string[]): AsyncGenerator<Uint8Array> {
  for (const text of texts) yield await Promise.resolve(bytes(text))
}

/** Requests keys in turn, as callers do, and reports them to the prefetcher. */
class Visitor {
  readonly loads: string[] = []
  readonly #cache: Cache<string>
  readonly #observe: (job: PrefetchJob<string>) => void
  readonly #scope: string | undefined

  constructor(cache: Cache<string>, observe: (job: PrefetchJob<string>) => void, scope?: string) {
    this.#cache = cache
    this.#observe = observe
    this.#scope = scope
  }

  async visit(...keys: string[]): Promise<string[]> {
    const statuses: string[] = []
    for (const key of keys) {
      const load = async (): Promise<string> => {
        this.loads.push(key)
        return key
      }
      const { status } = await this.#cache.load(key, load, { scope: this.#scope })
      statuses.push(status)
      this.#observe({ key, load, scope: this.#scope })
      await pass(1_000)
    }
    return statuses
  }
}

describe('a prefetcher', () => {
  it('respects its limits and waits for callers, counts useful and wasted loads, and pauses when its precision is too low', async () => {
    const cache = newCache()
    const prefetcher = createPrefetcher({ cache, clock, maxInFlight: 2, maxPerMinute: 3 })
    const next = new Map<string, string>()
    const predictor = { observe: () => undefined, predict: (_: string, key: string) => one(next.get(key)) }
    const one = (key: string | undefined): { key: string; confidence: number; support: number }[] =>
      key === undefined ? [] : key.split(' ').map((each) => ({ key: each, confidence: 1, support: 9 }))
    const limited = createPrefetcher({
      cache,
      clock,
      predictor,
      maxInFlight: 2,
      maxPerMinute: 3,
      usefulWithinMs: 5_000,
    })

    // Useful: the next answer is cached when it is requested.
    const visitor = new Visitor(cache, (job) => prefetcher.observe(job))
    for (let round = 0; round < 4; round++) {
      await visitor.visit('question', 'answer')
      await pass(20_000)
    }
    expect(await visitor.visit('question', 'answer')).toEqual(['miss', 'hit'])
    expect(cache.stats().prefetch).toEqual({ loaded: 2, useful: 2, wasted: 0 })

    // Limits: two at a time, three per minute.
    const origin = new Origin<string>()
    for (const key of ['a', 'b', 'c', 'd', 'e']) limited.observe({ key, load: origin.load })
    next.set('a', 'b c d')
    limited.observe({ key: 'a', load: origin.load })
    await pass(0)
    expect(origin.calls).toBe(2)
    expect(limited.stats()).toMatchObject({ predicted: 3, begun: 2, skipped: { budget: 1 }, inFlight: 2 })
    origin.answer('b', 0)
    origin.answer('c', 1)
    await pass(0)
    next.set('c', 'd e')
    limited.observe({ key: 'b', load: origin.load })
    await pass(6_000)
    limited.observe({ key: 'c', load: origin.load })
    await pass(0)
    expect(origin.calls).toBe(3)
    expect(limited.stats()).toMatchObject({ begun: 3, skipped: { budget: 2 } })
    origin.answer('d', 2)

    // Callers first: a prefetch waits until no caller waits for a load.
    await pass(60_000)
    const real = new Origin<string>()
    const call = watch(cache.load('real', real.load))
    await pass(0)
    next.set('e', 'a')
    limited.observe({ key: 'e', load: origin.load })
    await pass(1_000)
    expect(origin.calls).toBe(3)
    real.answer('real')
    await pass(0)
    expect(call.settled).toBe(true)
    expect(origin.calls).toBe(4)
    origin.answer('a', 3)
    await pass(20_000)

    // Wasted, until it pauses.
    const wrong = new Origin<string>()
    const wild = createPrefetcher({
      cache,
      clock,
      predictor,
      maxPerMinute: 1_000,
      maxInFlight: 100,
      usefulWithinMs: 5_000,
      minPrecision: 0.3,
    })
    const load = async (): Promise<string> => {
      wrong.signals.push(new AbortController().signal)
      return 'never requested'
    }
    for (let guess = 0; guess < 50; guess++) {
      next.set(`asked-${guess}`, `guess-${guess}`)
      wild.observe({ key: `guess-${guess}`, load })
      await pass(0)
      wild.observe({ key: `asked-${guess}`, load })
      await pass(5_000)
    }
    // Twenty must be settled before it is judged, and the one after them is open by then.
    expect(wrong.calls).toBe(20)
    expect(wild.stats()).toMatchObject({
      on: false,
      precision: 0,
      begun: 20,
      predicted: 50,
      skipped: { off: 30 },
    })
    await cache.clear()
    expect(cache.stats().prefetch.wasted).toBeGreaterThanOrEqual(20)

    // It goes on predicting, and begins again when its predictions come true.
    for (let guess = 0; guess < 50; guess++) {
      wild.observe({ key: `asked-${guess}`, load })
      await pass(0)
      wild.observe({ key: `guess-${guess}`, load })
      await pass(1_000)
    }
    expect(wild.stats()).toMatchObject({ on: true, precision: 0.5 })
    expect(wrong.calls).toBeGreaterThan(20)
  })

  it('prefetches only with enough support and confidence', async () => {
    const cache = newCache()
    const prefetcher = createPrefetcher({
      cache,
      clock,
      predictor: new MarkovPredictor({ sessionGapMs: 5_000 }),
      minSupport: 3,
      minConfidence: 0.61,
    })
    const visitor = new Visitor(cache, (job) => prefetcher.observe(job))
    for (const follower of ['x', 'x', 'y', 'y', 'x', 'y']) {
      await visitor.visit('start', follower)
      await pass(20_000)
    }
    expect(prefetcher.stats().predicted).toBe(0)
    for (let round = 0; round < 2; round++) {
      await visitor.visit('start', 'x')
      await pass(20_000)
    }
    expect(prefetcher.stats().predicted).toBe(0)
    // Five of eight.
    await visitor.visit('start')
    expect(prefetcher.stats()).toMatchObject({ predicted: 1, begun: 1 })
  })

  it('learns each scope separately', async () => {
    const cache = newCache()
    const prefetcher = createPrefetcher({ cache, clock })
    const a = new Visitor(cache, (job) => prefetcher.observe(job), 'a')
    const b = new Visitor(cache, (job) => prefetcher.observe(job), 'b')
    for (let round = 0; round < 5; round++) {
      await a.visit('one', 'two')
      await pass(20_000)
    }
    await b.visit('one')
    expect(cache.has('two', { scope: 'b' })).toBe(false)
    await a.visit('one')
    expect(cache.has('two', { scope: 'a' })).toBe(true)
    expect(prefetcher.stats()).toMatchObject({ failed: 0 })
  })

  it('aborts its loads when it is closed, and starts no more', async () => {
    const cache = newCache()
    const predictor = { observe: () => undefined, predict: () => [{ key: 'b', confidence: 1, support: 9 }] }
    const prefetcher = createPrefetcher({ cache, clock, predictor })
    const origin = new Origin<string>()
    prefetcher.observe({ key: 'b', load: origin.load })
    prefetcher.observe({ key: 'a', load: origin.load })
    await pass(0)
    prefetcher.close()
    await pass(0)
    expect(origin.signals.map(({ aborted }) => aborted)).toEqual([true])
    expect(prefetcher.stats().inFlight).toBe(0)
    prefetcher.observe({ key: 'a', load: origin.load })
    await pass(0)
    expect(origin.calls).toBe(1)
    expect(vi.getTimerCount()).toBe(0)
  })

  it('throws for an invalid observation', () => {
    const prefetcher = createPrefetcher({ cache: newCache(), clock })
    const job = (more: object): PrefetchJob<string> => ({ key: 'a', load: async () => 'a', ...more })
    expect(() => prefetcher.observe(job({ key: 5 }))).toThrow('key must be a string, got 5')
    expect(() => prefetcher.observe(job({ load: 'a' }))).toThrow('load must be a function, got a string')
    expect(() => prefetcher.observe(job({ ttl: 5 }))).toThrow('unknown option ttl; did you mean ttlMs?')
  })

  it('warns instead of throwing when a custom predictor throws', () => {
    const warning = vi.spyOn(process, 'emitWarning').mockImplementation(() => undefined)
    const predictor = {
      observe: () => {
        throw new Error('from the predictor')
      },
      predict: () => [],
    }
    createPrefetcher({ cache: newCache(), predictor }).observe({ key: 'a', load: async () => 'a' })
    expect(warning).toHaveBeenCalledTimes(1)
  })
})

describe('a prefetch list', () => {
  const jobs = (origin: Origin<string>, count: number): PrefetchJob<string>[] =>
    Array.from({ length: count }, (_, at) => ({ key: `key-${at}`, load: origin.load }))

  it('loads with limited concurrency, and skips what is cached', async () => {
    const cache = newCache()
    const origin = new Origin<string>()
    await cache.set('key-1', 'there')
    const report = watch(cache.prefetch(jobs(origin, 6), { concurrency: 2 }))
    await pass(0)
    expect(origin.calls).toBe(2)
    for (let call = 0; call < 5; call++) {
      if (call === 3) origin.fail(new Error('down'), call)
      else origin.answer('value', call)
      await pass(0)
    }
    expect(report.value).toEqual({ loaded: 4, present: 1, refused: 0, failed: 1, skipped: 0 })
    expect(cache.stats()).toMatchObject({ misses: 0, hits: 0, prefetch: { loaded: 4, useful: 0, wasted: 0 } })
    await cache.getOrLoad('key-0', origin.load)
    expect(cache.stats().prefetch).toEqual({ loaded: 4, useful: 1, wasted: 0 })
    await cache.clear()
    expect(cache.stats().prefetch).toEqual({ loaded: 4, useful: 1, wasted: 3 })
  })

  it('respects maxPerMinute, and ends when it is aborted', async () => {
    const cache = newCache()
    const controller = new AbortController()
    const load = vi.fn(async () => 'value')
    const list = Array.from({ length: 10 }, (_, at) => ({ key: `key-${at}`, load }))
    const report = watch(cache.prefetch(list, { maxPerMinute: 3, signal: controller.signal }))
    await pass(59_999)
    expect(load).toHaveBeenCalledTimes(3)
    await pass(1)
    expect(load).toHaveBeenCalledTimes(6)
    controller.abort(new Error('enough'))
    await pass(0)
    expect(report.value).toEqual({ loaded: 6, present: 0, refused: 0, failed: 0, skipped: 4 })
    expect(vi.getTimerCount()).toBe(0)
  })

  it('ends when the cache is closed, but callers that have joined a load get its answer', async () => {
    for (const options of [{}, { signal: new AbortController().signal }]) {
      const cache = newCache()
      const origin = new Origin<string>()
      const report = watch(cache.prefetch(jobs(origin, 4), { concurrency: 2, ...options }))
      await pass(0)
      const call = cache.getOrLoad('key-1', origin.load)
      await pass(0)
      await cache.close()
      await pass(0)
      expect(origin.signals.map(({ aborted }) => aborted)).toEqual([true, false])
      expect(report.value).toEqual({ loaded: 0, present: 0, refused: 0, failed: 2, skipped: 2 })
      origin.answer('value', 1)
      expect(await call).toBe('value')
    }
  })

  it('counts a load as useful if a caller joins it', async () => {
    const cache = newCache()
    const origin = new Origin<string>()
    const report = cache.prefetch([{ key: 'key', load: origin.load }])
    await pass(0)
    const call = cache.load('key', origin.load)
    await pass(0)
    origin.answer('value')
    expect(await call).toMatchObject({ status: 'shared', value: 'value' })
    expect(await report).toMatchObject({ loaded: 1 })
    expect(cache.stats().prefetch).toEqual({ loaded: 1, useful: 1, wasted: 0 })
  })

  it('counts prefetched recordings, too', async () => {
    const cache = newCache()
    let opened = 0
    const open = (): { head: null; body: AsyncIterable<Uint8Array> } => {
      opened++
      return { head: null, body: stream('a', 'b') }
    }
    const ahead = await cache.record('key', open, { isPrefetch: true })
    await readAll(ahead.body)
    expect(await ahead.stored).toBe(true)
    expect(cache.stats()).toMatchObject({ misses: 0, prefetch: { loaded: 1, useful: 0, wasted: 0 } })
    expect(await readAll((await cache.record('key', open)).body)).toBe('ab')
    expect(cache.stats()).toMatchObject({ hits: 1, prefetch: { loaded: 1, useful: 1, wasted: 0 } })
    expect(opened).toBe(1)
  })
})

describe('a Markov predictor', () => {
  it('predicts the most frequent followers, and starts a new sequence after a gap', () => {
    const predictor = new MarkovPredictor({ sessionGapMs: 1_000 })
    let now = 0
    for (const key of ['a', 'b', 'a', 'b', 'a', 'c', 'a']) predictor.observe('s', key, (now += 500))
    expect(predictor.predict('s', 'a')).toEqual([
      { key: 'b', support: 2, confidence: 2 / 3 },
      { key: 'c', support: 1, confidence: 1 / 3 },
    ])
    predictor.observe('s', 'z', now + 1_001)
    expect(predictor.predict('s', 'a').map(({ key }) => key)).toEqual(['b', 'c'])
    expect(predictor.predict('other', 'a')).toEqual([])
  })

  it('separates the sessions of a scope, and learns from all of them', () => {
    const predictor = new MarkovPredictor()
    for (const key of ['a', 'b'])
      for (const session of ['one', 'two']) predictor.observe('s', key, 0, session)
    expect(predictor.predict('s', 'a')).toEqual([{ key: 'b', support: 2, confidence: 1 }])
    expect(predictor.predict('s', 'b')).toEqual([])
    // With 10,000 others, these two count as ended.
    for (let other = 0; other < 10_000; other++) predictor.observe('s', 'x', 0, `other ${other}`)
    predictor.observe('s', 'c', 0, 'one')
    expect(predictor.predict('s', 'b')).toEqual([])
    predictor.observe('s', 'c', 0, 'other 9999')
    expect(predictor.predict('s', 'x')).toEqual([{ key: 'c', support: 1, confidence: 1 }])
  })

  it('limits its scopes, keys and followers', () => {
    const predictor = new MarkovPredictor({ maxScopes: 2, maxKeys: 2, maxFollowers: 2 })
    for (const scope of ['1', '2', '3']) for (const key of ['a', 'b', 'a']) predictor.observe(scope, key, 0)
    expect(['1', '2', '3'].map((scope) => predictor.predict(scope, 'a').length)).toEqual([0, 1, 1])
    for (const key of ['c', 'a', 'b', 'a', 'd', 'a', 'b']) predictor.observe('3', key, 0)
    expect(predictor.predict('3', 'a')).toHaveLength(2)
    expect(predictor.predict('3', 'a')[0]).toMatchObject({ key: 'b' })
  })
})

describe('jobFor', () => {
  it('makes the job for a predicted key, with the request after which it was predicted', async () => {
    const cache = newCache()
    const predictor = {
      observe: () => undefined,
      predict: (_: string, key: string) => (key === 'a' ? [{ key: 'b', confidence: 1, support: 9 }] : []),
    }
    const prefetcher = createPrefetcher<string>({
      cache,
      clock,
      predictor,
      jobFor: (predicted, after) => ({
        ...predicted,
        load: async () => `${predicted.key} after ${after.key}`,
      }),
    })
    const load = async (): Promise<string> => 'not used'
    prefetcher.observe({ key: 'b', load })
    prefetcher.observe({ key: 'a', load })
    await pass(0)
    expect((await cache.get('b'))?.value).toBe('b after a')
    prefetcher.close()
    expect(() => createPrefetcher({ cache, jobFor: 'b' as never })).toThrow('jobFor')
  })
})
