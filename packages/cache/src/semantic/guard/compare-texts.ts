import { canonicalText } from './canonical-text.ts'
import { classOfDifference, type TextDifference } from './class-of-difference.ts'

/**
 * Decides whether two questions certainly ask for the same. Vectors cannot: "with sugar" and "without sugar" have nearly the same one.
 *
 * The rule works by exclusion. The core of both texts must be equal, character by character. Only the frame around it may differ, in ways that
 * are written out: greetings, politeness, `can you tell me`, the final mark, and forms such as "how tall is …" for "what is the height of …".
 * Everything that is not on a list decides against, in any language. The core is never changed, since its words may be mentioned, not
 * used: "where does the word phone come from".
 *
 * @returns undefined if the texts ask for the same; otherwise the class of their first difference, which is for reports only
 */
export function compareTexts(first: string, second: string): TextDifference | undefined {
  if (first === second) return undefined
  const [one, other] = [canonicalText(first), canonicalText(second)]
  return one === other ? undefined : classOfDifference(one, other)
}
