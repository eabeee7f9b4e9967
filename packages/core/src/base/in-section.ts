import { OptionError } from './errors.ts'

/**
 * Converts the TypeError that another package throws for an invalid option into an OptionError. The OptionError names the option of Harbor
 * that contains the invalid one. Returns other errors unchanged.
 * @param section the option of Harbor, such as `retry`
 */
export function inSection(section: string, error: unknown): unknown {
  if (!(error instanceof TypeError)) return error
  const { message } = error
  return new OptionError(section, `In ${section}: ${message}${/[.?!]$/.test(message) ? '' : '.'}`)
}
