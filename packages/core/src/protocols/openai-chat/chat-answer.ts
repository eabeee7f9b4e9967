import { isRecord, type JsonBody } from '../../base/json.ts'
import { ANSWER } from '../openai/answer.ts'
import type { AnswerFormat } from '../protocol.ts'
import { MissingAnswerError } from '../shared/missing-answer.ts'

/**
 * How a chat answer is read: it must have a message in one of its choices. If the request has no `messages`, it is not in OpenAI's
 * format, and any object is accepted as its answer.
 */
export const CHAT_ANSWER: AnswerFormat = {
  ...ANSWER,
  missing(request, answer) {
    if (request && !Array.isArray(request['messages'])) return undefined
    return someChoice(answer, isChatChoice)
      ? undefined
      : new MissingAnswerError('without a message in its choices')
  },
}

/**
 * How an answer of the older Completions API is read: it must have a text in one of its choices, or a top-level `content`, as some servers
 * send it.
 */
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

/** Whether a choice is an answer. With a finish reason, even an empty message is an answer. Without one, the message must have content. */
function isChatChoice(choice: JsonBody): boolean {
  const { message } = choice
  if (isRecord(message)) return hasEnded(choice) || hasContent(message)
  return message === undefined && choice['finish_reason'] === 'content_filter'
}

function isTextChoice(choice: JsonBody): boolean {
  const { text } = choice
  return typeof text === 'string' || (text == null && !('message' in choice) && hasEnded(choice))
}

/** Whether a message has content (text, reasoning, a refusal, a tool call, audio) in any field other than `role`. */
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
