import { type Answer, jsonAnswer } from '../../answers/answer.ts'
import { asObject } from '../../answers/json.ts'
import type { Question, Wire } from '../wire.ts'
import { checkRequest } from './checks.ts'
import { errorBody, problemAnswer, problemOf } from './errors.ts'
import { event } from './message-events.ts'
import { answerMessages } from './messages.ts'
import { answerModels } from './models.ts'
import { routeAnthropic } from './paths.ts'
import { messagesPrompt } from './prompt.ts'
import { limitHeaders, overLimit } from './rate-limits.ts'

/** Anthropic's API: messages, token counts, models. */
export const anthropic: Wire = {
  name: 'anthropic',
  route: routeAnthropic,
  answer,
  demand: ({ body }) => {
    const { inputTokens, maxTokens } = messagesPrompt(asObject(body))
    return { input: inputTokens, maxOutput: maxTokens === Infinity ? undefined : maxTokens }
  },
  error: problemAnswer,
  wrongKey: (given) => (given ? { status: 401 } : { status: 401, message: 'x-api-key header is required' }),
  unknownPath: () => ({ status: 404 }),
  problemOf,
  blocked: (question) => answer({ ...question, ending: { finish: 'refusal', pieces: 0 } }),
  inBand: { status: 500 },
  streamError: (fault, { request }) => [event('error', errorBody({ ...fault, status: 500 }, request))],
  recording: () => ({ named: true, done: false }),
  headers: ({ requestId }) => ['request-id', requestId],
  limitHeaders,
  overLimit,
}

function answer(question: Question): Answer {
  const { request, body, script } = question
  if (request.operation === 'models') return answerModels(request, script.models)
  const wrong = checkRequest(question)
  if (wrong) return wrong
  if (request.operation === 'messages') return answerMessages(question)
  return jsonAnswer({ input_tokens: messagesPrompt(body).inputTokens })
}
