/**
 * Maps the name of each Harbor option to a text with its names in other libraries, separated by commas. A name may be followed
 * by its library in parentheses. After `; `, the text may say how Harbor's option differs.
 *
 * Example: `{ maxAttempts: 'retries (p-retry), tries; which counts the first attempt too' }`
 */
export type NamesElsewhere = Readonly<Record<string, string>>

/**
 * Suggests an option for an unknown name. Returns the text that follows "did you mean" in an error message, such as
 * `maxAttempts? (p-retry calls it retries; here it is maxAttempts, which counts the first attempt too)`.
 *
 * @param name the unknown name
 * @param known the names of the options that exist
 * @param elsewhere the names of the known options in other libraries
 * @param prefix text that is written before the suggested option, such as `timeouts.`
 * @returns undefined if no option is similar enough
 */
export function suggestionFor(
  name: string,
  known: readonly string[],
  elsewhere: NamesElsewhere,
  prefix = '',
): string | undefined {
  const match = closestTo(name, known, elsewhere)
  if (!match) return undefined
  const option = prefix + match.option
  const { library, otherName } = match
  if (library === undefined) return `${option}?`
  const difference = elsewhere[match.option]?.split('; ')[1]
  const here = difference === undefined ? '' : `; here it is ${option}, ${difference}`
  return `${option}? (${library} calls it ${otherName}${here})`
}

/**
 * Finds the option that the user of an unknown name probably meant. Prefers an option with the same letters (`maxRetries` for
 * `max_retries`, `ttlMs` for `ttl`). Otherwise looks for an option with this name in another library, then for a similar
 * name, in which at most one letter in three is wrong, and then for the only option that begins with the name (`inputPerMillion` for
 * `input`).
 *
 * @param name the unknown name
 * @param known the names of the options that exist
 * @param elsewhere the names of the known options in other libraries
 * @returns undefined if no option is similar enough, because a wrong suggestion is worse than none
 */
export function didYouMean(
  name: string,
  known: readonly string[],
  elsewhere: NamesElsewhere = {},
): string | undefined {
  return closestTo(name, known, elsewhere)?.option
}

/** An option that the user may have meant, with a name to compare: its own name, or its name in another library. */
interface Candidate {
  readonly option: string
  readonly letters: string
  readonly otherName?: string | undefined
  readonly library?: string | undefined
}

function closestTo(name: string, known: readonly string[], elsewhere: NamesElsewhere): Candidate | undefined {
  const wanted = lettersOf(name)
  const candidates: Candidate[] = known.map((option) => ({ option, letters: lettersOf(option) }))
  for (const option of known) {
    const [names = ''] = elsewhere[option]?.split('; ') ?? []
    for (const [, otherName = '', library] of names.matchAll(NAME_ELSEWHERE))
      candidates.push({ option, letters: lettersOf(otherName), otherName, library })
  }
  for (let changes = 0; changes <= MAX_CHANGES; changes++) {
    const found = candidates.find(({ letters, otherName }) => {
      // A name from another library is a guess already, so it may have at most one wrong letter.
      return (otherName === undefined || changes < 2) && isNear(wanted, letters, changes)
    })
    if (found) return found
  }
  const longer = candidates.filter(
    ({ letters, otherName }) => otherName === undefined && letters.startsWith(wanted),
  )
  return wanted.length > MAX_CHANGES && longer.length === 1 ? longer[0] : undefined
}

const MAX_CHANGES = 3
const NAME_ELSEWHERE = /(\w+)(?: \(([^)]+)\))?/g

/** Whether two names differ in at most `changes` letters, and in at most one letter in three. */
function isNear(one: string, other: string, changes: number): boolean {
  if (one === other) return true
  // A name of three letters with one wrong letter is usually a different word.
  const tooShort = Math.min(one.length, other.length) < 4
  return (
    !tooShort && changes * 3 <= Math.max(one.length, other.length) && changesBetween(one, other) <= changes
  )
}

/** Converts a name to the form in which names are compared: in lower case, without `_` and `-`, and without the unit `Ms`. */
const lettersOf = (name: string): string => name.replace(/[_-]/g, '').toLowerCase().replace(/ms$/, '')

/**
 * Returns the edit distance between two names: the number of letters to insert, remove, replace or swap with a neighbour
 * (optimal string alignment).
 */
function changesBetween(one: string, other: string): number {
  let before: number[] = []
  let row = Array.from({ length: other.length + 1 }, (_, column) => column)
  for (let i = 1; i <= one.length; i++) {
    const next = [i]
    for (let j = 1; j <= other.length; j++) {
      const same = one[i - 1] === other[j - 1]
      const swapped = one[i - 1] === other[j - 2] && one[i - 2] === other[j - 1]
      next.push(
        Math.min(
          (row[j - 1] ?? 0) + (same ? 0 : 1),
          (row[j] ?? 0) + 1,
          (next[j - 1] ?? 0) + 1,
          swapped && i > 1 && j > 1 ? (before[j - 2] ?? 0) + 1 : Infinity,
        ),
      )
    }
    before = row
    row = next
  }
  return row[other.length] ?? 0
}
