import type { Answer } from '../../answers/answer.ts'
import type { Question, Wire } from '../wire.ts'
import { azureHeaders, filteredPrompt } from './azure.ts'
import { answerChat } from './chat.ts'
import { checkRequest } from './checks.ts'
import { demandOf } from './demand.ts'
import { answerEmbeddings } from './embeddings.ts'
import { badRequest, problemAnswer, unknownPathProblem } from './errors.ts'
import { answerModels } from './models.ts'
import { isAzure, readPath, routeOpenai } from './paths.ts'
import { limitHeaders, overLimit } from './rate-limits.ts'
import { answerResponses } from './responses.ts'
import { problemOf, streamError } from './vendor-problems.ts'

/**
 * OpenAI's API, and Azure's under `/openai`: chat, responses, embeddings, models. `BatchService` answers requests for files and batches.
 */
export const openai: Wire = {
  name: 'openai',
  route: routeOpenai,
  answer,
  demand: demandOf,
  error: problemAnswer,
  wrongKey: (given, { path }) => {
    if (given || isAzure(path)) return { status: 401 }
    const message = "You didn't provide an API key. Send it as: Authorization: Bearer YOUR_KEY."
    return { status: 401, message, code: null }
  },
  unknownPath: unknownPathProblem,
  problemOf,
  blocked: ({ request }) => (isAzure(request.path) ? filteredPrompt : blockedPrompt),
  inBand: { status: 500, code: 'server_error' },
  streamError,
  recording: () => ({ named: false, done: true }),
  headers: ({ path, requestId }, elapsedMs) => [
    'x-request-id',
    requestId,
    'openai-processing-ms',
    String(Math.round(elapsedMs)),
    ...(isAzure(path) ? azureHeaders(requestId) : []),
  ],
  limitHeaders,
  overLimit,
}

const blockedPrompt = badRequest(
  'Invalid prompt: your prompt was flagged as potentially violating our usage policy. Please try again with a different prompt.',
  null,
  'invalid_prompt',
)

function answer(question: Question): Answer {
  const { request, body, script } = question
  const { operation, path } = request
  if (operation === 'models') return answerModels(readPath(path)?.rest ?? '', script.models)
  const wrong = checkRequest(question)
  if (wrong) return wrong
  if (operation === 'embeddings') return answerEmbeddings(body)
  return operation === 'chat' ? answerChat(question) : answerResponses(question)
}
