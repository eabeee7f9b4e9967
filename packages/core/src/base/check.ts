import { describeValue, MAX_TIMER_MS, suggestionFor, type NamesElsewhere } from '@harbor/parts'
import { OptionError } from './errors.ts'

/** A rule for the values of an option: a test, and a description of the valid values for the error message. */
export interface Check {
  /** Returns whether a value is valid. */
  readonly accepts: (value: unknown) => boolean
  /** The valid values in words, for the error message. */
  readonly expected: string
}

export const durationMs: Check = {
  accepts: (value) => value === Infinity || (typeof value === 'number' && value > 0 && value <= MAX_TIMER_MS),
  expected: `a number of milliseconds above 0 and at most ${MAX_TIMER_MS}, or Infinity`,
}
/** A finite duration. Infinity is not allowed, because the SDK passes the value to `setTimeout`, which treats Infinity as 1 ms. */
export const finiteMs: Check = {
  accepts: (value) => typeof value === 'number' && value > 0 && value <= MAX_TIMER_MS,
  expected: `a number of milliseconds above 0 and at most ${MAX_TIMER_MS}`,
}
/** The longest deadline of a single call: one hour. A connection is rarely kept open for longer. */
export const MAX_DEADLINE_MS = 3_600_000
export const aDeadline: Check = {
  accepts: (value) => typeof value === 'number' && value > 0 && value <= MAX_DEADLINE_MS,
  expected: `a number of milliseconds above 0 and at most ${MAX_DEADLINE_MS} (one hour; for longer work, use harbor.bulk())`,
}
export const wholeNumber: Check = {
  accepts: (value) => Number.isInteger(value) && (value as number) >= 0,
  expected: 'a whole number of at least 0',
}
export const aFunction: Check = { accepts: (value) => typeof value === 'function', expected: 'a function' }
export const aBoolean: Check = { accepts: (value) => typeof value === 'boolean', expected: 'true or false' }
export const onlyFalse: Check = { accepts: (value) => value === false, expected: 'false' }
export const anObject: Check = { accepts: (value) => typeof value === 'object', expected: 'an object' }
export const aRecord: Check = {
  accepts: (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
  expected: 'an object',
}
export const aString: Check = {
  accepts: (value) => typeof value === 'string' || value === null,
  expected: 'a string',
}
export const aSwitchOrOptions: Check = {
  accepts: (value) => typeof value === 'boolean' || (typeof value === 'object' && value !== null),
  expected: 'true, false or an object of options',
}
export const anObjectOrFalse: Check = {
  accepts: (value) => (typeof value === 'object' && value !== null) || value === false,
  expected: 'an object of options, or false to switch it off',
}
export const aListOrObjectOrFalse: Check = {
  accepts: anObjectOrFalse.accepts,
  expected: 'an object of options, a list of such objects, or false to switch it off',
}
/** Accepts any value, for options that the SDK checks itself. */
export const anything: Check = { accepts: () => true, expected: 'anything' }
export const anObjectOfTimeouts: Check = {
  accepts: (value) => typeof value === 'object' && value !== null,
  expected: 'an object of timeouts',
}
export const aListOfAlertsOrFalse: Check = {
  accepts: (value) => Array.isArray(value) || value === false,
  expected: 'a list of alerts, or false',
}
export const aFleetOrFalse: Check = {
  accepts: (value) =>
    value === false ||
    (typeof value === 'object' && value !== null && typeof (value as { join?: unknown }).join === 'function'),
  expected: 'a fleet, such as redisFleet() of @harbor/redis, or false',
}
export const aPoolOrOptions: Check = {
  accepts: (value) => typeof value === 'object' && value !== null,
  expected: 'a pool, or options for one',
}
export const aKey: Check = {
  accepts: (value) =>
    (typeof value === 'string' && value !== '') || typeof value === 'function' || value === null,
  expected: 'a non-empty string, or a function that resolves to one',
}
export const aKeyOrList: Check = {
  accepts: (value) => aKey.accepts(value) || Array.isArray(value),
  expected: 'a non-empty string, a function that resolves to one, a list of these, or null',
}
export const anHttpUrl: Check = {
  accepts: (value) => value === null || value === '' || (typeof value === 'string' && isHttpUrl(value)),
  expected: 'an absolute URL such as https://api.example.com/v1',
}
/** A base URL, to which the path of an endpoint is added. */
export const aRootURL: Check = {
  accepts: (value) => typeof value === 'string' && isHttpUrl(value) && !/[?#]/.test(value),
  expected: 'an absolute URL without a query, such as https://api.example.com/v1',
}

export const aFunctionOrFalse: Check = {
  accepts: (value) => typeof value === 'function' || value === false,
  expected: 'a function, or false for none',
}
const isListOfStrings = (value: unknown): boolean =>
  Array.isArray(value) && value.every((item) => typeof item === 'string' && item !== '')
export const aListOrFalse: Check = {
  accepts: (value) => value === false || isListOfStrings(value),
  expected: 'a list of models, or false for none',
}
export const chains: Check = {
  accepts: (value) =>
    value === false ||
    isListOfStrings(value) ||
    (typeof value === 'object' && value !== null && Object.values(value).every(isListOfStrings)),
  expected:
    "a list of models, an object with a list for each model, such as { 'gpt-4': ['gpt-3.5-turbo'] }, or false",
}
export const aListOfStrings: Check = {
  accepts: isListOfStrings,
  expected: 'a list of names',
}
export const aName: Check = {
  accepts: (value) => typeof value === 'string' && value !== '',
  expected: 'a name that is not empty',
}
export const aCount: Check = {
  accepts: (value) => Number.isInteger(value) && (value as number) >= 1,
  expected: 'a whole number of at least 1',
}
/** The length of the longest string in V8. A larger answer could not be read as text. */
const MAX_TEXT_BYTES = 2 ** 29 - 24
export const aByteCount: Check = {
  accepts: (value) =>
    Number.isInteger(value) && (value as number) >= 1 && (value as number) <= MAX_TEXT_BYTES,
  expected: `a whole number of bytes of at least 1 and at most ${MAX_TEXT_BYTES}`,
}
export const aNumber: Check = {
  accepts: (value) => Number.isFinite(value),
  expected: 'a number',
}
export const aWeight: Check = {
  accepts: (value) => typeof value === 'number' && value >= 0 && value < Infinity,
  expected: 'a number of at least 0',
}
export const anAmount: Check = {
  accepts: (value) => typeof value === 'number' && value > 0 && value < Infinity,
  expected: 'US dollars, above 0',
}
export const aPrice: Check = {
  accepts: (value) => typeof value === 'number' && value >= 0 && value < Infinity,
  expected: 'US dollars for a million tokens, at least 0',
}
export const aPriceOfOne: Check = {
  accepts: (value) => typeof value === 'number' && value >= 0 && value < Infinity,
  expected: 'US dollars, at least 0',
}
export const aFactor: Check = {
  accepts: (value) => typeof value === 'number' && value >= 0 && value < Infinity,
  expected: 'a factor of the price, at least 0, or an object of rates',
}

export function oneOf(...values: readonly string[]): Check {
  return { accepts: (value) => values.includes(value as string), expected: `one of ${values.join(', ')}` }
}

/**
 * Accepts no value. It is used for an option of the SDK that cannot work with Harbor.
 * @param why the reason, for the error message
 */
export function refused(why: string): Check {
  return { accepts: () => false, expected: `left out: ${why}` }
}

/**
 * Checks the names and values of options. `undefined` counts as not given.
 * @param section the prefix of the names in messages, such as `timeouts.`
 * @throws OptionError for an unknown option or an invalid value
 */
export function checkOptions(options: object, checks: Readonly<Record<string, Check>>, section = ''): void {
  for (const [name, value] of Object.entries(options) as [string, unknown][]) {
    const check = Object.hasOwn(checks, name) ? checks[name] : undefined
    const option = section + name
    if (!check) {
      const meant = suggestionFor(name, Object.keys(checks), NAMES_ELSEWHERE, section)
      const hint = meant === undefined ? '' : ` Did you mean ${meant}`
      throw new OptionError(option, `Unknown option ${option}.${hint}`)
    }
    if (value !== undefined && !check.accepts(value)) {
      throw new OptionError(option, `${option} must be ${check.expected}, got ${describeValue(value)}.`)
    }
  }
}

function isHttpUrl(text: string): boolean {
  return URL.canParse(text) && /^https?:$/.test(new URL(text).protocol)
}

/** For each option, the names that other libraries use for it. If a caller passes such a name, the error message suggests the right one. */
const NAMES_ELSEWHERE: NamesElsewhere = {
  maxRetries:
    'retries (p-retry), num_retries (LiteLLM), maxAttempts, attempts, tries; which does not count the first attempt',
  timeout: 'deadline, totalTimeout, requestTimeout',
  timeouts: 'stream_timeout (LiteLLM), attemptTimeout, firstTokenTimeout, idleTimeout; an object of timeouts',
  fallback: 'fallbacks (LiteLLM), backups',
  breaker: 'circuitBreaker (cockatiel)',
  limits: 'rpm (LiteLLM), tpm (LiteLLM), concurrency (p-queue), rateLimit, rateLimits; an object of limits',
  cache: 'caching (LiteLLM), ttl, maxAge',
  pool: 'httpAgent (openai 4), dispatcher (undici), agent; an object of options',
  spendLimit: 'max_budget (LiteLLM), budget, maxCost',
  baseURL: 'api_base (LiteLLM), url, endpoint, host',
  apiKey: 'key, token',
  defaultHeaders: 'headers (the AI SDK)',
  attemptMs: 'timeout; in milliseconds',
  ttlMs: 'maxAge',
  maxEntries: 'max (lru-cache), size',
  maxBytes: 'maxSize (lru-cache); in bytes',
}
