import { isRecord, type JsonBody } from '../../base/json.ts'
import type { Capability } from '../../reporting/target.ts'
import { makesStored, refersToStored } from './stored-references.ts'
import type { RequestFormat } from '../protocol.ts'
import { requestedTier } from '../shared/tier-header.ts'

/** How requests to OpenAI's endpoints are read: everything is in the body, nothing in the URL. */
export const REQUEST: RequestFormat = {
  modelOf: (_url, body) => textOf(body?.['model']),
  isStreaming: (_url, body) => body?.['stream'] === true,
  needsOf,
  serviceTierOf: (body, headers) => requestedTier(textOf(body['service_tier'])?.toLowerCase(), headers),
  conversationOf: (body) => textOf(body['prompt_cache_key']) || conversationIn(body['conversation']),
  storedWith: (body) => (refersToStored(body) ? 'uses' : makesStored(body, false) ? 'makes' : undefined),
  sessionOf: (body) => textOf(body['safety_identifier'] ?? body['user']) || undefined,
  mayBeBilled: () => true,
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined
}

/** Returns the id of a stored conversation. A request contains it as a text, or as the `id` of an object. */
function conversationIn(conversation: unknown): string | undefined {
  return textOf(isRecord(conversation) ? conversation['id'] : conversation) || undefined
}

function needsOf(body: JsonBody): readonly Capability[] {
  const needs: Capability[] = []
  const parts = partsOf(body['messages'] ?? body['input'])
  if (Array.isArray(body['tools']) && body['tools'].length > 0) needs.push('tools')
  if (parts.some(({ type }) => type === 'image_url' || type === 'input_image')) needs.push('vision')
  if (parts.some(({ type }) => type === 'input_audio') || wantsAudio(body)) needs.push('audio')
  if (wantsJson(body)) needs.push('json')
  return needs
}

/** Returns the content parts of all messages. A message whose content is a text has none. */
export function partsOf(messages: unknown): readonly JsonBody[] {
  if (!Array.isArray(messages)) return []
  return messages.flatMap((message: unknown) => {
    const content = isRecord(message) ? message['content'] : undefined
    return Array.isArray(content) ? content.filter(isRecord) : []
  })
}

function wantsAudio({ modalities }: JsonBody): boolean {
  return Array.isArray(modalities) && modalities.includes('audio')
}

/** Whether a request wants JSON. The field for that is `response_format` in Chat Completions, and `text.format` in Responses. */
function wantsJson({ response_format, text }: JsonBody): boolean {
  const format = response_format ?? (isRecord(text) ? text['format'] : undefined)
  return isRecord(format) && (format['type'] === 'json_object' || format['type'] === 'json_schema')
}
