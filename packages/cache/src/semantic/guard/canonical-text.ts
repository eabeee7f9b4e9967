import { decapitalized, withoutOpenings } from './openings.ts'
import { canonicalQuestion } from './question-forms.ts'
import { kindOf, withoutClosing, withoutMark } from './endings.ts'

/**
 * Returns a text with its frame replaced by one canonical frame, such as "what is the height of X" for `Hi! Could you tell me how tall X is?`.
 * Two texts with the same canonical text ask for the same.
 */
export function canonicalText(text: string): string {
  const whole = withoutClosing(text.trim())
  const { rest, asked, embedded } = withoutOpenings(whole)
  const opened = decapitalized(withoutContraction(rest))
  const kind = kindOf(opened)
  const bare = withoutMark(opened, kind, { asked, embedded })
  const question = decapitalized(embedded ? withVerbInFront(bare) : bare)
  return canonicalQuestion(question)
}

/** "What's" at the beginning is "what is". Later in the text nothing is expanded: "it's" and "its" are often confused. */
function withoutContraction(text: string): string {
  return text.replace(
    /^((?:[Ww]h(?:at|o|ere|en|y))|[Hh]ow)['’](s|re) /,
    (_all, word: string, verb: string) => (verb === 's' ? `${word} is ` : `${word} are `),
  )
}

/** A question inside another sentence has its verb at the end: `tell me what the capital is` asks "what is the capital". */
function withVerbInFront(text: string): string {
  return text.replace(EMBEDDED, '$1 $3 $2')
}

const EMBEDDED =
  /^(what|who|where|how (?:tall|old|long|big|deep|high|large|wide|fast)) (.+) (is|are|was|were)$/u
