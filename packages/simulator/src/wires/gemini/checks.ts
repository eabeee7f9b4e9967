import type { Answer } from '../../answers/answer.ts'
import { asArray, asObject, isObject } from '../../answers/json.ts'
import type { Question } from '../wire.ts'
import { badRequest, problemAnswer } from './errors.ts'
import { actionOf } from './paths.ts'

/** Returns the error for an invalid request to a model; undefined for a valid one. */
export function checkRequest({ request, body, script: { models } }: Question): Answer | undefined {
  const { model = '', path, operation } = request
  if (!isObject(request.body)) return badRequest('Invalid JSON payload received. Expected an object.')
  const action = actionOf(path)
  if (models && !models.includes(model)) return modelNotFound(model, action)
  if (operation === 'generate-content') return checkContent(body)
  if (operation === 'count-tokens') {
    const inner = asObject(body['generateContentRequest'])
    return missing(body['contents'] ?? inner['contents'], 'CountTokensRequest.contents')
  }
  if (action === 'predict') return missing(body['instances'], 'PredictRequest.instances')
  return action === 'embedContent'
    ? missing(asArray(asObject(body['content'])['parts']), 'EmbedContentRequest.content')
    : missing(body['requests'], 'BatchEmbedContentsRequest.requests')
}

function checkContent(body: Question['body']): Answer | undefined {
  const { candidateCount: count = 1 } = asObject(body['generationConfig'])
  if (typeof count !== 'number' || !Number.isInteger(count) || count < 1 || count > 8) {
    return badRequest(
      'The specified candidate count is not in the supported range from 1 (inclusive) to 9 (exclusive).',
    )
  }
  return missing(body['contents'], 'GenerateContentRequest.contents')
}

function missing(value: unknown, field: string): Answer | undefined {
  return asArray(value).length > 0
    ? undefined
    : badRequest(`* ${field}: ${field.split('.')[1]} is not specified\n`)
}

export function modelNotFound(model: string, action: string): Answer {
  const name = model.includes('/') ? model : `models/${model}`
  const message = `${name} is not found, or is not supported for ${action}. Call ListModels to see the list of available models and their supported methods.`
  return problemAnswer({ status: 404, message })
}
