import { runInNewContext } from 'node:vm'
import { describe, expect, it, vi } from 'vitest'
import {
  createCache,
  createPrefetcher,
  MemoryStore,
  NotCachedError,
  RecordingLagError,
  type CacheOptions,
} from '../src/index.ts'
import { KeyvStore } from '../src/stores/keyv.ts'
import { SqliteStore } from '../src/stores/sqlite.ts'

class Named {
  readonly name = 'a'
}

class Point {
  readonly x = 1
  double(): number {
    return 2 * this.x
  }
}

describe('a cache that gets bad input', () => {
  it.each<[object, string]>([
    [{ ttlMs: -1 }, 'ttlMs must be a number of milliseconds from 0 to 31536000000, got -1'],
    [{ ttlMs: NaN }, 'ttlMs must be a number of milliseconds from 0 to 31536000000, got NaN'],
    [{ ttlMs: Infinity }, 'ttlMs must be a number of milliseconds from 0 to 31536000000, got Infinity'],
    [{ maxEntries: 0 }, 'maxEntries must be a whole number from 1 to 16777216, got 0'],
    [{ maxBytes: 0.5 }, 'maxBytes must be a whole number of at least 1, got 0.5'],
    [{ ttlJitter: 2 }, 'ttlJitter must be a number from 0 to 1, got 2'],
    [{ farTier: {} }, 'farTier must be a store with get, set and delete, got an object'],
    [
      { farTier: { set() {}, delete() {} } },
      'farTier must be a store with get, set and delete, got an object',
    ],
    [{ codec: JSON }, 'codec must be a codec with encode and decode, got an object'],
    [{ namespace: 'a:b' }, 'namespace must be a string without a colon or a number sign, got a string'],
    [
      { farReadTimeoutMs: 0 },
      'farReadTimeoutMs must be a number of milliseconds from 1 to 2147483647, got 0',
    ],
    [{ clock: Date.now }, 'clock must be a clock, got a function'],
    [
      { maxSize: 5 },
      'unknown option maxSize; did you mean maxBytes? (lru-cache calls it maxSize; here it is maxBytes, in bytes)',
    ],
  ])('throws when it is created with the options %j', (options, message) => {
    expect(() => createCache(options as CacheOptions<string>)).toThrow(new TypeError(message))
  })

  it('rejects invalid options of a call by name, without loading', async () => {
    const cache = createCache<string>()
    const load = vi.fn(async () => 'value')
    const calls: [Promise<unknown>, string][] = [
      [
        cache.load('key', load, { ttlMs: -1 }),
        'ttlMs must be a number of milliseconds from 0 to 31536000000, got -1',
      ],
      [
        cache.load('key', load, { control: 'no-store' as never }),
        'control must be one of default, bypass, refresh, only-if-cached, got a string',
      ],
      [
        cache.load('key', load, { timeoutMS: 5 } as never),
        'unknown option timeoutMS; did you mean timeoutMs?',
      ],
      [cache.load(5 as never, load), 'key must be a string, got 5'],
      [
        cache.set('key', 'value', { tags: [''] }),
        'tags must be an array of strings that are not empty, got an array',
      ],
      [
        cache.get('key', { stale: true as never }),
        'stale must be one of no, while-revalidate, if-error, got true',
      ],
      [
        cache.record('key', () => ({ head: 1, body: [] as never }), { maxRecordBytes: 0 }),
        'maxRecordBytes must be a whole number of at least 1, got 0',
      ],
      [cache.load('key', 'value' as never), 'load must be a function, got a string'],
      [cache.getOrLoad('key', undefined as never), 'load must be a function, got undefined'],
      [cache.record('key', {} as never), 'open must be a function, got an object'],
      [cache.prefetch([], { concurrency: 0 }), 'concurrency must be a whole number of at least 1, got 0'],
    ]
    for (const [call, message] of calls) await expect(call).rejects.toThrow(new TypeError(message))
    expect(load).not.toHaveBeenCalled()
    expect(cache.stats()).toMatchObject({ loads: 0, loadFailures: 0 })
    expect(() => createPrefetcher({} as never)).toThrow('cache must be a cache, got undefined')
    expect(() => new MemoryStore({ maxBytes: -1 })).toThrow(
      'maxBytes must be a whole number of at least 1, got -1',
    )
    expect(() => new SqliteStore(':memory:', { maxByte: 1 } as never)).toThrow(
      'unknown option maxByte; did you mean maxBytes?',
    )
    expect(() => new KeyvStore({} as never)).toThrow('keyv must be a Keyv with get, set and delete')
  })

  it('answers, without caching, a call whose key function throws', async () => {
    const onError = vi.fn()
    const cache = createCache<string>({ onError })
    const unkeyable = new Error('no key')
    const key = (): string => {
      throw unkeyable
    }
    const load = vi.fn(async () => 'value')
    for (const _ of [1, 2]) {
      expect(await cache.load(key, load)).toEqual({
        value: 'value',
        status: 'bypass',
        reason: 'no-key',
        source: 'load',
        ageMs: 0,
        stored: 'bypass',
      })
    }
    expect(await cache.get(key)).toBeUndefined()
    expect(await cache.set(key, 'value')).toBe('bypass')
    expect(load).toHaveBeenCalledTimes(2)
    expect(onError).toHaveBeenCalledWith(unkeyable)
    expect(cache.stats()).toMatchObject({ bypassed: 2, entries: 0 })
    expect(await cache.load(() => 'key', load)).toMatchObject({ status: 'miss' })
  })

  it('returns an answer that is larger than the cache without caching it, and drops the entry that it replaces', async () => {
    const cache = createCache<string>({ maxBytes: 1_000 })
    await cache.set('key', 'small')
    expect(await cache.load('key', async () => 'x'.repeat(1_000), { control: 'refresh' })).toMatchObject({
      status: 'miss',
      reason: 'refresh',
      stored: 'too-large',
    })
    expect(await cache.get('key')).toBeUndefined()
    expect(cache.stats()).toMatchObject({ refused: { 'too-large': 1 }, bytes: 0 })
    // A far tier may have room for it.
    const tiered = createCache<string>({ maxBytes: 1_000, farTier: new MemoryStore() })
    expect(await tiered.set('key', 'x'.repeat(1_000))).toBe(true)
    expect(await tiered.get('key')).toMatchObject({ source: 'far' })
  })

  it('returns a value that the codec cannot encode without caching it', async () => {
    const cache = createCache<unknown>()
    for (const value of [undefined, 1n, () => 1]) {
      expect(await cache.load('key', async () => value)).toMatchObject({ value, stored: 'unencodable' })
    }
    expect(cache.stats().refused).toEqual({ unencodable: 3 })
    expect(await cache.load('null', async () => null)).toMatchObject({ value: null, stored: true })
    expect(await cache.load('null', async () => 5)).toMatchObject({ value: null, status: 'hit' })
  })

  it.each<[string, unknown]>([
    ['a Date', { at: new Date(0) }],
    ['a Map', { tags: new Map([['a', 1]]) }],
    ['a Set', [new Set(['a'])]],
    ['bytes inside', { bytes: new Uint8Array(2) }],
    ['a typed array', new Float32Array(2)],
    ['NaN', { score: NaN }],
    ['an infinity', [Infinity]],
    ['a bigint', { count: 1n }],
    ['a bigint with a toJSON', { count: Object.assign(Object(1n) as object, { toJSON: () => '1' }) }],
    ['a class with toJSON', { toJSON: () => 'text' }],
    ['an instance of a class', { at: new Point() }],
    ['an instance of a class without methods', new Named()],
    ['an object with a prototype of its own', Object.create({ inherited: 1 })],
    ['a boxed string', { name: new String('text') }],
    ['a function', { call: () => 1 }],
    ['a symbol', { mark: Symbol('mark') }],
    ['undefined in an array', [1, undefined]],
    ['a hole in an array', Array(2)],
    ['an error', new Error('cause')],
    ['a promise', { later: Promise.resolve(1) }],
    ['a regular expression', /a/],
    [
      'a getter that throws',
      Object.defineProperty({}, 'x', { enumerable: true, get: () => JSON.parse('') as unknown }),
    ],
  ])(
    'returns a value that JSON would change to all callers as it is, without caching it: %s',
    async (_, value) => {
      const onError = vi.fn()
      const cache = createCache<unknown>({ onError })
      const [first, joined] = await Promise.all([
        cache.load('key', () => value),
        cache.load('key', () => value),
      ])
      expect([first.value, joined.value]).toEqual([value, value])
      expect(first.stored).toBe('unencodable')
      expect(await cache.get('key')).toBeUndefined()
      expect(await cache.set('key', value)).toBe('unencodable')
      expect(cache.stats().refused).toEqual({ unencodable: 2 })
      expect(onError).toHaveBeenCalledTimes(2)
    },
  )

  it.each<[string, unknown, unknown]>([
    ['properties that are undefined, which are dropped', { a: 1, b: undefined }, { a: 1 }],
    ['arrays of numbers', { embedding: [0.5, -1, 0] }, { embedding: [0.5, -1, 0] }],
    [
      'an object without a prototype',
      Object.assign(Object.create(null) as object, { a: [null, 'x', true] }),
      { a: [null, 'x', true] },
    ],
    ['an object of another realm', runInNewContext('({ a: [1, { b: 2 }] })'), { a: [1, { b: 2 }] }],
    [
      'the same object twice',
      (() => {
        const one = { a: 1 }
        return [one, one]
      })(),
      [{ a: 1 }, { a: 1 }],
    ],
  ])('caches JSON values: %s', async (_, value, kept) => {
    const cache = createCache<unknown>()
    expect(await cache.set('key', value)).toBe(true)
    expect((await cache.get('key'))?.value).toEqual(kept)
  })

  it('caches any value that a custom codec can encode', async () => {
    const codec = {
      encode: (value: Date) => value.toISOString(),
      decode: (text: string | Uint8Array) => new Date(text as string),
    }
    const cache = createCache<Date>({ codec })
    expect(await cache.set('key', new Date(5))).toBe(true)
    expect((await cache.get('key'))?.value).toEqual(new Date(5))
  })

  it('returns an answer that sets invalid cache options for itself, without caching it', async () => {
    const onError = vi.fn()
    const cache = createCache<string>({ onError })
    const loaded = await cache.load('key', async (context) => {
      context.cacheFor({ ttlMs: -1 })
      return 'value'
    })
    expect(loaded).toMatchObject({ value: 'value', stored: 'bad-options' })
    expect(onError).toHaveBeenCalledTimes(1)
  })

  it('reports an error of a hook as a warning, and goes on', async () => {
    const warning = vi.spyOn(process, 'emitWarning').mockImplementation(() => undefined)
    const thrown = new Error('from the hook')
    const cache = createCache<string>({
      farTier: {
        get: () => Promise.reject(new Error('down')),
        set: () => Promise.reject(new Error('down')),
        delete: async () => undefined,
      },
      onError: () => {
        throw thrown
      },
      serveStaleIf: () => {
        throw thrown
      },
    })
    expect(await cache.load('key', async () => 'value')).toMatchObject({ value: 'value' })
    await cache.close()
    expect(warning).toHaveBeenCalled()
    warning.mockRestore()
  })
})

