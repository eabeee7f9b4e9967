import { isNegation, isNumber, isUnit } from './word-classes.ts'

/**
 * How two questions differ. `reversal`: the same words in another order. `case`: only in capital letters. `form`: only in marks and spaces.
 * `word`: in words of no other class.
 */
export type TextDifference =
  'reversal' | 'negation' | 'number' | 'unit' | 'code' | 'name' | 'case' | 'form' | 'word'

/**
 * Returns the class of the difference between two texts that are not equal. It is a guess for reports: that the texts differ is what decides.
 */
export function classOfDifference(one: string, other: string): TextDifference {
  const [words, others] = [wordsOf(one), wordsOf(other)]
  const changed = [...without(words, others), ...without(others, words)]
  if (changed.length === 0) return isInOrder(words, others) ? ofMarks(one, other) : 'reversal'
  if (one.toLowerCase() === other.toLowerCase()) return changed.some(isUnit) ? 'unit' : 'case'
  if (changed.some((word) => isCode(word) && !isUnit(word)) || differInCode(one, other)) return 'code'
  if (changed.some(isNegation) || isNegatedBy(changed)) return 'negation'
  if (changed.some(isNumber)) return 'number'
  if (changed.some(isUnit)) return 'unit'
  return changed.some((word) => /^\p{Lu}/u.test(word)) ? 'name' : 'word'
}

/** Words, numbers and signs. A word keeps what is inside it, such as `don't`, `snake_case`, `3.14` and `C++`. */
function wordsOf(text: string): string[] {
  const words: string[] = []
  for (const [part] of text.matchAll(PARTS))
    if (UNSPACED.test(part)) words.push(...segmentsOf(part))
    else words.push(part)
  return words
}

const PARTS =
  /[\p{L}\p{N}\p{M}_$#@°µ%€£¥]+(?:[.,'’:/*+<>=_-]+[\p{L}\p{N}\p{M}_]+)*(?:\+\+|#|\(\))?|[^\s\p{L}\p{N},.?!;:。？，！]+/gu
const UNSPACED = /[\p{sc=Han}\p{sc=Hiragana}\p{sc=Katakana}\p{sc=Thai}\p{sc=Lao}\p{sc=Khmer}\p{sc=Myanmar}]/u

/** The words of a script that puts no spaces between them. */
function segmentsOf(text: string): string[] {
  return Array.from(
    new Intl.Segmenter(undefined, { granularity: 'word' }).segment(text),
    ({ segment }) => segment,
  )
}

/** The words of a list that another list does not have, or has less often. */
function without(words: readonly string[], others: readonly string[]): string[] {
  const left = new Map<string, number>()
  for (const word of others) left.set(word, (left.get(word) ?? 0) + 1)
  return words.filter((word) => {
    const count = left.get(word) ?? 0
    left.set(word, count - 1)
    return count <= 0
  })
}

function isInOrder(words: readonly string[], others: readonly string[]): boolean {
  return words.every((word, at) => word === others[at])
}

function ofMarks(one: string, other: string): TextDifference {
  return differInCode(one, other) ? 'code' : 'form'
}

/** Signs that prose does not have, or not inside a word. */
function isCode(word: string): boolean {
  return (
    /[`{}[\]()<>=+*/\\|&^~;_$#@"]|[\p{L}]\.[\p{L}]|\p{Ll}\p{Lu}|^-{1,2}\p{L}/u.test(word) &&
    !/^[$#]?\p{N}/u.test(word)
  )
}

function differInCode(one: string, other: string): boolean {
  return codeOf(one) !== codeOf(other)
}

function codeOf(text: string): string {
  return (text.match(/`[^`]*`|"[^"]*"|[{}[\]()<>=+*\\|&^~;]/gu) ?? []).join(' ')
}

/** Whether two of the words are opposites by a prefix: "legal" and "illegal". */
function isNegatedBy(words: readonly string[]): boolean {
  const small = words.map((word) => word.toLowerCase())
  return small.some((word) =>
    PREFIXES.some((prefix) => small.includes(prefix + word) || small.includes(`${prefix}-${word}`)),
  )
}

const PREFIXES = ['un', 'in', 'im', 'il', 'ir', 'non', 'dis', 'de', 'anti', 'a', 'mis']
