import { OptionError } from './errors.ts'

/** Turns a leaf package's TypeError about its options into an OptionError of the section they were given in. Returns other errors as they are. */
export function inSection(section: string, error: unknown): unknown {
  if (!(error instanceof TypeError)) return error
  const { message } = error
  return new OptionError(section, `In ${section}: ${message}${/[.?!]$/.test(message) ? '' : '.'}`)
}