describe('a call with control', () => {
  it('bypass neither reads nor writes the cache', async () => {
    const cache = createCache<string>()
    await cache.set('key', 'kept')
    expect(await cache.load('key', async () => 'loaded', { control: 'bypass' })).toMatchObject({
      value: 'loaded',
      status: 'bypass',
      reason: 'requested',
      stored: 'bypass',
    })
    expect((await cache.get('key'))?.value).toBe('kept')
    const down = new Error('down')
    await expect(cache.load('key', () => Promise.reject(down), { control: 'bypass' })).rejects.toBe(down)
    await cache.idle()
  })

  it('refresh shares one load with other refreshes, and replaces the entry', async () => {
    const cache = createCache<string>()
    await cache.set('key', 'old')
    const load = vi.fn(async () => 'new')
    const calls = await Promise.all([
      cache.load('key', load, { control: 'refresh' }),
      cache.load('key', load, { fresh: true }),
    ])
    expect(calls.map(({ status, reason }) => [status, reason])).toEqual([
      ['miss', 'refresh'],
      ['shared', 'in-flight'],
    ])
    expect(load).toHaveBeenCalledTimes(1)
    expect((await cache.get('key'))?.value).toBe('new')
  })

  it('refresh does not join an earlier load, and keeps its own newer result', async () => {
    const cache = createCache<string>()
    const slow = Promise.withResolvers<string>()
    const first = cache.load('key', () => slow.promise)
    await new Promise((resolve) => setTimeout(resolve, 2))
    expect(await cache.load('key', async () => 'new', { control: 'refresh' })).toMatchObject({ value: 'new' })
    slow.resolve('old')
    expect(await first).toMatchObject({ value: 'old', stored: 'superseded' })
    expect((await cache.get('key'))?.value).toBe('new')
  })

  it('only-if-cached neither loads nor waits for a load', async () => {
    const cache = createCache<string>()
    const load = vi.fn(() => new Promise<string>(() => undefined))
    const controller = new AbortController()
    const other = cache.load('key', load, { signal: controller.signal })
    await expect(cache.load('key', load, { control: 'only-if-cached' })).rejects.toSatisfy((error) =>
      NotCachedError.is(error),
    )
    expect(load).toHaveBeenCalledTimes(1)
    controller.abort(new Error('enough'))
    await expect(other).rejects.toThrow('enough')
    await cache.set('key', 'value')
    expect(await cache.load('key', load, { control: 'only-if-cached' })).toMatchObject({
      value: 'value',
      status: 'hit',
    })
  })
})

