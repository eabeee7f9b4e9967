import { isRecord, type JsonBody } from '../../base/json.ts'
import { ANSWER, usageOf } from '../openai/answer.ts'
import type { AnswerFormat } from '../protocol.ts'
import { MissingAnswerError } from '../shared/missing-answer.ts'

/** An answer with a vector for each input. */
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

/** How many embeddings a request wants: a list of numbers is one text in tokens. */
function inputCount(input: unknown): number | undefined {
  if (!Array.isArray(input)) return input === undefined ? undefined : 1
  return typeof input[0] === 'number' ? 1 : input.length
}

/** An object of the list has its vector under some name, as numbers, as base64, or in several encodings. */
function isEmbedding(item: unknown): boolean {
  if (!isRecord(item)) return isVector(item)
  for (const field in item) if (/^embeddings?$/.test(field) && isVector(item[field])) return true
  return false
}

function isVector(value: unknown): boolean {
  if (Array.isArray(value)) return value.length > 0 && value[0] !== null
  return isRecord(value) ? Object.values(value).some(isVector) : typeof value === 'string' && value !== ''
}
