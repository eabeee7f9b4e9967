import { hash } from 'node:crypto'
import type { Answer } from '../answers/answer.ts'
import type { Ending } from '../answers/generate.ts'
import { asObject } from '../answers/json.ts'
import type { RecordedRequest } from '../journal.ts'
import type { ProviderScript } from '../script/script.ts'
import { wireOf } from './registry.ts'
import type { Question } from './wire.ts'

/** Changes that a fault makes to an otherwise good answer. */
export interface AnswerChanges {
  stream?: boolean | undefined
  ending?: Ending | undefined
}

/**
 * Answers a request without any fault: with a model's output or, if the request is invalid, with the vendor's error.
 * The answer depends only on the request and the script.
 */
export function answerRequest(
  request: RecordedRequest,
  raw: Buffer,
  script: ProviderScript,
  changes: AnswerChanges = {},
): Answer {
  const wire = wireOf(request)
  return (
    refuseKey(request, script.apiKeys) ??
    (request.operation === 'other'
      ? wire.error(wire.unknownPath(request), request)
      : wire.answer(questionOf(request, raw, script, changes)))
  )
}

/** Returns a request with everything else that decides its answer. */
export function questionOf(
  request: RecordedRequest,
  raw: Buffer,
  script: ProviderScript,
  { stream = request.stream, ending }: AnswerChanges = {},
): Question {
  return {
    request,
    body: bodyOf(request),
    fingerprint: hash('sha1', raw, 'hex').slice(0, 24),
    script,
    stream,
    reply: typeof script.reply === 'function' ? script.reply(request) : script.reply,
    ending,
  }
}

/** Returns the JSON of a request. If the URL names a model, the model is added. */
function bodyOf({ body, model }: RecordedRequest): Question['body'] {
  const json = asObject(body)
  return model === undefined || json['model'] === model ? json : { ...json, model }
}

/**
 * Returns the error answer for a wrong or missing API key; undefined if the key is valid, or if no `keys` are given.
 * Any vendor's way to send a key is accepted.
 */
export function refuseKey(request: RecordedRequest, keys: readonly string[] | undefined): Answer | undefined {
  if (keys === undefined) return undefined
  const key = keyOf(request)
  if (key !== undefined && keys.includes(key)) return undefined
  const wire = wireOf(request)
  return wire.error(wire.wrongKey(key !== undefined, request), request)
}

function keyOf({ headers, query }: RecordedRequest): string | undefined {
  const { authorization = '' } = headers
  if (authorization.startsWith('Bearer ')) return authorization.slice('Bearer '.length)
  for (const name of ['api-key', 'x-api-key', 'x-goog-api-key']) {
    const value = headers[name]
    if (typeof value === 'string' && value !== '') return value
  }
  return new URLSearchParams(query).get('key') ?? undefined
}
