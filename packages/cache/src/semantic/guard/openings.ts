import type { Opening } from './opening.ts'
import { OPENINGS_ELSEWHERE, WORDS_ELSEWHERE } from './other-languages.ts'

/** What is left of a text when the frames at its beginning are removed. */
export interface Opened {
  readonly rest: string
  /** Whether a removed frame was itself a question, such as `can you tell me`, so that a final question mark belongs to it. */
  readonly asked: boolean
  /** Whether the rest is a question inside the removed frame, such as "what the capital is". */
  readonly embedded: boolean
}

export const QUESTION_WORDS = 'what|who|whose|which|where|when|why|how'
const VERBS = 'is|are|was|were|am|do|does|did|can|could|should|would|has|have'
const REQUESTS =
  'explain|describe|summarize|summarise|list|give|show|write|translate|compare|tell|recommend|suggest|name|create|generate|convert|calculate|find|help|provide|make'

/** Each word that may begin a question or a request. As the first word of a text, it means the same with a capital letter. */
const FIRST_WORDS = new Set(
  [QUESTION_WORDS, VERBS, REQUESTS, 'please|let|hi|hello|hey|good']
    .join('|')
    .split('|')
    .concat(WORDS_ELSEWHERE),
)

/** What may follow a removed frame. Otherwise the frame is a part of the text: "Hello, Dolly" is a name. */
const OPENER = `(?=(?:${eitherCase(`${QUESTION_WORDS}|${VERBS}|${REQUESTS}|please|let|i`)})(?: |'|’))`
const ASKED = `(?=(?:${QUESTION_WORDS})(?: |'|’))`
const POLITE = '(?:please |kindly )'

const OPENINGS: readonly Opening[] = [
  { pattern: start(`(?:hi|hello|hey|good (?:morning|afternoon|evening))(?: there)?[,.!]\\s+${OPENER}`) },
  { pattern: start(`please(?:, ${OPENER}| (?=(?:${QUESTION_WORDS}|${VERBS}|${REQUESTS}|let me) ))`) },
  // "Can you write a novel" may ask for an ability. With "please" or "me", it is a request.
  { pattern: start(`(?:can|could|would) you ${POLITE}(?=(?:${REQUESTS}) )`), asks: true },
  { pattern: start(`(?:can|could|would) you (?=(?:${REQUESTS}) (?:to )?(?:me|us) )`), asks: true },
  {
    pattern: start(
      `(?:can|could|would) you (?=(?:explain|summarize|summarise|describe) (?:the|an?|this|my|how|what|why|when|where|who) )`,
    ),
    asks: true,
  },
  { pattern: start(`tell me,? ${ASKED}`), embeds: true },
  // "Let me know when lunch is ready" asks for a notice.
  { pattern: start(`let me know ${ASKED}(?!when)`), embeds: true },
  { pattern: start(`i(?:(?: would|['’]d) like| want| need) to know ${ASKED}`), embeds: true },
  { pattern: start(`i(?: wonder|(?: am|['’]m| was) wondering) ${ASKED}`), embeds: true },
  // "Do you know how to swim" asks for an ability.
  {
    pattern: start(
      `do you (?:happen to )?know (?=(?:what|who|whose|which|where|when|why)(?: |'|’))(?!\\w+ to )`,
    ),
    asks: true,
    embeds: true,
  },
  ...OPENINGS_ELSEWHERE,
]

/** Removes greetings, politeness and questions about the question, one after the other. Something always remains. */
export function withoutOpenings(text: string): Opened {
  let opened: Opened = { rest: text, asked: false, embedded: false }
  for (let left = MAX_OPENINGS; left > 0; left--) {
    const next = withoutOpening(opened)
    if (!next) break
    opened = next
  }
  return opened
}

function withoutOpening({ rest, asked, embedded }: Opened): Opened | undefined {
  const lower = uncapitalized(rest)
  for (const { pattern, asks, embeds } of OPENINGS) {
    const [found] = pattern.exec(lower) ?? []
    if (!found) continue
    const after = lower.slice(found.length)
    return { rest: after, asked: asked || asks === true, embedded: embedded || embeds === true }
  }
  return undefined
}

/** Returns a text with a small first letter, if its first word means the same with one: not "Polish", and not "WHO". */
export function decapitalized(text: string): string {
  const [word = ''] = /^[\p{L}\p{M}]+/u.exec(text) ?? []
  const lower = uncapitalized(word)
  const isKnown = FIRST_WORDS.has(lower) || /^In (?:what|which) year /u.test(text)
  return isKnown ? lower + text.slice(word.length) : text
}

function uncapitalized(text: string): string {
  return text.slice(0, 1).toLowerCase() + text.slice(1)
}

/** A pattern for the start of a text whose first letter is small. */
function start(pattern: string): RegExp {
  return new RegExp(`^${pattern}`, 'u')
}

/** Words separated by `|`, also with a capital first letter, as after a greeting. */
function eitherCase(words: string): string {
  return words.replace(/\b\w/g, (letter) => `[${letter}${letter.toUpperCase()}]`)
}

/** A text has at most this number of frames: `Hi! Please, could you tell me`. */
const MAX_OPENINGS = 5
