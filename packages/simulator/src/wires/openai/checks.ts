import type { Answer } from '../../answers/answer.ts'
import { asObject, isObject, type JsonObject } from '../../answers/json.ts'
import { isAzure } from './paths.ts'
import type { Question } from '../wire.ts'
import { badRequest } from './errors.ts'
import { modelNotFound } from './models.ts'
import { deploymentNotFound, withoutApiVersion } from './azure.ts'

const required: Readonly<Record<string, string>> = {
  chat: 'messages',
  responses: 'input',
  embeddings: 'input',
}

/** Returns the error for an invalid request to a model; undefined for a valid one. */
export function checkRequest({ request, body, script: { models } }: Question): Answer | undefined {
  const { operation, path } = request
  if (withoutApiVersion(request)) return withoutApiVersion(request)
  if (!isObject(request.body)) {
    return badRequest('We could not parse the JSON body of your request. The body must be a JSON object.')
  }
  const { model } = body
  if (typeof model !== 'string' || model === '') {
    return badRequest('you must provide a model parameter', 'model', 'missing_required_parameter')
  }
  const field = required[operation] ?? ''
  if (body[field] === undefined) {
    return badRequest(`Missing required parameter: '${field}'.`, field, 'missing_required_parameter')
  }
  if (models && !models.includes(model)) return isAzure(path) ? deploymentNotFound : modelNotFound(model)
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
