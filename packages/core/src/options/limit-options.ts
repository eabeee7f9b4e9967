import { describeValue } from '@harbor/parts'
import { createConcurrencyLimit, createRateLimiter, type RateLimits } from '@harbor/batch'
import { OptionError } from '../base/errors.ts'
import { inSection } from '../base/in-section.ts'

/** Counts the tokens of a request's input exactly. */
export type CountTokens = (request: Readonly<Record<string, unknown>>) => number

/** What the providers allow, for each quota group by itself. */
export interface LimitOptions extends Omit<RateLimits, 'clock'> {
  /**
   * How many requests are under way at most; `adaptive` finds out how many are good, by what the provider calls too much.
   * @default no limit
   */
  maxConcurrency?: number | 'adaptive' | undefined
  /**
   * Counts the tokens of a request's input exactly. What it counts is believed: a request above a limit fails at once. @default an
   * estimate from the text by the script of its characters, corrected for each model by what its answers report
   */
  countTokens?: CountTokens | undefined
}

/** @throws OptionError for an option of a `limits` section that does not exist or makes no sense */
export function checkLimits(limits: LimitOptions | false | undefined, name: string): void {
  if (!limits) return
  const { maxConcurrency, countTokens, ...rates } = limits
  if ('clock' in rates)
    throw new OptionError(`${name}.clock`, `${name}.clock is the pipeline's to give. Take it out.`)
  try {
    createRateLimiter(rates)
    if (typeof maxConcurrency === 'number') createConcurrencyLimit({ max: maxConcurrency })
  } catch (error) {
    throw inSection(name, renamed(error))
  }
  if (countTokens !== undefined && typeof countTokens !== 'function') {
    throw new OptionError(`${name}.countTokens`, `${name}.countTokens must be a function of the request.`)
  }
  if (
    maxConcurrency !== undefined &&
    typeof maxConcurrency !== 'number' &&
    (maxConcurrency as unknown) !== 'adaptive'
  ) {
    throw new OptionError(
      `${name}.maxConcurrency`,
      `${name}.maxConcurrency must be a whole number of at least 1, or 'adaptive', got ${describeValue(maxConcurrency)}.`,
    )
  }
}

/** The leaf knows the number by another name. */
function renamed(error: unknown): unknown {
  return error instanceof TypeError
    ? new TypeError(error.message.replace(/^max must/, 'maxConcurrency must'))
    : error
}
