/** What one option accepts: a test and, for the message, its name in words. */
export type Check = readonly [accepts: (value: unknown) => boolean, expected: string]

/** The longest delay that `setTimeout` keeps, about 24.8 days. It runs a longer one at once. */
const LONGEST_TIMER_MS = 2 ** 31 - 1

const isNumber = (value: unknown, least: number, most: number): boolean =>
  typeof value === 'number' && value >= least && value <= most

export const delay = (least: number): Check => [
  (value) => isNumber(value, least, LONGEST_TIMER_MS),
  `a number of milliseconds from ${least} to ${LONGEST_TIMER_MS}`,
]
export const wholeNumber: Check = [
  (value) => Number.isInteger(value) && (value as number) >= 1,
  'a whole number of at least 1',
]
export const aPart: Check = [(value) => isNumber(value, 0, 1), 'a number from 0 to 1']
export const ofType = (type: 'function' | 'object'): Check => [
  (value) => typeof value === type && value !== null,
  `of type ${type}`,
]
export const oneOf = (...values: readonly string[]): Check => [
  (value) => values.includes(value as string),
  `one of ${values.join(', ')}`,
]
/** Anything with this method: what other code made may come from another realm. */
export const having = (method: string, expected: string): Check => [
  (value) => typeof (value as Record<string, unknown> | null | undefined)?.[method] === 'function',
  expected,
]
export const aSignal: Check = having('addEventListener', 'an AbortSignal')
/** An option need not be given. */
export const optional = ([accepts, expected]: Check): Check => [
  (value) => value === undefined || accepts(value),
  expected,
]
/**
 * Refuses, by name, an option that does not exist or whose value makes no sense.
 *
 * @throws TypeError which says what was expected and what came
 */
export function validate(options: object, checks: Readonly<Record<string, Check>>): void {
  expect('options', options, ofType('object'))
  const known = Object.keys(checks)
  for (const name of Object.keys(options)) {
    if (!known.includes(name))
      throw new TypeError(`unknown option ${name}; did you mean ${nearest(name, known)}?`)
  }
  for (const name of known) expect(name, options[name as never], checks[name] as Check)
}

/** @throws TypeError */
export function expect(name: string, value: unknown, [accepts, expected]: Check): void {
  if (accepts(value)) return
  // What came is named without its content, which may be a secret.
  const got =
    value === Object(value) ? typeof value : typeof value === 'string' ? `"${value}"` : String(value)
  throw new TypeError(`${name} must be ${expected}, got ${got}`)
}

/** The name that shares the most pairs of letters. */
function nearest(name: string, known: readonly string[]): string | undefined {
  const letters = name.toLowerCase()
  const shared = (other: string): number => {
    let pairs = 0
    for (let at = 0; at < letters.length; at++) {
      if (other.toLowerCase().includes(letters.slice(at, at + 2))) pairs++
    }
    return pairs
  }
  return known.toSorted((one, other) => shared(other) - shared(one))[0]
}
