import { CLOSINGS_ELSEWHERE, QUESTION_WORDS_ELSEWHERE } from './other-languages.ts'
import { QUESTION_WORDS } from './openings.ts'

/** What kind of sentence a text is, by its first word. Only of a question and a request is it known what the final mark means. */
export type TextKind = 'question' | 'request' | 'other'

const QUESTION = new RegExp(
  `^(?:${QUESTION_WORDS}|is|are|was|were|does|did|do (?:I|you|we|they)|can|could|should|would|has|in (?:what|which) year)(?: |'|’)`,
  'u',
)
/** Not "translate", "continue" or "write hello.": there, the mark may be a part of the text to work on. */
const REQUEST =
  /^(?:(?:explain|describe|summarize|summarise|list|give|show|compare|tell|recommend|suggest|name|provide|find|help) |(?:write|create|make|generate) (?:(?:me|us) )?(?:an?|the|some) )/u

export function kindOf(text: string): TextKind {
  if (QUESTION.test(text) || QUESTION_WORDS_ELSEWHERE.test(text)) return 'question'
  return REQUEST.test(text) ? 'request' : 'other'
}

/**
 * Removes the question mark of a question, and the period of a request. It stays where it may be a part of what is asked about: after a single
 * letter ("the pattern a?"), behind a colon ("how is this spoken: really?"), or where the text is about patterns, types or punctuation.
 *
 * @param asked whether a frame such as `can you tell me` was removed, which explains a question mark behind a request
 * @param embedded whether the question was inside a frame such as `tell me`, which explains a period behind it
 */
export function withoutMark(
  text: string,
  kind: TextKind,
  { asked, embedded }: { readonly asked: boolean; readonly embedded: boolean },
): string {
  if (ABOUT_MARKS.test(text)) return text
  const rest = text.slice(0, -1).trimEnd()
  const isRemovable = /[?？]$/u.test(text)
    ? (kind === 'question' || asked) && BEFORE_MARK.test(rest)
    : /\p{L}[.。]$/u.test(text) && (kind === 'request' || embedded) && BEFORE_MARK.test(rest)
  return isRemovable ? rest.replace(/^¿/u, '') : text
}

/** The end of a word, of a number on its own, or of something in quotes, brackets or backticks. */
const BEFORE_MARK =
  /(?:[\p{L}\p{N}\p{M}]{2}|\s\p{N}|[`"”»)\]]|[\p{sc=Han}\p{sc=Hiragana}\p{sc=Katakana}\p{sc=Hangul}])$/u
const ABOUT_MARKS =
  /\b(?:types?|values?|variables?|null|nil|abbreviat\w*|acronyms?|stands? for|regex\w*|regular expressions?|patterns?|glob\w*|wildcards?|grep|match(?:es|ed|ing)?|nullable|optionals?|swift|kotlin|operators?|punctuat\w*|marks?|periods?|characters?|sentences?)\b|[:：]|正则|标点|符号|翻译/iu

/**
 * Politeness at the end of a text. It needs a mark in front of it: in "what is the French for please", the word is what is asked for. A question
 * mark in front of it stays, since it belongs to the question.
 */
const CLOSINGS: readonly RegExp[] = [
  /(?:,|(?<=[?.!]))\s+(?:please|thanks|thank you|many thanks|thx)(?: in advance| so much| very much| a lot)?[.!]?$/iu,
  // In "what is a cat, please?", the mark belongs to the question.
  /,\s+please(?=\?$)/iu,
  ...CLOSINGS_ELSEWHERE,
]

/** Removes thanks and "please" from the end of a text, and the space in front of them. */
export function withoutClosing(text: string): string {
  if (ABOUT_WORDS.test(text)) return text
  let rest = text
  for (let left = MAX_CLOSINGS; left > 0; left--) {
    const shorter = CLOSINGS.reduce((whole, closing) => whole.replace(closing, ''), rest)
    if (shorter === rest) break
    rest = shorter
  }
  return rest
}

/** In "how do I say no, thanks", the thanks are a part of what is said. */
const ABOUT_WORDS =
  /\b(?:say|says|said|spell\w*|writ\w*|words?|phrases?|pronounc\w*|mean\w*|translat\w*|call\w*|repl\w*|respond\w*|answer\w*|rhym\w*|sing|sang|song|title\w*|sorry|apolog\w*|polite\w*|sag\w*|dit|dire|dice|dicen|decir|diz|dizer)\b|hei(?:ß|ss)|说|讲|翻译/iu
/** "…, please? Thanks!" has two. */
const MAX_CLOSINGS = 2
