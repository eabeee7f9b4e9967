import { apiErrorFor } from '../api-error.ts'
import { type Answer, errorAnswer, jsonAnswer } from './answer.ts'
import { createdAt } from './chat.ts'

const usual = [
  'gpt-4',
  'gpt-4o',
  'gpt-4o-mini',
  'gpt-3.5-turbo',
  'text-embedding-3-small',
  'text-embedding-3-large',
]

/** The answer to GET /v1/models and GET /v1/models/:id. */
export function answerModels(path: string, models: readonly string[] = usual): Answer {
  const list = models.map((id) => ({ id, object: 'model', created: createdAt, owned_by: 'harbor' }))
  const id = decode(path.slice('/v1/models/'.length))
  if (id === '') return jsonAnswer({ object: 'list', data: list })
  const model = list.find((entry) => entry.id === id)
  return model ? jsonAnswer(model) : modelNotFound(id)
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    return part
  }
}

export function modelNotFound(model: string): Answer {
  return errorAnswer(404, {
    ...apiErrorFor(404),
    message: `The model '${model}' does not exist or you do not have access to it.`,
    param: 'model',
  })
}
