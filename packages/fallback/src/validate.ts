import { describeValue, didYouMean, LONGEST_TIMER_MS, type OtherNames } from '@harbor/parts'

/** Whether a value will do for an option: `true`, or else what it must be, in words. */
export type Check = (value: unknown) => true | string

const isNumber = (value: unknown, least: number, most: number): boolean =>
  typeof value === 'number' && value >= least && value <= most

export const delay =
  (least: number): Check =>
  (value) =>
    isNumber(value, least, LONGEST_TIMER_MS) ||
    `a number of milliseconds from ${least} to ${LONGEST_TIMER_MS}`
export const wholeNumber: Check = (value) =>
  (Number.isInteger(value) && (value as number) >= 1) || 'a whole number of at least 1'
export const aPart: Check = (value) => isNumber(value, 0, 1) || 'a number from 0 to 1'
export const anObject: Check = (value) => (typeof value === 'object' && value !== null) || 'of type object'
export const aFunction: Check = (value) => typeof value === 'function' || 'of type function'
/** Anything with this method: what other code made may come from another realm. */
export const having =
  (method: string, expected: string): Check =>
  (value) =>
    typeof (value as Record<string, unknown> | null | undefined)?.[method] === 'function' || expected
export const aSignal: Check = (value) => having('addEventListener', 'an AbortSignal')(value)

/**
 * Refuses, by name, an option that does not exist or whose value makes no sense. `undefined` is an option not given.
 *
 * @throws TypeError which says what was expected and what came
 */
export function validate(options: object, checks: Readonly<Record<string, Check>>): void {
  expect('options', options, anObject)
  for (const name of Object.keys(options)) {
    const check = Object.hasOwn(checks, name) && checks[name]
    if (!check) {
      const near = didYouMean(name, Object.keys(checks), OTHER_NAMES)
      throw new TypeError(`unknown option ${name}${near ? `; did you mean ${near}?` : ''}`)
    }
    const value: unknown = options[name as never]
    if (value !== undefined) expect(name, value, check)
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
  targets: 'models providers clients fallbacks',
  order: 'strategy sort',
  shouldAdvance: 'shouldFallback retryIf',
  failureThreshold: 'threshold maxFailures allowedFails',
  hedge: 'hedging',
  lastResort: 'default defaultValue fallback',
  onAdvance: 'onFallback onError',
  signal: 'abortSignal',
  afterMs: 'delay',
  maxExtraRatio: 'ratio',
}
