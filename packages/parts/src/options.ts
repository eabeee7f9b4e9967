import { suggestionFor, type NamesElsewhere } from './suggestions.ts'

/** Whether an option accepts a value: `true`, or else what the value must be, in words. */
export type Check = (value: unknown) => true | string

/** The options of one object, each with its check. A map, since the options of a single call are checked in that call. */
export type Checks = ReadonlyMap<string, Check>
export const checksOf = (checks: Readonly<Record<string, Check>>): Checks => new Map(Object.entries(checks))

/**
 * Rejects, by name, an option that does not exist or has a wrong value. An option that is `undefined` counts as not given.
 *
 * @param elsewhere what other libraries call these options
 * @throws TypeError which says what was expected, and of which type the value is
 */
export function checkOptions(options: object, checks: Checks, elsewhere: NamesElsewhere): void {
  expectValue('options', options, anObject)
  for (const name of Object.keys(options)) {
    const check = checks.get(name)
    if (!check) {
      const meant = suggestionFor(name, [...checks.keys()], elsewhere)
      throw new TypeError(`unknown option ${name}${meant === undefined ? '' : `; did you mean ${meant}`}`)
    }
    const value: unknown = options[name as never]
    if (value !== undefined) expectValue(name, value, check)
  }
}

/** @throws TypeError which says what was expected, and of which type the value is */
export function expectValue(name: string, value: unknown, check: Check): void {
  const expected = check(value)
  if (expected !== true) throw new TypeError(`${name} must be ${expected}, got ${describeValue(value)}`)
}

/** Describes the type of a value. Its content may be a secret, unless it is a number, a boolean or nothing. */
export function describeValue(value: unknown): string {
  if (value === '') return 'an empty string'
  if (Array.isArray(value)) return 'an array'
  if (typeof value === 'object' && value !== null) return 'an object'
  return /string|function|symbol|bigint/.test(typeof value) ? `a ${typeof value}` : String(value)
}

export const anObject: Check = (value) => (typeof value === 'object' && value !== null) || 'an object'
export const aFunction: Check = (value) => typeof value === 'function' || 'a function'
/** Anything with these methods: the value may come from another copy of the package, or from another realm. */
export const having =
  (expected: string, ...methods: readonly string[]): Check =>
  (value) =>
    methods.every((method) => typeof (value as Record<string, unknown> | null)?.[method] === 'function') ||
    expected
export const aSignal: Check = (value) =>
  having('an AbortSignal', 'addEventListener', 'removeEventListener')(value)
export const aClock: Check = (value) => having('a clock', 'now')(value)
