import { describeValue, MAX_TIMER_MS, suggestionFor, type NamesElsewhere } from '@harbor/parts'

/** The check of one option: a predicate and, for the error message, the accepted values in words. */
export type Check = readonly [accepts: (value: unknown) => boolean, expected: string]

/**
 * The maximum time to live of an entry: one year, in milliseconds. In the far tier, the record that a tag was invalidated lives twice as
 * long as this.
 */
export const MAX_LIFE_MS = 31_536_000_000

const between = (value: unknown, min: number, max: number): boolean =>
  typeof value === 'number' && value >= min && value <= max

export const timer: Check = [
  (value) => between(value, 1, MAX_TIMER_MS),
  `a number of milliseconds from 1 to ${MAX_TIMER_MS}`,
]
export const life: Check = [
  (value) => between(value, 0, MAX_LIFE_MS),
  'a number of milliseconds from 0 to 31536000000',
]
export const count: Check = [
  (value) => Number.isSafeInteger(value) && between(value, 1, Infinity),
  'a whole number of at least 1',
]
export const aFraction: Check = [(value) => between(value, 0, 1), 'a number from 0 to 1']
export const aFlag: Check = [(value) => typeof value === 'boolean', 'true or false']
export const aFunction: Check = [(value) => typeof value === 'function', 'a function']
export const aText: Check = [(value) => typeof value === 'string', 'a string']
export const aName: Check = [
  (value) => typeof value === 'string' && value !== '',
  'a string that is not empty',
]
export const names: Check = [
  (value) => Array.isArray(value) && value.every(aName[0]),
  'an array of strings that are not empty',
]
export const oneOf = (...values: readonly string[]): Check => [
  (value) => values.includes(value as string),
  `one of ${values.join(', ')}`,
]
/** Creates a check for an object with these methods, which may come from another copy of a package. */
export const having = (expected: string, ...methods: readonly string[]): Check => [
  (value) =>
    methods.every((method) => typeof (value as Record<string, unknown> | null)?.[method] === 'function'),
  expected,
]
export const aClock: Check = /* @__PURE__ */ having('a clock', 'now')
export const aSignal: Check = /* @__PURE__ */ having(
  'an AbortSignal',
  'addEventListener',
  'removeEventListener',
)

/**
 * Checks that all options are known and valid. An option that is `undefined` counts as absent.
 *
 * @param what what the options are, for the error message
 * @throws TypeError for an unknown option or an invalid value; the message names the option, the expected value and the value that was
 * passed
 */
export function validate(options: object, checks: Readonly<Record<string, Check>>, what = 'options'): void {
  if (typeof options !== 'object' || (options as unknown) === null) {
    throw new TypeError(`${what} must be an object, got ${describeValue(options)}`)
  }
  for (const name in options) {
    const check = Object.hasOwn(checks, name) ? checks[name] : undefined
    if (!check) {
      const meant = suggestionFor(name, Object.keys(checks), NAMES_ELSEWHERE)
      throw new TypeError(`unknown option ${name}${meant ? `; did you mean ${meant}` : ''}`)
    }
    const value: unknown = options[name as never]
    if (value !== undefined) expect(name, value, check)
  }
}

/**
 * Checks one value.
 *
 * @throws TypeError that names the option, the expected value and the value that was passed
 */
export function expect(name: string, value: unknown, [accepts, expected]: Check): void {
  if (!accepts(value)) throw new TypeError(`${name} must be ${expected}, got ${describeValue(value)}`)
}

/** What these options are called in other libraries, for the hint in the error message. */
const NAMES_ELSEWHERE: NamesElsewhere = {
  maxEntries: 'max (lru-cache), maxItems (BentoCache), maxKeys (node-cache), size',
  maxBytes: 'maxSize (lru-cache); in bytes',
  ttlMs: 'stdTTL (node-cache), maxAge, expires, expiresIn, lifetime; in milliseconds',
  staleWhileRevalidateMs: 'grace (BentoCache), allowStale (lru-cache), swr; in milliseconds',
  staleIfErrorMs: 'sie',
  farTier: 'secondary (cacheable), store (keyv), l2',
  namespace: 'prefix (BentoCache)',
  timeoutMs: 'hardTimeout (BentoCache), deadline; in milliseconds',
  scope: 'tenant',
  concurrency: 'maxConcurrent (Bottleneck), maxConcurrency, parallelism',
  control: 'cache, mode',
  signal: 'abortSignal (the AI SDK)',
  ignore: 'ignoreKeys',
}
