import { isRecord, type JsonBody } from '../../base/json.ts'
import { divideMessages, type QuestionFormat } from '../shared/question-format.ts'

/** The question of a chat request: the last message, if it is a text of the user. */
export const CHAT_QUESTION: QuestionFormat = {
  questionOf(request) {
    const divided = divideMessages(request['messages'], 'content')
    return divided && { text: divided.text, rest: { ...request, messages: divided.rest } }
  },
  textOf: (answer) => textOfChoices(answer, 'message'),
  textOfEvents(events) {
    const texts = events.map((event) => textOfChoices(event, 'delta'))
    return texts.includes(undefined) ? undefined : texts.join('')
  },
}

/** Returns the text of the only choice; an empty text if there is none, as in the last event of a stream. */
function textOfChoices({ choices }: JsonBody, field: 'message' | 'delta'): string | undefined {
  if (!Array.isArray(choices)) return ''
  const [choice, ...more] = choices as readonly unknown[]
  if (choice === undefined) return ''
  if (more.length > 0 || !isRecord(choice) || (choice['index'] ?? 0) !== 0) return undefined
  const message = choice[field]
  if (message == null) return ''
  return isRecord(message) ? textOfMessage(message) : undefined
}

/** Returns the text of a message. A field that is new to us makes it more than a text, unless it is empty. */
function textOfMessage({ role: _role, content, ...others }: JsonBody): string | undefined {
  const hasMore = Object.entries(others).some(
    ([name, value]) => !name.startsWith('reasoning') && !isEmpty(value),
  )
  if (hasMore || (content != null && typeof content !== 'string')) return undefined
  return content ?? ''
}

function isEmpty(value: unknown): boolean {
  return value == null || value === '' || (Array.isArray(value) && value.length === 0)
}
