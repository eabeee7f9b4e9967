import { nearestName } from './nearest-name.ts'

/** The longest that a timer can wait. */
export const LONGEST_TIMER_MS = 2 ** 31 - 1

export function readWhole(name: string, value: unknown, least: number): number {
  if (typeof value !== 'number' || !Number.isInteger(value) || value < least)
    throw invalid(name, `a whole number of at least ${least}`, value)
  if (value > LONGEST_TIMER_MS) throw invalid(name, `at most ${LONGEST_TIMER_MS}`, value)
  return value
}

export function refuseUnknown(options: object, known: readonly string[], prefix: string): void {
  for (const name of Object.keys(options)) {
    if (known.includes(name)) continue
    throw new TypeError(
      `${prefix}${name} is not an option of the pool; did you mean ${prefix}${nearestName(name, known)}?`,
    )
  }
}

export function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

export function invalid(name: string, expected: string, value: unknown): TypeError {
  const got =
    typeof value === 'string' ? JSON.stringify(value) : isObject(value) ? 'an object' : String(value)
  return new TypeError(`${name} must be ${expected}, got ${got}`)
}
