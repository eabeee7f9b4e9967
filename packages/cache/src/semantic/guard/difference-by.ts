import type { MissReason } from '../lookup.ts'
import { compareTexts } from './compare-texts.ts'

type Refusal = MissReason extends infer Reason ? (Reason extends `guard:${infer Name}` ? Name : never) : never

/**
 * Compares two texts by the built-in guard, then by the user's. Each can only decide against.
 *
 * @param own the option `guard`. What it returns is reported if it is a word; a function that throws decides against
 * @returns the class of the difference; undefined if there is none
 */
export function differenceBy(
  own: ((text: string, cachedText: string) => string | undefined) | undefined,
  text: string,
  cachedText: string,
  onError: (error: unknown) => void,
): Refusal | undefined {
  const difference = compareTexts(text, cachedText)
  if (difference !== undefined || !own) return difference
  try {
    const named: unknown = own(text, cachedText)
    if (named === undefined) return undefined
    return typeof named === 'string' && A_WORD.test(named) ? `own:${named}` : 'own'
  } catch (error) {
    onError(error)
    return 'own'
  }
}

/** A name for reports. Anything longer, or with spaces, could be a part of a text. */
const A_WORD = /^[\w.:-]{1,64}$/
