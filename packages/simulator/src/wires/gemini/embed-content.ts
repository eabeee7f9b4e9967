import type { Answer } from '../../answers/answer.ts'
import { embed } from '../../answers/embed.ts'
import { asArray, asObject, asString, type JsonObject } from '../../answers/json.ts'
import { estimateTokens } from '../../answers/tokens.ts'
import type { Question } from '../wire.ts'
import { badRequest } from './errors.ts'
import { geminiJson } from './generate-content.ts'
import { actionOf } from './paths.ts'
import { partsText } from './prompt.ts'

/** Returns the answer to embedContent and batchEmbedContents. */
export function answerEmbedding({ request, body }: Question): Answer {
  const single = actionOf(request.path) === 'embedContent'
  const requests = single ? [body] : asArray(body['requests']).map(asObject)
  const sizes = requests.map((one) => dimensionsOf(one, asString(body['model'])))
  if (sizes.some((size) => !Number.isInteger(size) || size < 1 || size > 3072)) {
    return badRequest('* EmbedContentRequest.output_dimensionality: must be from 1 to 3072\n')
  }
  const embeddings = requests.map((one, index) => ({
    values: Array.from(embed(partsText(one['content']), sizes[index] ?? 1)),
  }))
  const usage = { input: embeddedTokens(body), output: 0 }
  return geminiJson(single ? { embedding: embeddings[0] } : { embeddings }, usage)
}

/** Returns the number of tokens in all contents of a request for embeddings. */
export function embeddedTokens(body: JsonObject): number {
  const requests = body['requests'] === undefined ? [body] : asArray(body['requests']).map(asObject)
  return requests.reduce((sum, one) => sum + Math.max(1, estimateTokens(partsText(one['content']))), 0)
}

function dimensionsOf(request: JsonObject, model: string): number {
  const { outputDimensionality = asObject(request['embedContentConfig'])['outputDimensionality'] } = request
  return Number(outputDimensionality ?? (model.startsWith('gemini-') ? 3072 : 768))
}
