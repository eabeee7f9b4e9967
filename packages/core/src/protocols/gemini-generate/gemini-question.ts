import { divideMessages, textOfEventsBy, type QuestionFormat } from '../shared/question-format.ts'
import { GEMINI_CONTINUING } from './gemini-continuing.ts'

const textOfEvents = textOfEventsBy(GEMINI_CONTINUING)

/** The question of a Gemini request: the last of its contents, if it is a text of the user. */
export const GEMINI_QUESTION: QuestionFormat = {
  questionOf(request) {
    const divided = divideMessages(request['contents'], 'parts')
    return divided && { text: divided.text, rest: { ...request, contents: divided.rest } }
  },
  // A whole answer has the form of an event.
  textOf: (answer) => textOfEvents([answer]),
  textOfEvents,
}
