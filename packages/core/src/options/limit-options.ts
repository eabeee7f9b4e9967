import { createRateLimiter, type RateLimits } from '@harbor/batch'
import { aCount, aFunction, checkOptions, type Check } from '../base/check.ts'
import { inSection, refuseOwnOf } from '../base/in-section.ts'

/** Returns the number of input tokens of a request, from its body: a number of at least 0. */
export type CountTokens = (request: Readonly<Record<string, unknown>>) => number

/**
 * The rate limits of a provider, and the maximum number of requests in flight. They apply separately to each quota group, which is a set of targets
 * that share rate limits. See the options of `createRateLimiter()` in `@harbor/batch`.
 */
export interface LimitOptions extends Omit<RateLimits, 'clock'> {
  /**
   * The maximum number of requests in flight in a quota group, at least 1; further calls wait. `'adaptive'`: Harbor raises the number until the
   * provider reports a rate limit or overload, and lowers it then. @default no limit
   */
  maxConcurrency?: number | 'adaptive' | undefined
  /**
   * Returns the number of input tokens of a request, in place of Harbor's estimate. Beware: the count is treated as exact, so a request
   * above a limit may fail at once. @default an estimate from the text; for each model, it is corrected by the usage that answers report
   */
  countTokens?: CountTokens | undefined
}

/** Checks a `limits` section. @throws OptionError for an unknown or invalid option */
export function checkLimits(limits: LimitOptions | false | undefined, name: string): void {
  if (!limits) return
  const { maxConcurrency, countTokens, ...rates } = limits
  checkOptions({ maxConcurrency, countTokens }, CHECKS, `${name}.`)
  refuseOwnOf(name, rates, ['clock'])
  inSection(name, () => createRateLimiter(rates))
}

/** The checks of the options that `@harbor/batch` does not have. */
const CHECKS = {
  maxConcurrency: {
    accepts: (value) => value === 'adaptive' || value === Infinity || aCount.accepts(value),
    expected: `${aCount.expected}, or 'adaptive'`,
  },
  countTokens: aFunction,
} as const satisfies Record<string, Check>
