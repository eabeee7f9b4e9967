import { aCount, checkOptions } from '../base/check.ts'
import { OptionError } from '../base/errors.ts'
import type { HarborOptions } from './options.ts'

/**
 * Returns the maximum number of attempts, from the option `retry.maxAttempts` or `maxRetries`.
 * @returns undefined when neither is given
 * @throws OptionError when the two contradict each other, or `retry.maxAttempts` is invalid
 */
export function attemptsOf({ retry, maxRetries }: HarborOptions): number | undefined {
  const maxAttempts = retry === false ? 1 : retry?.maxAttempts
  checkOptions({ maxAttempts }, { maxAttempts: aCount }, 'retry.')
  if (maxAttempts !== undefined && maxRetries !== undefined && maxAttempts !== maxRetries + 1) {
    throw new OptionError(
      'maxRetries',
      `maxRetries: ${maxRetries} and retry of ${maxAttempts} attempts contradict each other: they are one setting ` +
        `(maxRetries + 1 = maxAttempts). Give one of them.`,
    )
  }
  return maxAttempts ?? (maxRetries === undefined ? undefined : maxRetries + 1)
}
