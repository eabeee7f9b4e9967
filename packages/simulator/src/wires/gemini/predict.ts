import type { Answer } from '../../answers/answer.ts'
import { embed } from '../../answers/embed.ts'
import { asArray, asObject, asString, type JsonObject } from '../../answers/json.ts'
import { estimateTokens } from '../../answers/tokens.ts'
import type { Question } from '../wire.ts'
import { badRequest } from './errors.ts'
import { geminiJson } from './generate-content.ts'

/** The maximum size of a vector, and the default. */
const MAX_DIMENSIONS = 3_072

/**
 * Returns the answer to `:predict` on Vertex AI, which is how Google's SDK asks for embeddings there. Each instance has one text, and gets a
 * vector with the number of its tokens.
 */
export function answerPrediction({ body }: Question): Answer {
  const texts = textsOf(body)
  if (texts.includes('')) return badRequest('The instance is missing its required field: content.')
  const size = Number(asObject(body['parameters'])['outputDimensionality'] ?? MAX_DIMENSIONS)
  if (!Number.isInteger(size) || size < 1 || size > MAX_DIMENSIONS) {
    return badRequest(`Invalid outputDimensionality: must be from 1 to ${MAX_DIMENSIONS}.`)
  }
  const predictions = texts.map((text) => ({
    embeddings: {
      values: Array.from(embed(text, size)),
      statistics: { token_count: tokensOf(text), truncated: false },
    },
  }))
  const metadata = { billableCharacterCount: texts.join('').replace(/\s/g, '').length }
  return geminiJson({ predictions, metadata }, { input: predictedTokens(body), output: 0 })
}

/** Returns the number of tokens in all instances of a prediction. */
export function predictedTokens(body: JsonObject): number {
  return textsOf(body).reduce((sum, text) => sum + tokensOf(text), 0)
}

function textsOf(body: JsonObject): string[] {
  return asArray(body['instances']).map((instance) => asString(asObject(instance)['content']))
}

function tokensOf(text: string): number {
  return Math.max(1, estimateTokens(text))
}
