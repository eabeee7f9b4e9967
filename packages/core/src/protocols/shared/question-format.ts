import { isRecord, type JsonBody } from '../../base/json.ts'
import type { ContinuationFormat } from './continuation-format.ts'

/** A request, divided into the text whose meaning counts and everything else, which must be equal. */
export interface Question {
  /** The latest message of the user. */
  readonly text: string
  /** The request without this text. Only to be compared with other such requests. */
  readonly rest: JsonBody
}

/** Where the question of a request and the text of its answer are. Used by the semantic cache. */
export interface QuestionFormat {
  /** Returns the question of a request; undefined if its last message is not a text of the user alone. */
  questionOf(request: JsonBody): Question | undefined
  /** Returns the text of a whole answer; undefined if it contains anything else, such as the call of a tool. */
  textOf(answer: JsonBody): string | undefined
  /** Returns the text of a streamed answer, by all of its events; undefined if it contains anything else. */
  textOfEvents(events: readonly JsonBody[]): string | undefined
}

/**
 * Divides a list of messages. What is not understood is not a question.
 *
 * @param field where the content of a message is
 * @returns the text of the last message, and the list without it
 */
export function divideMessages(
  messages: unknown,
  field: 'content' | 'parts',
): { readonly text: string; readonly rest: readonly unknown[] } | undefined {
  if (!Array.isArray(messages)) return undefined
  const before = messages as readonly unknown[]
  const last = before.at(-1)
  if (!isRecord(last) || (last['role'] !== 'user' && !(field === 'parts' && last['role'] === undefined)))
    return undefined
  const divided = divideContent(last[field])
  return divided && { text: divided.text, rest: [...before.slice(0, -1), { ...last, [field]: divided.rest }] }
}

/** Divides the content of a message: a text, or a list of one part that is a text. */
function divideContent(content: unknown): { readonly text: string; readonly rest: unknown } | undefined {
  if (typeof content === 'string') return { text: content, rest: null }
  if (!Array.isArray(content) || content.length !== 1) return undefined
  const [part] = content as readonly unknown[]
  if (!isRecord(part) || typeof part['text'] !== 'string' || !TEXT_TYPES.has(part['type'])) return undefined
  // A field that is new to us stays in the rest.
  return { text: part['text'], rest: [{ ...part, text: null }] }
}

/** The `type` of a part that is a text. Gemini's parts have none. */
const TEXT_TYPES = new Set<unknown>(['text', 'input_text', undefined])

/** Reads the text of a streamed answer by the reader of a protocol that can continue answers. */
export function textOfEventsBy(format: ContinuationFormat): QuestionFormat['textOfEvents'] {
  return (events) => {
    const reader = format.newReader()
    let whole = ''
    for (const event of events) {
      const { text, hasOther } = reader.read(event)
      if (hasOther) return undefined
      whole += text
    }
    return whole
  }
}
