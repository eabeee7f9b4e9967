import { nearestName } from './nearest-name.ts'

/** What one option accepts: a test and, for the message, its name in words. */
export type Check = readonly [accepts: (value: unknown) => boolean, expected: string]

/** The longest delay that `setTimeout` keeps, about 24.8 days. It runs a longer one at once. */
const LONGEST_TIMER_MS = 2_147_483_647
/** Nothing is kept longer: a year. It is what bounds the memory of invalidated tags, too. */
export const LONGEST_LIFE_MS = 31_536_000_000

const between = (value: unknown, least: number, most: number): boolean =>
  typeof value === 'number' && value >= least && value <= most

export const timer: Check = [
  (value) => between(value, 1, LONGEST_TIMER_MS),
  'a number of milliseconds from 1 to 2147483647',
]
export const life: Check = [
  (value) => between(value, 0, LONGEST_LIFE_MS),
  'a number of milliseconds from 0 to 31536000000',
]
export const count: Check = [
  (value) => Number.isSafeInteger(value) && between(value, 1, Infinity),
  'a whole number of at least 1',
]
export const aPart: Check = [(value) => between(value, 0, 1), 'a number from 0 to 1']
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
/** Anything with these methods: what somebody made with another copy of a package is as good. */
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
 * Refuses, by name, an option that does not exist or whose value makes no sense. `undefined` is an option not given.
 *
 * @throws TypeError which says what was expected and what came
 */
export function validate(options: object, checks: Readonly<Record<string, Check>>, what = 'options'): void {
  if (typeof options !== 'object' || (options as unknown) === null) {
    throw new TypeError(`${what} must be an object, got ${show(options)}`)
  }
  for (const name in options) {
    const check = Object.hasOwn(checks, name) ? checks[name] : undefined
    if (!check) {
      throw new TypeError(`unknown option ${name}; did you mean ${nearestName(name, Object.keys(checks))}?`)
    }
    const value: unknown = options[name as never]
    if (value !== undefined) expect(name, value, check)
  }
}

/** @throws TypeError which says what was expected and what came */
export function expect(name: string, value: unknown, [accepts, expected]: Check): void {
  if (!accepts(value)) throw new TypeError(`${name} must be ${expected}, got ${show(value)}`)
}

/** Names what came without its content, which may be a secret. */
function show(value: unknown): string {
  if (value === '') return 'an empty string'
  if (Array.isArray(value)) return 'an array'
  if (typeof value === 'object' && value !== null) return 'an object'
  return typeof value === 'string' || typeof value === 'function' ? `a ${typeof value}` : String(value)
}
