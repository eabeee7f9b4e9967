import { describeValue, suggestionFor, type NamesElsewhere } from '@harbor/parts'

/** A check of one option: a predicate and, for the message, the expected value in words. */
export type Check = readonly [accepts: (value: unknown) => boolean, expected: string]

/** Accepts a whole number of at least 1, or `Infinity`, which means no limit. */
export const count: Check = [
  (value) => value === Infinity || (Number.isInteger(value) && (value as number) >= 1),
  'a whole number of at least 1',
]
export const duration: Check = [
  (value) => typeof value === 'number' && value >= 0,
  'a number of milliseconds of at least 0',
]
export const flag: Check = [(value) => typeof value === 'boolean', 'true or false']
export const aFunction: Check = [(value) => typeof value === 'function', 'a function']
/** Creates a check for an object with these methods, which may come from another copy of a package. */
export const having = (expected: string, ...methods: readonly string[]): Check => [
  (value) =>
    methods.every((method) => typeof (value as Record<string, unknown> | null)?.[method] === 'function'),
  expected,
]
export const aClock: Check = having('a clock', 'now')
export const aSignal: Check = having('an AbortSignal', 'addEventListener', 'removeEventListener')
export const oneOf = (...values: readonly string[]): Check => [
  (value) => values.includes(value as string),
  `one of ${values.map((each) => JSON.stringify(each)).join(', ')}`,
]
export const either = (one: Check, other: Check): Check => [
  (value) => one[0](value) || other[0](value),
  `${one[1]} or ${other[1]}`,
]

/**
 * Checks that all options are known and valid. An option that is `undefined` counts as not set.
 *
 * @throws TypeError that names the unknown option, or the invalid one with its expected and actual value
 */
export function validate(options: object, checks: Readonly<Record<string, Check>>): void {
  if (!isObject(options)) throw new TypeError(`options must be an object, got ${describeValue(options)}`)
  for (const [name, value] of Object.entries(options) as [string, unknown][]) {
    const check = Object.hasOwn(checks, name) ? checks[name] : undefined
    if (!check) {
      const meant = suggestionFor(name, Object.keys(checks), NAMES_ELSEWHERE)
      throw new TypeError(`unknown option ${name}${meant ? `; did you mean ${meant}` : ''}`)
    }
    if (value !== undefined && !check[0](value)) {
      throw new TypeError(`${name} must be ${check[1]}, got ${describeValue(value)}`)
    }
  }
}

function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null
}

const NAMES_ELSEWHERE: NamesElsewhere = {
  maxBatchSize: 'max, maxSize, size, batchSize',
  maxWaitMs: 'wait, delay, interval, window; in milliseconds',
  maxConcurrentBatches:
    'concurrency (p-queue), maxConcurrent (Bottleneck), maxConcurrency, parallelism; in batches',
  concurrency:
    'maxConcurrent (Bottleneck), max_parallel_requests (LiteLLM), concurrent, maxConcurrency, parallelism, limit',
  maxQueueItems: 'highWater (Bottleneck), maxQueue, queueSize',
  maxQueue: 'highWater (Bottleneck), queueSize',
  key: 'cacheKeyFn (DataLoader), keyFn',
  sizeOf: 'size',
  retry:
    'retries (p-retry), maxRetries (openai), num_retries (LiteLLM), attempts; such as createRetry() of @harbor/retry',
  limiter: 'limits, rateLimit, rateLimiter',
  requestsPerMinute:
    'intervalCap (p-queue), reservoir (Bottleneck), minTime (Bottleneck), rpm (LiteLLM); a number for each minute',
  tokensPerMinute: 'tpm (LiteLLM)',
  requestsPerDay: 'rpd',
  burstMs: 'burst',
  min: 'minimum',
  max: 'maximum',
  initial: 'start',
  priority: 'prio',
  signal: 'abortSignal (the AI SDK)',
  maxRequests: 'max, batchSize',
  maxLineBytes: 'maxLineLength',
  onBadLine: 'onError',
}
