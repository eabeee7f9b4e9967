import type { Operation } from '../route.ts'
import { countEmbeddingTokens } from './embeddings.ts'
import type { JsonObject } from './json.ts'
import { chatPrompt, responsesPrompt } from './prompt.ts'

/** The operations that run a model. */
export type ModelOperation = 'chat' | 'responses' | 'embeddings'

export function isModelOperation(operation: Operation): operation is ModelOperation {
  return operation === 'chat' || operation === 'responses' || operation === 'embeddings'
}

/** The tokens that a request needs, known before it is answered. */
export interface Demand {
  input: number
  /** The maximum number of output tokens; undefined if the request sets none. */
  maxOutput: number | undefined
}

export function demandOf(operation: ModelOperation, body: JsonObject): Demand {
  if (operation === 'embeddings') return { input: countEmbeddingTokens(body['input']), maxOutput: 0 }
  const { inputTokens, maxTokens } = operation === 'chat' ? chatPrompt(body) : responsesPrompt(body)
  const choices = typeof body['n'] === 'number' ? body['n'] : 1
  return { input: inputTokens, maxOutput: maxTokens === Infinity ? undefined : maxTokens * choices }
}
