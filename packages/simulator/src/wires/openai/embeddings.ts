import { type Answer, jsonAnswer } from '../../answers/answer.ts'
import { embed } from '../../answers/embed.ts'
import { asArray, asString, type JsonObject } from '../../answers/json.ts'
import { estimateTokens } from '../../answers/tokens.ts'
import { badRequest } from './errors.ts'

/** Returns the answer to POST /v1/embeddings. */
export function answerEmbeddings(body: JsonObject): Answer {
  const inputs = readInputs(body['input'])
  if (inputs === undefined || inputs.length === 0) {
    return badRequest(
      "'input' must be a string, an array of strings, or arrays of tokens, and not be empty.",
      'input',
    )
  }
  const model = asString(body['model'])
  const dimensions = body['dimensions'] ?? (model.includes('3-large') ? 3072 : 1536)
  if (
    typeof dimensions !== 'number' ||
    !Number.isInteger(dimensions) ||
    dimensions < 1 ||
    dimensions > 4096
  ) {
    return badRequest("'dimensions' must be a whole number from 1 to 4096.", 'dimensions')
  }
  const asBase64 = body['encoding_format'] === 'base64'
  const data = inputs.map((input, index) => {
    const vector = embed(typeof input === 'string' ? input : input.join(' '), dimensions)
    return { object: 'embedding', index, embedding: asBase64 ? base64(vector) : Array.from(vector) }
  })
  const tokens = countTokens(inputs)
  const usage = { prompt_tokens: tokens, total_tokens: tokens }
  return jsonAnswer({ object: 'list', data, model, usage }, { input: tokens, output: 0 })
}

/** Returns the number of tokens in the `input` of a request; 0 if it is invalid. */
export function countEmbeddingTokens(input: unknown): number {
  return countTokens(readInputs(input) ?? [])
}

type Input = string | readonly number[]

function countTokens(inputs: readonly Input[]): number {
  return inputs.reduce(
    (sum, input) => sum + (typeof input === 'string' ? Math.max(1, estimateTokens(input)) : input.length),
    0,
  )
}

function readInputs(input: unknown): readonly Input[] | undefined {
  if (typeof input === 'string') return input === '' ? undefined : [input]
  const list = asArray(input)
  if (list.length > 0 && isTokens(list)) return [list]
  return list.every((entry): entry is Input => typeof entry === 'string' || isTokens(entry))
    ? list
    : undefined
}

function isTokens(value: unknown): value is readonly number[] {
  return Array.isArray(value) && value.every((token) => typeof token === 'number')
}

function base64(vector: Float32Array): string {
  return Buffer.from(vector.buffer, vector.byteOffset, vector.byteLength).toString('base64')
}
