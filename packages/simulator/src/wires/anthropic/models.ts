import { type Answer, jsonAnswer } from '../../answers/answer.ts'
import type { RecordedRequest } from '../../journal.ts'
import { decodePart } from '../../route.ts'
import { problemAnswer } from './errors.ts'

const usual = ['claude-opus-4-6', 'claude-sonnet-4-6', 'claude-haiku-4-5']

/** Returns the answer to GET /v1/models and GET /v1/models/:id. */
export function answerModels(request: RecordedRequest, models: readonly string[] = usual): Answer {
  const [, id = ''] = /\/models\/([^/]+)$/.exec(request.path) ?? []
  const model = decodePart(id)
  if (model !== '') {
    if (models.includes(model)) return jsonAnswer(modelInfo(model))
    return problemAnswer({ status: 404, message: `model: ${model}` }, request)
  }
  return jsonAnswer({
    data: models.map(modelInfo),
    has_more: false,
    first_id: models[0] ?? null,
    last_id: models.at(-1) ?? null,
  })
}

function modelInfo(id: string) {
  return {
    type: 'model',
    id,
    display_name: id,
    created_at: '2026-01-01T00:00:00Z',
    capabilities: null,
    lifecycle: 'active',
    deprecated_at: null,
    retires_at: null,
    line: null,
    max_input_tokens: 1_000_000,
    max_tokens: 64_000,
  }
}
