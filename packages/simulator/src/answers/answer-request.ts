import { hash } from 'node:crypto'
import { apiErrorFor } from '../api-error.ts'
import type { RecordedRequest } from '../journal.ts'
import type { ProviderScript } from '../script/script.ts'
import { type Answer, badRequest, errorAnswer } from './answer.ts'
import { answerChat } from './chat.ts'
import { isModelOperation, type ModelOperation } from './demand.ts'
import { answerEmbeddings } from './embeddings.ts'
import type { Finish } from './generate.ts'
import { answerModels, modelNotFound } from './models.ts'
import { asObject, isObject, type JsonObject } from './json.ts'
import { answerResponses } from './responses.ts'

/** Changes that a fault makes to an otherwise good answer. */
export interface AnswerChanges {
  stream?: boolean | undefined
  finish?: Finish | undefined
}

/**
 * Answers a request without any fault: as the model would or, if the request is invalid, with OpenAI's error. The
 * answer depends only on the request and the script.
 */
export function answerRequest(
  request: RecordedRequest,
  raw: Buffer,
  script: ProviderScript,
  changes: AnswerChanges = {},
): Answer {
  const refusal = checkKey(request, script.apiKeys)
  if (refusal) return refusal
  if (request.operation === 'models') return answerModels(request.path, script.models)
  if (!isModelOperation(request.operation)) return unknownPath(request)
  const { body } = request
  if (!isObject(body)) {
    return badRequest('We could not parse the JSON body of your request. The body must be a JSON object.')
  }
  const wrong = checkBody(request.operation, body, script.models)
  if (wrong) return wrong
  if (request.operation === 'embeddings') return answerEmbeddings(body)

  const options = {
    stream: changes.stream ?? body['stream'] === true,
    fingerprint: fingerprint(raw),
    reply: typeof script.reply === 'function' ? script.reply(request) : script.reply,
    finish: changes.finish,
  }
  return request.operation === 'chat' ? answerChat(body, options) : answerResponses(body, options)
}

/** The hash of the request's bytes, from which the ids of answers are made. */
export function fingerprint(raw: Buffer): string {
  return hash('sha1', raw, 'hex').slice(0, 24)
}

/** The 401 for a wrong or missing key, if keys are configured. */
export function checkKey(request: RecordedRequest, keys: readonly string[] | undefined): Answer | undefined {
  if (keys === undefined) return undefined
  const { authorization = '' } = request.headers
  const key = authorization.startsWith('Bearer ') ? authorization.slice(7) : request.headers['api-key']
  if (typeof key === 'string' && keys.includes(key)) return undefined
  if (key) return errorAnswer(401, apiErrorFor(401))
  const message = "You didn't provide an API key. Send it as: Authorization: Bearer YOUR_KEY."
  return errorAnswer(401, { ...apiErrorFor(401), message, code: null })
}

const required = { chat: 'messages', responses: 'input', embeddings: 'input' } as const

function checkBody(
  operation: ModelOperation,
  body: JsonObject,
  models: readonly string[] | undefined,
): Answer | undefined {
  const { model } = body
  if (typeof model !== 'string' || model === '') {
    return badRequest('you must provide a model parameter', 'model', 'missing_required_parameter')
  }
  const field = required[operation]
  if (body[field] === undefined) {
    return badRequest(`Missing required parameter: '${field}'.`, field, 'missing_required_parameter')
  }
  if (models && !models.includes(model)) return modelNotFound(model)
  return operation === 'chat' ? checkChat(body) : undefined
}

function checkChat(body: JsonObject): Answer | undefined {
  const { messages, n } = body
  if (!Array.isArray(messages) || messages.length === 0) {
    return badRequest("'messages' must be an array with at least one message.", 'messages')
  }
  for (const [index, message] of messages.entries()) {
    if (typeof asObject(message)['role'] !== 'string') {
      const field = `messages[${index}].role`
      return badRequest(`Missing required parameter: '${field}'.`, field, 'missing_required_parameter')
    }
  }
  if (n !== undefined && n !== null && (typeof n !== 'number' || !Number.isInteger(n) || n < 1 || n > 128)) {
    return badRequest("'n' must be a whole number from 1 to 128.", 'n', 'invalid_value')
  }
  return undefined
}

export function unknownPath({ method, path }: RecordedRequest): Answer {
  const message = `Invalid URL (${method} ${path})`
  return errorAnswer(404, { message, type: 'invalid_request_error', param: null, code: null })
}
