import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import {
  createBatcher,
  createConcurrencyLimit,
  createRateLimiter,
  runBulk,
  type RateLimiter,
} from '@harbor/batch'
import { CircuitBreaker, timeWindow } from '@harbor/breaker'
import { createCache } from '@harbor/cache'
import { createHarborFetch, Harbor } from '@harbor/core'
import { FallbackChain } from '@harbor/fallback'
import { createPool } from '@harbor/pool'
import { classify, createRetry, parseRetryAfter } from '@harbor/retry'
import { startSimulator } from '@harbor/simulator'
import { root } from '../src/workspace.ts'

/** Everything that checks options. */
const MAKERS: Record<string, (options: object) => unknown> = {
  retry: (options) => createRetry(options),
  breaker: (options) => new CircuitBreaker(options),
  'trip rule': (options) => timeWindow({ durationMs: 1_000, failureRatio: 0.5, ...options }),
  fallback: (options) => new FallbackChain({ targets: [{ name: 'a' }], ...options }),
  'hedge of a fallback': (hedge) => new FallbackChain({ targets: [{ name: 'a' }], hedge: hedge as never }),
  batch: (options) => createBatcher(async (items: readonly unknown[]) => [...items], options),
  'bulk run': (options) => runBulk([], () => Promise.resolve(1), options as never).summary,
  'rate limiter': (options) => createRateLimiter({ requestsPerMinute: 1, ...options }),
  'concurrency limit': (options) => createConcurrencyLimit(options),
  cache: (options) => createCache(options),
  pool: (options) => createPool(options),
  'origin of a pool': (options) => createPool({ origins: { 'https://a.example': options } }),
  core: (options) => new Harbor({ apiKey: 'key', ...options }),
  'fetch of core': (options) => createHarborFetch(options),
  'timeouts of core': (timeouts) => new Harbor({ apiKey: 'key', timeouts }),
  simulator: (options) => startSimulator(options),
}
const NAMES = Object.keys(MAKERS)

async function complaint(name: string, options: object): Promise<string> {
  try {
    await MAKERS[name]?.(options)
  } catch (error) {
    return (error as Error).message
  }
  throw new Error(`${name} accepts ${Object.keys(options).join()}`)
}

