import { isRecord, type JsonBody } from '../../base/json.ts'
import { ANSWER, usageOf } from '../openai/answer.ts'
import type { AnswerFormat } from '../protocol.ts'
import { MissingAnswerError } from '../shared/missing-answer.ts'

/** How an answer with embeddings is read: it must have a vector for each input of its request. */
export const EMBEDDINGS_ANSWER: AnswerFormat = {
  ...ANSWER,
  missing: (request, answer) => missingEmbeddings(request?.['input'], answer),
  usageOf: (answer) => usageOf(answer, false),
}

function missingEmbeddings(input: unknown, answer: JsonBody): MissingAnswerError | undefined {
  const expected = inputCount(input)
  if (expected === undefined) return undefined
  const list = [answer['data'], answer['embeddings']].find(Array.isArray) as readonly unknown[] | undefined
  const vectors = list?.filter(isEmbedding).length ?? (isVector(answer['embedding']) ? 1 : 0)
  if (vectors >= expected) return undefined
  return new MissingAnswerError(`with ${vectors} of ${expected} embeddings`, vectors > 0)
}

/**
 * Returns how many embeddings a request wants; undefined when it has no input. A list of numbers counts as one input, since it is one text
 * in the form of token ids.
 */
function inputCount(input: unknown): number | undefined {
  if (!Array.isArray(input)) return input === undefined ? undefined : 1
  return typeof input[0] === 'number' ? 1 : input.length
}

/**
 * Whether an item of the answer is an embedding: a vector itself, or an object with a vector in `embedding` or `embeddings`. A vector is a
 * list of numbers, a base64 text, or an object that holds the vector in several encodings.
 */
function isEmbedding(item: unknown): boolean {
  if (!isRecord(item)) return isVector(item)
  for (const field in item) if (/^embeddings?$/.test(field) && isVector(item[field])) return true
  return false
}

function isVector(value: unknown): boolean {
  if (Array.isArray(value)) return value.length > 0 && value[0] !== null
  return isRecord(value) ? Object.values(value).some(isVector) : typeof value === 'string' && value !== ''
}
