/** What other libraries call an option: by its name here, their names for it, separated by spaces. */
export type OtherNames = Readonly<Record<string, string>>

/**
 * The option that an unknown name was probably meant for: the one with the same letters (`max_retries`), also without the
 * unit (`ttl` for `ttlMs`), one that other libraries call so (`retries`), or the one that takes the fewest changes, at most
 * one for every three letters. Undefined if none is that close: a wrong hint costs more time than none.
 *
 * @param known the names of this options object
 */
export function didYouMean(
  name: string,
  known: readonly string[],
  otherNames: OtherNames = {},
): string | undefined {
  const wanted = lettersOf(name)
  const candidates = known.map((option) => [option, lettersOf(option)] as const)
  for (const option of known)
    for (const other of otherNames[option]?.split(' ') ?? []) candidates.push([option, lettersOf(other)])
  for (let allowed = 0; allowed <= MAX_CHANGES; allowed++) {
    const found = candidates.find(([, letters]) => isNear(wanted, letters, allowed))
    if (found) return found[0]
  }
  return undefined
}

const MAX_CHANGES = 3

/** Describes the type of a value. Its content may be a secret, unless it is a number, a boolean or nothing. */
export function describeValue(value: unknown): string {
  if (value === '') return 'an empty string'
  if (Array.isArray(value)) return 'an array'
  if (typeof value === 'object' && value !== null) return 'an object'
  return /string|function|symbol|bigint/.test(typeof value) ? `a ${typeof value}` : String(value)
}

function isNear(one: string, other: string, allowed: number): boolean {
  if (one === other) return true
  // In a word of three letters, one wrong letter makes another word.
  const tooShort = Math.min(one.length, other.length) < 4
  return (
    !tooShort && allowed * 3 <= Math.max(one.length, other.length) && changesBetween(one, other) <= allowed
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
