/** What one option accepts: a test and, for the message, its name in words. */
export type Check = readonly [accepts: (value: never) => boolean, expected: string]

/** A number of at least `least`. NaN is none. */
export const atLeast = (least: number, unit = ''): Check => [
  (value: unknown) => typeof value === 'number' && value >= least,
  `a number${unit} of at least ${least}`,
]
export const duration: Check = atLeast(0, ' of milliseconds')
export const wholeNumber: Check = [
  (value: unknown) => value === Infinity || (Number.isInteger(value) && (value as number) >= 1),
  'a whole number of at least 1',
]
export const oneOf = (...values: readonly unknown[]): Check => [
  (value: unknown) => values.includes(value),
  `one of ${values.map(show).join(', ')}`,
]
export const aFunction: Check = [(value: unknown) => typeof value === 'function', 'a function']
/** Anything with these methods: what our own functions make may come from another copy of the package. */
export const having = (expected: string, ...methods: readonly string[]): Check => [
  (value: Record<string, unknown> | null) => methods.every((method) => typeof value?.[method] === 'function'),
  expected,
]
export const aSignal: Check = having('an AbortSignal', 'addEventListener', 'removeEventListener')
export const aClock: Check = having('a clock', 'now')

/**
 * Refuses, by name, an option that does not exist or whose value makes no sense. `undefined` is an option not given.
 *
 * @throws TypeError which says what was expected and what came
 */
export function validate(options: object, checks: Readonly<Record<string, Check>>): void {
  for (const name of Object.keys(options)) {
    const value = (options as Record<string, unknown>)[name]
    const check = Object.hasOwn(checks, name) && checks[name]
    if (!check) {
      throw new TypeError(`unknown option ${name}; did you mean ${nearest(name, Object.keys(checks))}?`)
    }
    if (value !== undefined && !check[0](value as never)) {
      throw new TypeError(`${name} must be ${check[1]}, got ${show(value)}`)
    }
  }
}

/** Names what came without its content, which may be a secret. */
function show(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value)
  if (typeof value === 'object' && value) return `an ${Array.isArray(value) ? 'array' : 'object'}`
  return typeof value === 'function' ? 'a function' : String(value)
}

/** The known name that shares most pairs of letters with this one (Dice's coefficient). */
function nearest(name: string, known: readonly string[]): string {
  const likeness = (other: string): number => {
    const pairs = pairsOf(other)
    return pairsOf(name).filter((pair) => pairs.includes(pair)).length / (name.length + other.length)
  }
  return known.reduce((best, other) => (likeness(other) > likeness(best) ? other : best))
}

const pairsOf = (word: string): string[] =>
  Array.from(word.toLowerCase(), (letter, index) => letter + word.charAt(index + 1).toLowerCase())
