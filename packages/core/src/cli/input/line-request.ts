import type { BulkRequest } from '../../bulk/bulk-request.ts'
import { isRecord } from '../../base/json.ts'
import {
  endpointOfBody,
  endpointOfUrl,
  ENDPOINTS,
  inputFieldOf,
  withOutputLimit,
  type Endpoint,
} from '../../protocols/openai/batch-endpoints.ts'
import type { LineDefaults } from '../arguments.ts'
import { UsageError } from '../options.ts'

/**
 * The error for a line that is valid JSON but not a request. Its message continues a text such as "line 7 …", and
 * contains no content of the line.
 */
export class NotARequestError extends Error {
  override readonly name = 'NotARequestError'
}

/** A request with an id: the id that the line names, or `line-7` for line 7 if it names none. */
export type LineRequest = BulkRequest & { readonly custom_id: string }

type Fields = Readonly<Record<string, unknown>>

/** Matches the ids of lines that name none, such as `line-7`. Results and the journal contain these ids. */
export const LINE_ID = /^line-(\d+)$/

/**
 * Converts the value of a line to a request. The value is a prompt, `{ prompt }`, the body of a request, or a line of a
 * Batch API file.
 * @throws NotARequestError
 * @throws UsageError when neither the line nor the command names a model
 */
export function requestOfLine(value: unknown, line: number, defaults: LineDefaults): LineRequest {
  const { id, url: named, body: given } = partsOf(value, defaults)
  const url = named ?? defaults.url ?? endpointOfBody(given, defaults.model)
  if (defaults.onlyUrl !== undefined && url !== defaults.onlyUrl) {
    throw new NotARequestError(
      `is for ${url}, and a run through the Batch API has one endpoint, here ${defaults.onlyUrl} (see --url)`,
    )
  }
  checkBody(given, url)
  const model = given['model'] ?? defaults.model
  if (model === undefined) {
    throw new UsageError(
      `line ${line} names no model. Give --model (or HARBOR_MODEL) for lines that name none.`,
    )
  }
  if (typeof model !== 'string' || model === '') throw new NotARequestError('has a "model" that is no name')
  const limitedBody = withOutputLimit(given, url, defaults.maxTokens)
  const body = given['model'] === undefined ? { model, ...limitedBody } : limitedBody
  return { custom_id: nameOf(id, line), url, body } as unknown as LineRequest
}

/** Splits the value of a line, in any of its four forms, into id, endpoint and body. */
function partsOf(
  value: unknown,
  { system }: LineDefaults,
): { id: unknown; url?: Endpoint | undefined; body: Fields } {
  if (typeof value === 'string') return { id: undefined, body: { messages: messagesOf(value, system) } }
  if (!isRecord(value)) throw new NotARequestError('is neither an object nor a text')
  const { id, custom_id = id, ...fields } = value
  if ('body' in fields) return { id: custom_id, ...batchLine(fields) }
  if ('prompt' in fields) return { id: custom_id, body: ofPrompt(fields, system) }
  if ('messages' in fields || 'input' in fields) return { id: custom_id, body: fields }
  throw new NotARequestError('is no request: it has none of "prompt", "messages", "input" and "body"')
}

function batchLine({ body, url, method }: Fields): { url: Endpoint | undefined; body: Fields } {
  if (!isRecord(body)) throw new NotARequestError('has a "body" that is no object')
  if (method !== undefined && method !== 'POST') throw new NotARequestError('has a "method" that is not POST')
  const endpoint = endpointOfUrl(url)
  if (url !== undefined && endpoint === undefined)
    throw new NotARequestError(`has a "url" that is not one of ${ENDPOINTS.join(', ')}`)
  return { url: endpoint, body }
}

function ofPrompt({ prompt, model, ...more }: Fields, system: string | undefined): Fields {
  if (typeof prompt !== 'string') throw new NotARequestError('has a "prompt" that is no text')
  if (Object.keys(more).length > 0) {
    throw new NotARequestError(
      'has more than "id", "prompt" and "model", which would have no effect: use "messages" instead of "prompt"',
    )
  }
  return { ...(model !== undefined && { model }), messages: messagesOf(prompt, system) }
}

function messagesOf(prompt: string, system: string | undefined): readonly object[] {
  const question = { role: 'user', content: prompt }
  return system === undefined ? [question] : [{ role: 'system', content: system }, question]
}

function checkBody(body: Fields, url: Endpoint): void {
  const needed = inputFieldOf(url)
  if (body[needed] === undefined) throw new NotARequestError(`has no "${needed}", which ${url} needs`)
  if (needed === 'messages' && !Array.isArray(body[needed]))
    throw new NotARequestError('has "messages" that are no list')
  if (body['stream'])
    throw new NotARequestError('has "stream": a bulk run returns whole answers, so leave it out')
}

function nameOf(id: unknown, line: number): string {
  if (id === undefined) return `line-${line}`
  if (typeof id === 'number' && !isExact(id))
    throw new NotARequestError(
      'has an id that is a number with more digits than JSON readers keep: put it in quotation marks',
    )
  const name = typeof id === 'number' ? String(id) : id
  if (typeof name !== 'string' || name === '')
    throw new NotARequestError('has an id that is neither a text nor a number')
  if (LINE_ID.test(name))
    throw new NotARequestError('has an id of the form line-<number>, which is reserved for lines without one')
  return name
}

/**
 * Whether an id that is a number was parsed from JSON without loss of digits. True for safe integers, and for fractions
 * of at most 15 digits. Two different ids beyond these limits could become the same number.
 */
function isExact(id: number): boolean {
  return Number.isSafeInteger(id) || (Math.abs(id) < 2 ** 53 && String(id).replace(/\D/g, '').length <= 15)
}
