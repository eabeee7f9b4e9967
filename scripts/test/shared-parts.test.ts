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
import { CircuitBreaker } from '@harbor/breaker'
import { createCache } from '@harbor/cache'
import { createHarborFetch, Harbor } from '@harbor/core'
import { FallbackChain } from '@harbor/fallback'
import { createPool } from '@harbor/pool'
import { classify, createRetry, parseRetryAfter } from '@harbor/retry'
import { startSimulator } from '@harbor/simulator'
import { root } from '../src/workspace.ts'

/** Everything that checks options, each given the same ones. */
const MAKERS: Record<string, (options: object) => unknown> = {
  retry: (options) => createRetry(options),
  breaker: (options) => new CircuitBreaker(options),
  fallback: (options) => new FallbackChain({ targets: [{ name: 'a' }], ...options }),
  'hedge of a fallback': (hedge) => new FallbackChain({ targets: [{ name: 'a' }], hedge: hedge as never }),
  batch: (options) => createBatcher(async (items: readonly unknown[]) => [...items], options),
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

const suggestionIn = (message: string): string | undefined =>
  /(?:[Dd]id you mean |the nearest known one is ')([\w.[\]"/:]*)/.exec(message)?.[1]?.split('.').at(-1)

describe('an unknown option', () => {
  it.each(['banana', 'foo', 'xyz', 'qwertz', 'helloWorld', 'constructor', 'toString'])(
    '%s gets no suggestion from any package, since no option is like it',
    async (nonsense) => {
      const suggestions = NAMES.map(async (name) => suggestionIn(await complaint(name, { [nonsense]: 1 })))
      expect(await Promise.all(suggestions)).toEqual(NAMES.map(() => undefined))
    },
  )

  it.each([
    [
      'clok',
      {
        retry: 'clock',
        breaker: 'clock',
        fallback: 'clock',
        batch: 'clock',
        'rate limiter': 'clock',
        cache: 'clock',
      },
    ],
    ['maxAtempts', { retry: 'maxAttempts', core: 'maxRetries', 'fetch of core': 'maxRetries' }],
    ['retries', { retry: 'maxAttempts', core: 'maxRetries', 'fetch of core': 'maxRetries' }],
    ['Retries', { retry: 'maxAttempts', core: 'maxRetries', 'fetch of core': 'maxRetries' }],
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
  ])('%s gets the same suggestion from every package that has such an option', async (typo, expected) => {
    const suggestions = NAMES.map(
      async (name) => [name, suggestionIn(await complaint(name, { [typo]: 1 }))] as const,
    )
    const given = (await Promise.all(suggestions)).filter(([, option]) => option !== undefined)
    expect(Object.fromEntries(given)).toEqual(expected)
  })

  it.each([
    ['max', 'cache', 'maxEntries'],
    ['maxSize', 'cache', 'maxBytes'],
    ['max', 'batch', 'maxBatchSize'],
    ['concurrency', 'batch', 'maxConcurrentBatches'],
    ['concurrency', 'pool', 'connections'],
    ['maxSockets', 'pool', 'connections'],
    ['maxRetries', 'retry', 'maxAttempts'],
    ['resetTimeout', 'breaker', 'openForMs'],
    ['rpm', 'rate limiter', 'requestsPerMinute'],
    ['rateLimit', 'core', 'limits'],
    ['fallbacks', 'core', 'fallback'],
    ['circuitBreaker', 'core', 'breaker'],
  ])('%s is known to users of other libraries: %s suggests %s', async (name, maker, option) => {
    expect(suggestionIn(await complaint(maker, { [name]: 1 }))).toBe(option)
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
  ])('of %s is never repeated in the message: %j', async (name, options) => {
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
    'of %j is the same wait everywhere',
    async (headers, ms) => {
      const error = Object.assign(new Error('busy'), { status: 429, headers })
      expect(parseRetryAfter(headers)).toBe(ms)
      expect(classify(error).retryAfterMs).toBe(ms)
      expect(await reportedByBulk(error)).toBe(ms)
    },
  )
})

/** The wait that a bulk run reports to its limiter for an item that failed. */
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

it('the longest delay of a timer is written down once', () => {
  const files = globSync('packages/*/src/**/*.ts', { cwd: root })
  const spelled = files.filter(
    (file) =>
      !file.endsWith('.test.ts') &&
      /2 \*\* 31|2_?147_?483_?647|0x7fff_?ffff/i.test(readFileSync(join(root, file), 'utf8')),
  )
  expect(spelled).toEqual([join('packages', 'parts', 'src', 'timer.ts')])
})
