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

/**
 * Refuses options of another package that Harbor sets itself.
 * @param advice what to do instead
 * @throws OptionError naming the first of them that is given
 */
export function refuseOwnOf(
  section: string,
  options: object,
  names: readonly string[],
  advice = 'Take it out.',
): void {
  const given = names.find((name) => name in options)
  if (given) throw new OptionError(`${section}.${given}`, `${section}.${given} is set by Harbor. ${advice}`)
}
