import { nearestName } from './nearest-name.ts'

/** What one option accepts: a test and, for the message, its name in words. */
export type Check = readonly [accepts: (value: unknown) => boolean, expected: string]

/** A whole number of at least 1; `Infinity` means no limit. */
export const count: Check = [
  (value) => value === Infinity || (Number.isInteger(value) && (value as number) >= 1),
  'a whole number of at least 1',
]
export const duration: Check = [
  (value) => typeof value === 'number' && value >= 0,
  'a number of milliseconds of at least 0',
]
export const flag: Check = [(value) => typeof value === 'boolean', 'true or false']
export const aFunction: Check = [(value) => typeof value === 'function', 'a function']
/** Anything with these methods: what somebody made with another copy of a package is as good. */
export const having = (expected: string, ...methods: readonly string[]): Check => [
  (value) =>
    methods.every((method) => typeof (value as Record<string, unknown> | null)?.[method] === 'function'),
  expected,
]
export const aClock: Check = having('a clock', 'now')
export const aSignal: Check = having('an AbortSignal', 'addEventListener', 'removeEventListener')
export const oneOf = (...values: readonly string[]): Check => [
  (value) => values.includes(value as string),
  `one of ${values.map(show).join(', ')}`,
]
export const either = (one: Check, other: Check): Check => [
  (value) => one[0](value) || other[0](value),
  `${one[1]} or ${other[1]}`,
]

/**
 * Refuses, by name, an option that does not exist or whose value makes no sense. `undefined` is an option not given.
 *
 * @throws TypeError which says what was expected and what came
 */
export function validate(options: object, checks: Readonly<Record<string, Check>>): void {
  if (!isObject(options)) throw new TypeError(`options must be an object, got ${show(options)}`)
  for (const [name, value] of Object.entries(options) as [string, unknown][]) {
    const check = Object.hasOwn(checks, name) ? checks[name] : undefined
    if (!check) {
      throw new TypeError(`unknown option ${name}; did you mean ${nearestName(name, Object.keys(checks))}?`)
    }
    if (value !== undefined && !check[0](value)) {
      throw new TypeError(`${name} must be ${check[1]}, got ${show(value)}`)
    }
  }
}

/** Names what came without its content, which may be a secret. */
export function show(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.length > 40 ? `${value.slice(0, 40)}…` : value)
  if (Array.isArray(value)) return 'an array'
  if (isObject(value)) return 'an object'
  return typeof value === 'function' ? 'a function' : String(value)
}

function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null
}
