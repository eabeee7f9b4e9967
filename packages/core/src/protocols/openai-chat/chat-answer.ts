import { isRecord, type JsonBody } from '../../base/json.ts'
import { ANSWER } from '../openai/answer.ts'
import type { AnswerFormat } from '../protocol.ts'
import { MissingAnswerError } from '../shared/missing-answer.ts'

/** An answer with messages in its choices. To a request without messages, which is not shaped as OpenAI's, any object is an answer. */
export const CHAT_ANSWER: AnswerFormat = {
  ...ANSWER,
  missing(request, answer) {
    if (request && !Array.isArray(request['messages'])) return undefined
    return someChoice(answer, isChatChoice)
      ? undefined
      : new MissingAnswerError('without a message in its choices')
  },
}

/** The answer of the older Completions, with texts in its choices, and of servers that answer with a `content` of their own. */
export const COMPLETION_ANSWER: AnswerFormat = {
  ...ANSWER,
  missing(_request, answer) {
    if (typeof answer['content'] === 'string') return undefined
    return someChoice(answer, isTextChoice)
      ? undefined
      : new MissingAnswerError('without a text in its choices')
  },
}

function someChoice({ choices }: JsonBody, isAnswer: (choice: JsonBody) => boolean): boolean {
  return Array.isArray(choices) && choices.some((choice) => isRecord(choice) && isAnswer(choice))
}

/** A message that ended is an answer, also an empty one; one that did not end needs content. */
function isChatChoice(choice: JsonBody): boolean {
  const { message } = choice
  if (isRecord(message)) return hasEnded(choice) || hasContent(message)
  return message === undefined && choice['finish_reason'] === 'content_filter'
}

function isTextChoice(choice: JsonBody): boolean {
  const { text } = choice
  return typeof text === 'string' || (text == null && !('message' in choice) && hasEnded(choice))
}

/** Text, reasoning, a refusal, a tool call, audio: whatever field carries it. The role alone is none. */
function hasContent(message: JsonBody): boolean {
  for (const field in message) if (field !== 'role' && !isEmpty(message[field])) return true
  return false
}

function hasEnded({ finish_reason: reason }: JsonBody): boolean {
  return typeof reason === 'string' && !/^(?:null|none)?$/i.test(reason.trim())
}

function isEmpty(value: unknown): boolean {
  if (typeof value !== 'object') return value === undefined || value === '' || value === false
  return value === null || Object.keys(value).length === 0
}