/** The option that a message suggests, without its section. */
const suggestionIn = (message: string): string | undefined =>
  /(?:[Dd]id you mean |the nearest known one is ')([\w.[\]"/:]*)/.exec(message)?.[1]?.split('.').at(-1)

/** What a message adds about another library. */
const libraryIn = (message: string): string | undefined => /\? \((.*)\)\.?$/.exec(message)?.[1]

describe('an unknown option', () => {
  it.each([
    'banana',
    'foo',
    'xyz',
    'qwertz',
    'helloWorld',
    'constructor',
    'toString',
    'retreat',
    'conductor',
  ])('gets no suggestion from any package if it is like none: %s', async (nonsense) => {
    const suggestions = NAMES.map(async (name) => suggestionIn(await complaint(name, { [nonsense]: 1 })))
    expect(await Promise.all(suggestions)).toEqual(NAMES.map(() => undefined))
  })

  it.each([
    [
      'clok',
      {
        retry: 'clock',
        breaker: 'clock',
        fallback: 'clock',
        batch: 'clock',
        'bulk run': 'clock',
        'rate limiter': 'clock',
        cache: 'clock',
      },
    ],
    ['maxAtempts', { retry: 'maxAttempts', core: 'maxRetries', 'fetch of core': 'maxRetries' }],
    [
      'retries',
      { retry: 'maxAttempts', 'bulk run': 'retry', core: 'maxRetries', 'fetch of core': 'maxRetries' },
    ],
    [
      'Retries',
      { retry: 'maxAttempts', 'bulk run': 'retry', core: 'maxRetries', 'fetch of core': 'maxRetries' },
    ],
    [
      'timeOut',
      {
        retry: 'attemptTimeoutMs',
        pool: 'headersTimeoutMs',
        'origin of a pool': 'headersTimeoutMs',
        core: 'timeout',
        'fetch of core': 'timeout',
        'timeouts of core': 'attemptMs',
      },
    ],
    ['max_wait_ms', { batch: 'maxWaitMs', 'rate limiter': 'maxWaitMs' }],
    [
      'ttl',
      {
        cache: 'ttlMs',
        pool: 'maxConnectionAgeMs',
        'origin of a pool': 'maxConnectionAgeMs',
        core: 'cache',
        'fetch of core': 'cache',
      },
    ],
    [
      'maxAge',
      {
        cache: 'ttlMs',
        pool: 'maxConnectionAgeMs',
        'origin of a pool': 'maxConnectionAgeMs',
        core: 'cache',
        'fetch of core': 'cache',
      },
    ],
  ])('gets the same suggestion from every package that has such an option: %s', async (typo, expected) => {
    const suggestions = NAMES.map(
      async (name) => [name, suggestionIn(await complaint(name, { [typo]: 1 }))] as const,
    )
    const given = (await Promise.all(suggestions)).filter(([, option]) => option !== undefined)
    expect(Object.fromEntries(given)).toEqual(expected)
  })

  it.each([
    ['retries', 'retry', 'maxAttempts', 'p-retry calls it retries'],
    ['maxRetries', 'retry', 'maxAttempts', 'openai calls it maxRetries'],
    ['num_retries', 'retry', 'maxAttempts', 'LiteLLM calls it num_retries'],
    ['minTimeout', 'retry', 'baseDelayMs', 'p-retry calls it minTimeout'],
    ['initialDelay', 'retry', 'baseDelayMs', 'cockatiel calls it initialDelay'],
    ['maxTimeout', 'retry', 'maxDelayMs', 'p-retry calls it maxTimeout'],
    ['exponent', 'retry', 'factor', 'cockatiel calls it exponent'],
    ['abortSignal', 'retry', 'signal', 'the AI SDK calls it abortSignal'],
    ['errorThresholdPercentage', 'breaker', 'trip', 'opossum calls it errorThresholdPercentage'],
    ['halfOpenAfter', 'breaker', 'openForMs', 'cockatiel calls it halfOpenAfter'],
    ['resetTimeout', 'breaker', 'openForMs', 'opossum calls it resetTimeout'],
    ['errorThresholdPercentage', 'trip rule', 'failureRatio', 'opossum calls it errorThresholdPercentage'],
    ['volumeThreshold', 'trip rule', 'minimumCalls', 'opossum calls it volumeThreshold'],
    ['allowed_fails', 'fallback', 'failureThreshold', 'LiteLLM calls it allowed_fails'],
    ['concurrency', 'batch', 'maxConcurrentBatches', 'p-queue calls it concurrency'],
    ['maxConcurrent', 'bulk run', 'concurrency', 'Bottleneck calls it maxConcurrent'],
    ['cacheKeyFn', 'batch', 'key', 'DataLoader calls it cacheKeyFn'],
    ['max', 'batch', 'maxBatchSize', undefined],
    ['intervalCap', 'rate limiter', 'requestsPerMinute', 'p-queue calls it intervalCap'],
    ['reservoir', 'rate limiter', 'requestsPerMinute', 'Bottleneck calls it reservoir'],
    ['rpm', 'rate limiter', 'requestsPerMinute', 'LiteLLM calls it rpm'],
    ['max', 'cache', 'maxEntries', 'lru-cache calls it max'],
    ['maxSize', 'cache', 'maxBytes', 'lru-cache calls it maxSize'],
    ['ttl', 'cache', 'ttlMs', undefined],
    ['grace', 'cache', 'staleWhileRevalidateMs', 'BentoCache calls it grace'],
    ['maxSockets', 'pool', 'connections', "Node's Agent calls it maxSockets"],
    ['keepAliveTimeout', 'pool', 'keepAliveTimeoutMs', undefined],
    ['bodyTimeout', 'pool', 'bodyIdleTimeoutMs', 'undici calls it bodyTimeout'],
    ['connection', 'pool', 'connections', undefined],
    ['retries', 'core', 'maxRetries', 'p-retry calls it retries'],
    ['fallbacks', 'core', 'fallback', 'LiteLLM calls it fallbacks'],
    ['circuitBreaker', 'core', 'breaker', 'cockatiel calls it circuitBreaker'],
    ['rateLimit', 'core', 'limits', undefined],
  ])(
    'is recognised by its name in another library: %s, in %s, is %s',
    async (name, maker, option, library) => {
      const message = await complaint(maker, { [name]: 1 })
      expect(suggestionIn(message)).toBe(option)
      expect(libraryIn(message)?.split(';')[0]).toBe(library)
    },
  )

  it.each([
    ['retry', 'retries', 'here it is maxAttempts, which counts the first attempt too'],
    ['core', 'retries', 'here it is maxRetries, which does not count the first attempt'],
    ['trip rule', 'errorThresholdPercentage', 'here it is failureRatio, from 0 to 1: 0.5 for 50 %'],
  ])('gets a note from %s where %s means something else there', async (maker, name, note) => {
    expect(libraryIn(await complaint(maker, { [name]: 1 }))?.split('; ')[1]).toBe(note)
  })
})

describe('a duration', () => {
  const DURATIONS: Record<string, string> = {
    retry: 'attemptTimeoutMs',
    breaker: 'probeTimeoutMs',
    fallback: 'healthCheckIntervalMs',
    batch: 'maxWaitMs',
    cache: 'ttlMs',
    pool: 'connectTimeoutMs',
    core: 'timeout',
    'fetch of core': 'timeout',
    'timeouts of core': 'attemptMs',
  }

  it.each([NaN, -1, -Infinity, '5', '', null, [], {}, () => 5, 5n])(
    'is rejected by every package, with the name of the option, if it is %o',
    async (value) => {
      for (const [maker, option] of Object.entries(DURATIONS)) {
        const message = await complaint(maker, { [option]: value })
        expect(message).toMatch(new RegExp(`^(timeouts\\.)?${option} must be .*, got `))
      }
    },
  )

  it('is accepted by every package if it is 1,500 ms', async () => {
    for (const [maker, option] of Object.entries(DURATIONS)) {
      await expect(complaint(maker, { [option]: 1_500 })).rejects.toThrow(`${maker} accepts ${option}`)
    }
  })

  it('is accepted for longer than a timer can run, or rejected with the longest delay of a timer', async () => {
    for (const [maker, option] of Object.entries(DURATIONS)) {
      const message = await complaint(maker, { [option]: 2 ** 31 }).catch((accepted: unknown) =>
        String(accepted),
      )
      expect(message).toMatch(/ accepts |2147483647/)
    }
  })
})

describe('a wrong value', () => {
  const SECRET = 'sk-SECRET'
  it.each<[string, object]>([
    ['retry', { maxAttempts: SECRET }],
    ['breaker', { probes: SECRET }],
    ['fallback', { failureThreshold: SECRET }],
    ['hedge of a fallback', { afterMs: SECRET }],
    ['batch', { maxBatchSize: SECRET }],
    ['rate limiter', { requestsPerMinute: SECRET }],
    ['concurrency limit', { initial: SECRET }],
    ['cache', { ttlMs: SECRET }],
    ['cache', { namespace: `a:${SECRET}` }],
    ['pool', { tls: SECRET }],
    ['pool', { proxy: SECRET }],
    ['core', { timeout: SECRET }],
    ['core', { baseURL: SECRET }],
    ['core', { limits: { requestsPerMinute: SECRET } }],
    ['core', { pool: { tls: SECRET } }],
    ['core', { retry: { maxAttempts: SECRET } }],
  ])('of %s is never quoted in the message: %j', async (name, options) => {
    const message = await complaint(name, options)
    expect(message).not.toContain('SECRET')
    expect(message).toContain(Object.keys(options)[0])
  })
})

describe('Retry-After', () => {
  it.each([
    [{ 'retry-after': '2' }, 2_000],
    [{ 'retry-after': '2, 2' }, 2_000],
    [{ 'Retry-After': '0.5' }, 500],
    [{ 'retry-after-ms': '20' }, 20],
    [{ 'x-ms-retry-after-ms': '250' }, 250],
    [{ 'retry-after': 'Sun, 22 Nov 2020 12:00:00 GMT' }, 0],
    [{ 'retry-after': 'soon' }, undefined],
    [{ 'retry-after': '0x10' }, undefined],
    [{ 'retry-after': '1e3' }, undefined],
    [{ 'retry-after': '-1' }, undefined],
    [{ 'retry-after-ms': 'NaN', 'retry-after': '3' }, 3_000],
  ] as [Record<string, string>, number | undefined][])(
    'of %j is the same delay in every package',
    async (headers, ms) => {
      const error = Object.assign(new Error('busy'), { status: 429, headers })
      expect(parseRetryAfter(headers)).toBe(ms)
      expect(classify(error).retryAfterMs).toBe(ms)
      expect(await reportedByBulk(error)).toBe(ms)
    },
  )
})

/** The Retry-After that a bulk run reports to its limiter for a failed item. */
async function reportedByBulk(error: Error): Promise<number | undefined> {
  const reported: (number | undefined)[] = []
  const limiter = {
    acquire: async () => ({
      settle: ({ retryAfterMs }: { retryAfterMs?: number | undefined }) => reported.push(retryAfterMs),
      cancel: () => undefined,
    }),
  } as unknown as RateLimiter
  await runBulk([1], () => Promise.reject(error), { limiter }).summary
  expect(reported).toHaveLength(1)
  return reported[0]
}

describe('the longest delay of a timer', () => {
  it('is written down once', () => {
    const files = globSync('packages/*/src/**/*.ts', { cwd: root })
    const spelled = files.filter(
      (file) =>
        !file.endsWith('.test.ts') &&
        /2 \*\* 31|2_?147_?483_?647|0x7fff_?ffff/i.test(readFileSync(join(root, file), 'utf8')),
    )
    expect(spelled).toEqual([join('packages', 'parts', 'src', 'time.ts')])
  })
})
