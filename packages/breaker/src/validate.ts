import { checkOptions, expectValue, type Check, type Checks, type NamesElsewhere } from '@harbor/parts'

export { aClock, aFunction, checksOf, expectValue, having, type Check } from '@harbor/parts'

/** Whether a value is a finite number of at least 1. Infinity is invalid, because JSON cannot hold it in a snapshot. */
const isAtLeast1 = (value: unknown): boolean => Number.isFinite(value) && (value as number) >= 1

export const duration: Check = (value) => isAtLeast1(value) || 'a number of milliseconds of at least 1'
export const wholeNumber: Check = (value) =>
  (Number.isInteger(value) && isAtLeast1(value)) || 'a whole number of at least 1'
export const aRatio: Check = (value) =>
  (typeof value === 'number' && value > 0 && value <= 1) || 'a number above 0 and at most 1'
export const aString: Check = (value) => typeof value === 'string' || 'a string'

/**
 * Checks that all options are known and valid. An option that is not in `required` may also be `undefined`.
 *
 * @throws TypeError for an unknown option or an invalid value; the message says what the value must be, and the type of the value
 * passed
 */
export function validate(options: object, checks: Checks, ...required: readonly string[]): void {
  checkOptions(options, checks, NAMES_ELSEWHERE)
  for (const name of required) expectValue(name, options[name as never], checks.get(name) as Check)
}

const NAMES_ELSEWHERE: NamesElsewhere = {
  trip: 'errorThresholdPercentage (opossum), maxFailures (opossum), allowed_fails (LiteLLM), breaker (cockatiel), threshold, failureThreshold, errorThreshold; a rule such as consecutive(5) or countWindow({ size: 10, failureRatio: 0.5 })',
  openForMs:
    'halfOpenAfter (cockatiel), resetTimeout (opossum), cooldown_time (LiteLLM), cooldown, breakDuration, sleepWindow; in milliseconds',
  probes: 'halfOpenCalls, halfOpenRequests',
  judge: 'errorFilter (opossum), isFailure, shouldTrip; which returns success, failure or ignore',
  restore: 'initialState (cockatiel); what snapshot() returned',
  maxKeys: 'max (lru-cache), maxSize, maxEntries',
  idleMs: 'ttl (lru-cache), maxAge',
  minimumCalls: 'volumeThreshold (opossum), minimumRps (cockatiel), minimum; a number of calls',
  failureRatio: 'errorThresholdPercentage (opossum), threshold (cockatiel), ratio; from 0 to 1: 0.5 for 50 %',
  durationMs: 'rollingCountTimeout (opossum), duration (cockatiel); in milliseconds',
}
