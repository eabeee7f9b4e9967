import { OptionError } from './errors.ts'

/** What a leaf says of its options, as an error of the section that they were given in; any other error as it is. */
export function inSection(section: string, error: unknown): unknown {
  if (!(error instanceof TypeError)) return error
  const { message } = error
  return new OptionError(section, `In ${section}: ${message}${/[.?!]$/.test(message) ? '' : '.'}`)
}
