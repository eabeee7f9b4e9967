/**
 * What other libraries call an option, by its name here. A name may be followed by the library, and the list by what is
 * different here: `'retries (p-retry), tries; which counts the first attempt too'`.
 */
export type NamesElsewhere = Readonly<Record<string, string>>

/**
 * What follows "did you mean" for an unknown option: the option and a question mark and, if another library uses the name,
 * which library that is and how the option here differs.
 *
 * @param known the names of this options object
 * @param prefix written before the option, such as `timeouts.`
 * @returns undefined if no option is close
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
 * The option that an unknown name was probably meant for, in this order: one with the same letters (`max_retries`), also
 * without the unit (`ttl` for `ttlMs`); one that other libraries call so (`retries`); a misspelled one, with at most one
 * wrong letter in every three. Undefined if none is that close: a wrong hint costs more time than none.
 *
 * @param known the names of this options object
 */
export function didYouMean(
  name: string,
  known: readonly string[],
  elsewhere: NamesElsewhere = {},
): string | undefined {
  return closestTo(name, known, elsewhere)?.option
}

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
      // A foreign name may have one typing error: with more, the suggestion would be a guess based on a guess.
      return (otherName === undefined || changes < 2) && isNear(wanted, letters, changes)
    })
    if (found) return found
  }
  return undefined
}

const MAX_CHANGES = 3
const NAME_ELSEWHERE = /(\w+)(?: \(([^)]+)\))?/g

function isNear(one: string, other: string, changes: number): boolean {
  if (one === other) return true
  // In a word of three letters, one wrong letter makes another word.
  const tooShort = Math.min(one.length, other.length) < 4
  return (
    !tooShort && changes * 3 <= Math.max(one.length, other.length) && changesBetween(one, other) <= changes
  )
}

/** In lower case, without a unit: `ttlMs` is `ttl`. */
const lettersOf = (name: string): string => name.replace(/[_-]/g, '').toLowerCase().replace(/ms$/, '')

/** How many letters are inserted, removed, replaced or swapped with their neighbour (optimal string alignment). */
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
