import { checkOptions, MAX_TIMER_MS, type Check, type Checks, type NamesElsewhere } from '@harbor/parts'

export { aClock, aFunction, anObject, aSignal, checksOf, expectValue, type Check } from '@harbor/parts'

const isBetween = (value: unknown, min: number, max: number): boolean =>
  typeof value === 'number' && value >= min && value <= max

/** Creates a check for a delay in milliseconds, from `minMs` to the longest delay of `setTimeout`. */
export const delay =
  (minMs: number): Check =>
  (value) =>
    isBetween(value, minMs, MAX_TIMER_MS) || `a number of milliseconds from ${minMs} to ${MAX_TIMER_MS}`
export const wholeNumber: Check = (value) =>
  (Number.isInteger(value) && (value as number) >= 1) || 'a whole number of at least 1'
export const aRatio: Check = (value) => isBetween(value, 0, 1) || 'a number from 0 to 1'

/**
 * Checks that all options are known, and that each value is valid or `undefined`.
 *
 * @throws TypeError for an unknown option or an invalid value; the message says what the value must be, and the type of the value passed
 */
export function validate(options: object, checks: Checks): void {
  checkOptions(options, checks, NAMES_ELSEWHERE)
}

const NAMES_ELSEWHERE: NamesElsewhere = {
  targets: 'model_list (LiteLLM), models (OpenRouter), providers, clients, fallbacks; the first one included',
  order: 'routing_strategy (LiteLLM), strategy, sort',
  shouldAdvance: 'shouldFallback, retryIf',
  failureThreshold: 'allowed_fails (LiteLLM), threshold, maxFailures; failures in a row',
  healthCheckIntervalMs: 'cooldown_time (LiteLLM), cooldown; in milliseconds',
  hedge: 'hedging',
  lastResort: 'default, defaultValue, fallback',
  onAdvance: 'onFallback, onError',
  signal: 'abortSignal (the AI SDK)',
  afterMs: 'delay',
  maxExtraRatio: 'ratio',
}
