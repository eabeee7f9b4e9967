import { suggestionFor, type NamesElsewhere } from './suggestions.ts'

/** Checks the value of an option. Returns `true`, or a text that says what the value must be, such as `a function`. */
export type Check = (value: unknown) => true | string

/** Maps the name of each option to its check. This is a `Map` because options can be checked in every call, so lookups must be fast. */
export type Checks = ReadonlyMap<string, Check>
export const checksOf = (checks: Readonly<Record<string, Check>>): Checks => new Map(Object.entries(checks))

/**
 * Checks that all options are known, and that each value is valid or `undefined`.
 *
 * @param elsewhere the names of the known options in other libraries, which are used to suggest an option for an unknown name
 * @throws TypeError for an unknown option or an invalid value; the message says what the value must be, and the type of the value passed
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

/**
 * Checks one value.
 *
 * @param name the name of the value, for the message
 * @throws TypeError that says what the value must be, and the type of the value passed
 */
export function expectValue(name: string, value: unknown, check: Check): void {
  const expected = check(value)
  if (expected !== true) throw new TypeError(`${name} must be ${expected}, got ${describeValue(value)}`)
}

/** Describes a value for an error message. For strings and objects, which may contain secrets, names only the type. */
export function describeValue(value: unknown): string {
  if (value === '') return 'an empty string'
  if (Array.isArray(value)) return 'an array'
  if (typeof value === 'object' && value !== null) return 'an object'
  return /string|function|symbol|bigint/.test(typeof value) ? `a ${typeof value}` : String(value)
}

export const anObject: Check = (value) => (typeof value === 'object' && value !== null) || 'an object'
export const aFunction: Check = (value) => typeof value === 'function' || 'a function'
/**
 * Creates a check for an object with these methods. The check does not use `instanceof`, because the object may come from another copy
 * of the package, or from another realm.
 *
 * @param expected a description of the object for the error message, such as `a clock`
 */
export const having =
  (expected: string, ...methods: readonly string[]): Check =>
  (value) =>
    methods.every((method) => typeof (value as Record<string, unknown> | null)?.[method] === 'function') ||
    expected
export const aSignal: Check = (value) =>
  having('an AbortSignal', 'addEventListener', 'removeEventListener')(value)
export const aClock: Check = (value) => having('a clock', 'now')(value)
