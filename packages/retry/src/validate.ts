import { checkOptions, type Check, type Checks, type NamesElsewhere } from '@harbor/parts'

export { aClock, aFunction, aSignal, checksOf, having, type Check, type Checks } from '@harbor/parts'

/**
 * Creates a check for a number that is at least `min`. Infinity is allowed, NaN is not.
 *
 * @param unit the unit in the error message, with a space before it, such as ` of milliseconds`
 */
export const atLeast =
  (min: number, unit = ''): Check =>
  (value) =>
    (typeof value === 'number' && value >= min) || `a number${unit} of at least ${min}`
export const duration: Check = (value) => atLeast(0, ' of milliseconds')(value)
export const wholeNumber: Check = (value) =>
  value === Infinity || (Number.isInteger(value) && (value as number) >= 1) || 'a whole number of at least 1'
export const oneOf =
  (...values: readonly unknown[]): Check =>
  (value) =>
    values.includes(value) || `one of ${values.map((each) => JSON.stringify(each)).join(', ')}`

/**
 * Checks that all options are known, and that each value is valid or `undefined`.
 *
 * @throws TypeError for an unknown option or an invalid value; the message says what the value must be, and the type of the value passed
 */
export function validate(options: object, checks: Checks): void {
  checkOptions(options, checks, NAMES_ELSEWHERE)
}

const NAMES_ELSEWHERE: NamesElsewhere = {
  maxAttempts:
    'retries (p-retry), maxRetries (openai), num_retries (LiteLLM), numOfAttempts (exponential-backoff), attempts, tries, maxTries, retry, retryCount; which counts the first attempt too',
  delayMs: 'interval',
  baseDelayMs:
    'minTimeout (p-retry), initialDelay (cockatiel), startingDelay (exponential-backoff), retryDelay (axios-retry), minDelay, delay, interval',
  maxDelayMs: 'maxTimeout (p-retry), maxBackoff',
  factor: 'exponent (cockatiel), timeoutFactor (undici), timeMultiple (exponential-backoff), multiplier',
  jitter: 'randomize (p-retry)',
  attemptTimeoutMs: 'timeout (openai), requestTimeout; for each attempt by itself',
  deadlineMs: 'maxRetryTime (p-retry), maxElapsedTime, totalTimeout; for the whole run',
  shouldRetry: 'retryCondition (axios-retry), retryIf, retryOn, retryWhen',
  onRetry: 'onFailedAttempt (p-retry); which is called only if another attempt follows',
  signal: 'abortSignal (the AI SDK)',
}
