import type { Answer } from '../../answers/answer.ts'
import { asArray, asObject, asString, isObject, type JsonObject } from '../../answers/json.ts'
import type { Question } from '../wire.ts'
import { badRequest, problemAnswer } from './errors.ts'
import { isVertex } from './paths.ts'

/** Returns the error for an invalid request to /v1/messages or its count_tokens; undefined for a valid one. */
export function checkRequest({ request, body, script: { models } }: Question): Answer | undefined {
  const { headers, model } = request
  const vertex = isVertex(request.path)
  const version = vertex ? body['anthropic_version'] : headers['anthropic-version']
  if (version === undefined) {
    const message = vertex ? 'anthropic_version: Field required' : 'anthropic-version: header is required'
    return badRequest(message, request)
  }
  if (!isObject(request.body)) return badRequest('The request body is not valid JSON.', request)
  if (model === undefined) return badRequest('model: Field required', request)
  if (models && !models.includes(model)) {
    return problemAnswer({ status: 404, message: `model: ${model}` }, request)
  }
  const wrong = checkMessages(body, model) ?? checkSampling(body, asString(version))
  const missing = request.operation === 'messages' ? checkMaxTokens(body) : undefined
  const message = missing ?? wrong
  return message === undefined ? undefined : badRequest(message, request)
}

function checkMaxTokens(body: JsonObject): string | undefined {
  const { max_tokens: maxTokens } = body
  if (maxTokens === undefined) return 'max_tokens: Field required'
  if (typeof maxTokens !== 'number' || !Number.isInteger(maxTokens) || maxTokens < 1) {
    return 'max_tokens: must be greater than or equal to 1'
  }
  const { budget_tokens: budget } = asObject(body['thinking'])
  return typeof budget === 'number' && budget >= maxTokens
    ? '`max_tokens` must be greater than `thinking.budget_tokens`.'
    : undefined
}

function checkMessages({ messages }: JsonObject, model: string): string | undefined {
  if (messages === undefined) return 'messages: Field required'
  const list = asArray(messages).map(asObject)
  if (list.length === 0) return 'messages: at least one message is required'
  const wrong = list.findIndex(({ role }) => role !== 'user' && role !== 'assistant' && role !== 'system')
  if (wrong >= 0) return `messages.${wrong}.role: Input should be 'user' or 'assistant'`
  const empty = list.findIndex(({ content }) => content === undefined)
  if (empty >= 0) return `messages.${empty}.content: Field required`
  return list.at(-1)?.['role'] === 'assistant' && refusesPrefill(model)
    ? 'This model does not support assistant message prefill. The conversation must end with a user message.'
    : undefined
}

/**
 * Whether a model rejects a conversation that ends with a message of the assistant (prefill). Models from version 4.6
 * on do.
 */
function refusesPrefill(model: string): boolean {
  const [, major, minor = '0'] = /^claude-[a-z]+-(\d+)(?:-(\d{1,2}))?(?=$|[-@:])/.exec(model) ?? []
  return major !== undefined && Number(major) + Number(minor) / 100 >= 4.06
}

/**
 * Returns the error for a sampling parameter such as `temperature`, which API versions from 2026-10-21 on reject;
 * otherwise undefined.
 */
function checkSampling(body: JsonObject, version: string): string | undefined {
  if (!/^\d{4}-/.test(version) || version < '2026-10-21') return undefined
  const field = ['temperature', 'top_p', 'top_k'].find((name) => body[name] !== undefined)
  return field && `${field}: Extra inputs are not permitted`
}
