import { isRecord, type JsonBody } from '../../base/json.ts'
import { divideMessages, textOfEventsBy, type QuestionFormat } from '../shared/question-format.ts'
import { CHAT_CONTINUING } from './chat-continuing.ts'

const textOfEvents = textOfEventsBy(CHAT_CONTINUING)

/** The question of a chat request: the last message, if it is a text of the user. */
export const CHAT_QUESTION: QuestionFormat = {
  questionOf(request) {
    const divided = divideMessages(request['messages'], 'content')
    return divided && { text: divided.text, rest: { ...request, messages: divided.rest } }
  },
  textOf: (answer) => textOfEvents([asChunk(answer)]),
  textOfEvents,
}

/** Makes a chunk of a whole answer: its message is one delta. */
function asChunk(answer: JsonBody): JsonBody {
  const choices = Array.isArray(answer['choices']) ? (answer['choices'] as readonly unknown[]) : []
  return {
    ...answer,
    choices: choices.map((choice) => (isRecord(choice) ? { ...choice, delta: choice['message'] } : choice)),
  }
}
