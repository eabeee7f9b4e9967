import { asObject } from '../../answers/json.ts'
import type { RecordedRequest } from '../../journal.ts'
import type { Demand } from '../wire.ts'
import { countEmbeddingTokens } from './embeddings.ts'
import { chatPrompt, responsesPrompt } from './prompts.ts'

/** Returns the tokens that a request for chat, a response or embeddings needs. */
export function demandOf(request: Pick<RecordedRequest, 'operation' | 'body'>): Demand {
  const { operation } = request
  const body = asObject(request.body)
  if (operation === 'embeddings') return { input: countEmbeddingTokens(body['input']), maxOutput: 0 }
  const { inputTokens, maxTokens } = operation === 'chat' ? chatPrompt(body) : responsesPrompt(body)
  const choices = typeof body['n'] === 'number' ? body['n'] : 1
  return { input: inputTokens, maxOutput: maxTokens === Infinity ? undefined : maxTokens * choices }
}
