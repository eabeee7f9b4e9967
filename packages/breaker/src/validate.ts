import { describeValue, didYouMean, type OtherNames } from '@harbor/parts'

/** Whether a value will do for an option: `true`, or else what it must be, in words. */
export type Check = (value: unknown) => true | string

/** Finite: an opening ends some day, and what a snapshot holds must survive JSON. */
const isFrom1 = (value: unknown): boolean => Number.isFinite(value) && (value as number) >= 1

export const duration: Check = (value) => isFrom1(value) || 'a number of milliseconds of at least 1'
export const wholeNumber: Check = (value) =>
  (Number.isInteger(value) && isFrom1(value)) || 'a whole number of at least 1'
export const aRatio: Check = (value) =>
  (typeof value === 'number' && value > 0 && value <= 1) || 'a number above 0 and at most 1'
export const ofType =
  (type: 'function' | 'object' | 'string'): Check =>
  (value) =>
    (typeof value === type && value !== null) || `of type ${type}`
/** Anything with this method: what our own functions make may come from another copy of the package. */
export const having =
  (method: string, expected: string): Check =>
  (value) =>
    typeof (value as Record<string, unknown> | null | undefined)?.[method] === 'function' || expected

/**
 * Refuses, by name, an option that does not exist or whose value makes no sense. `undefined` is an option not given.
 *
 * @throws TypeError which says what was expected and what came
 */
export function validate(
  options: object,
  checks: Readonly<Record<string, Check>>,
  required: readonly string[] = [],
): void {
  expect('options', options, ofType('object'))
  for (const name of [...required, ...Object.keys(options)]) {
    const check = Object.hasOwn(checks, name) && checks[name]
    if (!check) {
      const near = didYouMean(name, Object.keys(checks), OTHER_NAMES)
      throw new TypeError(`unknown option ${name}${near ? `; did you mean ${near}?` : ''}`)
    }
    const value: unknown = options[name as never]
    if (value !== undefined || required.includes(name)) expect(name, value, check)
  }
}

/** @throws TypeError */
export function expect(name: string, value: unknown, check: Check): void {
  const expected = check(value)
  if (expected === true) return
  throw new TypeError(`${name} must be ${expected}, got ${describeValue(value)}`)
}

/** What other libraries call these options. */
const OTHER_NAMES: OtherNames = {
  trip: 'threshold failureThreshold errorThreshold errorThresholdPercentage maxFailures',
  openForMs: 'resetTimeout halfOpenAfter cooldown breakDuration sleepWindow',
  probes: 'halfOpenCalls halfOpenRequests',
  judge: 'errorFilter isFailure shouldTrip',
  restore: 'initialState',
  maxKeys: 'max maxSize maxEntries',
  idleMs: 'ttl maxAge',
  minimumCalls: 'volumeThreshold minimum minimumRps',
  failureRatio: 'ratio',
  durationMs: 'duration rollingCountTimeout',
}
