import type { Operation } from './operation.ts'
import type { JsonBody } from '../base/json.ts'
import { isRecord } from '../base/json.ts'

/** A JSON object is not the answer to its request. The message goes on where "answered 200 …" ends. */
export class MissingAnswerError extends Error {
  override readonly name = 'MissingAnswerError'
  /** Some of what was requested is there: less of it at once may be answered whole. */
  readonly isPartial: boolean

  constructor(message: string, isPartial = false) {
    super(message)
    this.isPartial = isPartial
  }
}

/**
 * What keeps a JSON object from being an answer to a request; undefined when it is one. Vendors differ in almost everything, so it
 * only has to hold something that the caller can use: a message or its end, an output, a vector for each input. A request that is
 * not shaped as OpenAI's has an answer of its own shape.
 */
export function whatIsMissing(
  { name }: Operation,
  request: JsonBody | undefined,
  answer: JsonBody,
): MissingAnswerError | undefined {
  switch (name) {
    case 'chat':
      if (request && !Array.isArray(request['messages'])) return undefined
      return someChoice(answer, isChatChoice) ? undefined : missing('without a message in its choices')
    case 'completions':
      if (typeof answer['content'] === 'string') return undefined
      return someChoice(answer, isTextChoice) ? undefined : missing('without a text in its choices')
    case 'responses':
      return hasOutput(answer) ? undefined : missing('without an output')
    case 'embeddings':
      return missingEmbeddings(request?.['input'], answer)
    case 'other':
      return undefined
  }
}

function missing(what: string): MissingAnswerError {
  return new MissingAnswerError(what)
}

function someChoice({ choices }: JsonBody, isAnswer: (choice: JsonBody) => boolean): boolean {
  return Array.isArray(choices) && choices.some((choice) => isRecord(choice) && isAnswer(choice))
}

/** A message that ended is an answer, also an empty one; one that did not end needs content. */
function isChatChoice(choice: JsonBody): boolean {
  const { message } = choice
  if (isRecord(message)) return hasEnded(choice) || hasContent(message)
  return message === undefined && choice['finish_reason'] === 'content_filter'
}

function isTextChoice(choice: JsonBody): boolean {
  const { text } = choice
  return typeof text === 'string' || (text == null && !('message' in choice) && hasEnded(choice))
}

/** Text, reasoning, a refusal, a tool call, audio: whatever field carries it. The role alone is none. */
function hasContent(message: JsonBody): boolean {
  for (const field in message) if (field !== 'role' && !isEmpty(message[field])) return true
  return false
}

function hasEnded({ finish_reason: reason }: JsonBody): boolean {
  return typeof reason === 'string' && !/^(?:null|none)?$/i.test(reason.trim())
}

/** An output may be empty while the response is being made, and when it ended early. */
function hasOutput({ output, status }: JsonBody): boolean {
  return Array.isArray(output) && (output.length > 0 || (typeof status === 'string' && status !== ''))
}

function missingEmbeddings(input: unknown, answer: JsonBody): MissingAnswerError | undefined {
  const expected = inputCount(input)
  if (expected === undefined) return undefined
  const list = [answer['data'], answer['embeddings']].find(Array.isArray) as readonly unknown[] | undefined
  const vectors = list?.filter(isEmbedding).length ?? (isVector(answer['embedding']) ? 1 : 0)
  if (vectors >= expected) return undefined
  return new MissingAnswerError(`with ${vectors} of ${expected} embeddings`, vectors > 0)
}

/** How many embeddings a request asks for: a list of numbers is one text in tokens. */
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

function isEmpty(value: unknown): boolean {
  if (typeof value !== 'object') return value === undefined || value === '' || value === false
  return value === null || Object.keys(value).length === 0
}
