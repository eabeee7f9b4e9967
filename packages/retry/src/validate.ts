import { describeValue, didYouMean, type OtherNames } from '@harbor/parts'

/** Whether a value will do for an option: `true`, or else what it must be, in words. */
export type Check = (value: unknown) => true | string

/** A number of at least `least`. NaN is none. */
export const atLeast =
  (least: number, unit = ''): Check =>
  (value) =>
    (typeof value === 'number' && value >= least) || `a number${unit} of at least ${least}`
export const duration: Check = (value) => atLeast(0, ' of milliseconds')(value)
export const wholeNumber: Check = (value) =>
  value === Infinity || (Number.isInteger(value) && (value as number) >= 1) || 'a whole number of at least 1'
export const oneOf =
  (...values: readonly unknown[]): Check =>
  (value) =>
    values.includes(value) || `one of ${values.map((each) => JSON.stringify(each)).join(', ')}`
export const aFunction: Check = (value) => typeof value === 'function' || 'a function'
/** Anything with these methods: what our own functions make may come from another copy of the package. */
export const having =
  (expected: string, ...methods: readonly string[]): Check =>
  (value) =>
    methods.every((method) => typeof (value as Record<string, unknown> | null)?.[method] === 'function') ||
    expected
export const aSignal: Check = (value) =>
  having('an AbortSignal', 'addEventListener', 'removeEventListener')(value)
export const aClock: Check = (value) => having('a clock', 'now')(value)

/** The options there are, each with its check. A map, since a policy made for one call looks them up in that call. */
export type Checks = ReadonlyMap<string, Check>
export const checksOf = (checks: Readonly<Record<string, Check>>): Checks => new Map(Object.entries(checks))

/**
 * Refuses, by name, an option that does not exist or whose value makes no sense. `undefined` is an option not given.
 *
 * @throws TypeError which says what was expected and what came
 */
export function validate(options: object, checks: Checks): void {
  for (const name of Object.keys(options)) {
    const check = checks.get(name)
    if (!check) {
      const near = didYouMean(name, [...checks.keys()], OTHER_NAMES)
      throw new TypeError(`unknown option ${name}${near ? `; did you mean ${near}?` : ''}`)
    }
    const value: unknown = options[name as never]
    const expected = value === undefined || check(value)
    if (expected !== true) throw new TypeError(`${name} must be ${expected}, got ${describeValue(value)}`)
  }
}

/** What other libraries call these options. */
const OTHER_NAMES: OtherNames = {
  maxAttempts: 'retries retry attempts tries maxRetries maxTries numOfAttempts retryCount',
  delayMs: 'interval',
  baseDelayMs: 'minTimeout minDelay initialDelay startingDelay retryDelay delay interval',
  maxDelayMs: 'maxTimeout maxBackoff',
  factor: 'exponent multiplier',
  jitter: 'randomize',
  attemptTimeoutMs: 'timeout requestTimeout',
  deadlineMs: 'maxRetryTime maxElapsedTime totalTimeout',
  shouldRetry: 'retryIf retryOn retryWhen',
  onRetry: 'onFailedAttempt',
  signal: 'abortSignal',
}
