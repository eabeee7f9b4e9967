import { type Answer, jsonAnswer } from '../../answers/answer.ts'
import { decodePart } from '../../route.ts'
import { createdAt } from './chat.ts'
import { apiErrorFor, errorAnswer } from './errors.ts'

const usual = [
  'gpt-4',
  'gpt-4o',
  'gpt-4o-mini',
  'gpt-3.5-turbo',
  'text-embedding-3-small',
  'text-embedding-3-large',
]

/** Returns the answer to GET /v1/models and, with an id, to GET /v1/models/:id. */
export function answerModels(rest: string, models: readonly string[] = usual): Answer {
  const list = models.map((id) => ({ id, object: 'model', created: createdAt, owned_by: 'harbor' }))
  const id = decodePart(rest)
  if (id === '') return jsonAnswer({ object: 'list', data: list })
  const model = list.find((entry) => entry.id === id)
  return model ? jsonAnswer(model) : modelNotFound(id)
}

export function modelNotFound(model: string): Answer {
  return errorAnswer(404, {
    ...apiErrorFor(404),
    message: `The model '${model}' does not exist or you do not have access to it.`,
    param: 'model',
  })
}