describe('a call', () => {
  it('loads without caching when the cache is closed', async () => {
    const cache = createCache<string>()
    await cache.set('key', 'kept')
    await cache.close()
    expect(await cache.load('key', async () => 'loaded')).toMatchObject({
      status: 'bypass',
      reason: 'closed',
      value: 'loaded',
    })
    expect(await cache.get('key')).toBeUndefined()
    expect(cache.stats().entries).toBe(0)
  })

  it('gets the error of an earlier load within negativeTtlMs', async () => {
    vi.useFakeTimers()
    const cache = createCache<string>({ negativeTtlMs: 1_000 })
    const down = new Error('down')
    const load = vi.fn(() => Promise.reject<string>(down))
    for (const _ of [1, 2, 3]) await expect(cache.load('key', load)).rejects.toBe(down)
    expect(load).toHaveBeenCalledTimes(1)
    await vi.advanceTimersByTimeAsync(1_000)
    await expect(cache.load('key', load)).rejects.toBe(down)
    expect(load).toHaveBeenCalledTimes(2)
    vi.useRealTimers()
  })
})

it('the errors recognise those of another copy of the package', () => {
  const copy = (code: string): Error => Object.assign(new Error('copy'), { code })
  expect(NotCachedError.is(copy('not_cached'))).toBe(true)
  expect(RecordingLagError.is(copy('recording_lag'))).toBe(true)
  expect(NotCachedError.is({ code: 'not_cached' })).toBe(false)
})
