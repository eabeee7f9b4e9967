import { OptionError } from './errors.ts'

/**
 * Lets another package check options, or make something of them. Its TypeError for an invalid option becomes an OptionError, which names the
 * option of Harbor that contains the invalid one.
 * @param section the option of Harbor, such as `retry`
 * @returns what `use` returns
 */
export function inSection<Result>(section: string, use: () => Result): Result {
  try {
    return use()
  } catch (error) {
    if (!(error instanceof TypeError)) throw error
    const { message } = error
    throw new OptionError(section, `In ${section}: ${message}${/[.?!]$/.test(message) ? '' : '.'}`)
  }
}
