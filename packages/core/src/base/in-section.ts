import { OptionError } from './errors.ts'

/**
 * Turns the TypeError of another package about its options into an OptionError for the option of Harbor that contains these options.
 * Returns other errors unchanged.
 * @param section the option of Harbor, such as `retry`
 */
export function inSection(section: string, error: unknown): unknown {
  if (!(error instanceof TypeError)) return error
  const { message } = error
  return new OptionError(section, `In ${section}: ${message}${/[.?!]$/.test(message) ? '' : '.'}`)
}
