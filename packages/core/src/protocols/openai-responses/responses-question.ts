import { isRecord, type JsonBody } from '../../base/json.ts'
import { divideMessages, type QuestionFormat } from '../shared/question-format.ts'

/** The question of a request to the Responses API: its input, or the last message of it, if it is a text of the user. */
export const RESPONSES_QUESTION: QuestionFormat = {
  questionOf(request) {
    const { input } = request
    if (typeof input === 'string') return { text: input, rest: { ...request, input: null } }
    const divided = divideMessages(input, 'content')
    return divided && { text: divided.text, rest: { ...request, input: divided.rest } }
  },
  textOf: textOfResponse,
  textOfEvents(events) {
    const completed = events.findLast(({ type }) => type === 'response.completed')
    return isRecord(completed?.['response']) ? textOfResponse(completed['response']) : undefined
  },
}

/** Returns the text of an output that is one message, after any reasoning. */
function textOfResponse({ output }: JsonBody): string | undefined {
  if (!Array.isArray(output)) return undefined
  const items = (output as readonly unknown[]).filter(
    (item) => !isRecord(item) || item['type'] !== 'reasoning',
  )
  const [message, ...more] = items
  if (!isRecord(message) || more.length > 0 || message['type'] !== 'message') return undefined
  const { content } = message
  if (!Array.isArray(content)) return undefined
  const texts = (content as readonly unknown[]).map((part) =>
    isRecord(part) && part['type'] === 'output_text' && typeof part['text'] === 'string'
      ? part['text']
      : undefined,
  )
  return texts.includes(undefined) ? undefined : texts.join('')
}
