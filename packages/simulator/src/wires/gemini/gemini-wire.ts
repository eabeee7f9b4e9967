import type { Answer } from '../../answers/answer.ts'
import { asObject } from '../../answers/json.ts'
import type { FaultOf } from '../../script/fault.ts'
import type { Demand, Problem, Question, Wire } from '../wire.ts'
import { checkRequest } from './checks.ts'
import { answerEmbedding, embeddedTokens } from './embed-content.ts'
import { codeOf, errorBody, problemAnswer } from './errors.ts'
import { answerContent, contentStream, geminiJson, identity, isSse, sseEvent } from './generate-content.ts'
import { answerModels } from './models.ts'
import { actionOf, listedModel, routeGemini } from './paths.ts'
import { answerPrediction, predictedTokens } from './predict.ts'
import { contentPrompt } from './prompt.ts'
import { overLimit, problemOf } from './quota.ts'
import { ofText, usageMetadata } from './usage.ts'

/** Gemini's API: content with and without streaming, token counts, embeddings, models. */
export const gemini: Wire = {
  name: 'gemini',
  route: routeGemini,
  answer,
  demand,
  error: problemAnswer,
  wrongKey,
  unknownPath: ({ path }) => ({ status: 404, message: `The requested URL ${path} was not found.` }),
  problemOf,
  blocked,
  inBand: { status: 500 },
  streamError,
  recording: () => ({ named: false, done: false }),
  headers: (_, elapsedMs) => ['server-timing', `gfet4t7; dur=${Math.round(elapsedMs)}`],
  limitHeaders: () => [],
  overLimit,
}

function answer(question: Question): Answer {
  const { request, body, script } = question
  if (request.operation === 'models') return answerModels(listedModel(request.path), script.models)
  const wrong = checkRequest(question)
  if (wrong) return wrong
  if (request.operation === 'generate-content') return answerContent(question)
  if (actionOf(request.path) === 'predict') return answerPrediction(question)
  if (request.operation === 'embed-content') return answerEmbedding(question)
  const { inputTokens } = contentPrompt(asObject(body['generateContentRequest'] ?? body))
  return geminiJson({ totalTokens: inputTokens, promptTokensDetails: ofText(inputTokens) })
}

function demand({ operation, body: json }: Parameters<Wire['demand']>[0]): Demand {
  const body = asObject(json)
  if (operation === 'embed-content') {
    const isPrediction = body['instances'] !== undefined
    return { input: isPrediction ? predictedTokens(body) : embeddedTokens(body), maxOutput: 0 }
  }
  const { inputTokens, maxTokens } = contentPrompt(body)
  const { candidateCount: count } = asObject(body['generationConfig'])
  const candidates = typeof count === 'number' ? count : 1
  return { input: inputTokens, maxOutput: maxTokens === Infinity ? undefined : maxTokens * candidates }
}

/** Returns Google's error: 403 for a missing key, 400 for a wrong key, 401 for a wrong token. */
function wrongKey(given: boolean, { headers }: Question['request']): Problem {
  if (!given) {
    const message =
      "Method doesn't allow unregistered callers (callers without established identity). Please use API Key or other form of API consumer identity to call this API."
    return { status: 403, message }
  }
  if (headers.authorization !== undefined) return { status: 401 }
  const message = 'API key not valid. Please pass a valid API key.'
  return { status: 400, message, code: 'API_KEY_INVALID' }
}

/** Returns the answer to a blocked prompt, which has feedback and no candidate. */
function blocked(question: Question, { reason = 'PROHIBITED_CONTENT' }: FaultOf<'blocked-prompt'>): Answer {
  const good = answer(question)
  if (good.status !== 200 || question.request.operation !== 'generate-content') return good
  const { inputTokens } = contentPrompt(question.body)
  const feedback = {
    promptFeedback: { blockReason: reason },
    usageMetadata: usageMetadata(question, inputTokens, [], 0),
    ...identity(question),
  }
  const usage = { input: inputTokens, output: 0 }
  return question.stream ? contentStream(question, [feedback], usage) : geminiJson(feedback, usage)
}

/** Returns an error in a stream: an event or, without `alt=sse`, the last element of the JSON array. */
function streamError(fault: FaultOf<'stream-error'>, { request, stream }: Question): string[] {
  const { afterEvents, errorType = 'INTERNAL' } = fault
  const error = errorBody({ ...fault, status: codeOf(errorType) ?? 500 })
  if (!stream || isSse(request.query)) return [sseEvent(error)]
  return [`${afterEvents === 0 ? '[' : ',\r\n'}${JSON.stringify(error, null, 2)}\n]\n`]
}
