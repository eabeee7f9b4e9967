import { isRecord, type JsonBody } from '../../base/json.ts'
import type { Operation } from '../protocol.ts'
import { OTHER } from '../unknown/operation.ts'
import { requestedCount } from '../shared/requested-count.ts'
import { fieldOf, recordAt } from './fields.ts'
import { GEMINI_REQUEST, isStateful } from './gemini-request.ts'
import { modelIn, quotaModelOf } from './gemini-url.ts'

/**
 * A request whose URL is not known, for `explain()` before the rest of this protocol is loaded. It has what decides about targets and keys.
 * Its tokens are estimated as those of a chat request. The URL would name the model, so the body does.
 */
const GENERATE: Operation = {
  ...OTHER.write,
  name: 'generateContent',
  protocol: 'gemini-generate',
  vendor: 'google',
  portable: true,
  request: {
    ...GEMINI_REQUEST,
    modelOf: (_url, body) => (typeof body?.['model'] === 'string' ? modelOf(body['model']) : undefined),
  },
  endpoint: { ...OTHER.write.endpoint, withModel: (url) => url, quotaModelOf },
  tokens: {
    ...OTHER.write.tokens,
    contextOf: (body) => OTHER.write.tokens.contextOf(body) + outputLimitOf(body),
  },
}
const EMBED: Operation = { ...GENERATE, name: 'embedContent' }
const PINNED_GENERATE: Operation = { ...GENERATE, portable: false }
const PINNED_EMBED: Operation = { ...EMBED, portable: false }

function outputLimitOf(body: JsonBody): number {
  const limit = fieldOf(recordAt(body, 'generationConfig'), 'maxOutputTokens')
  return requestedCount(limit) ?? 0
}

/** Recognises a body of `generateContent`, `embedContent` or `batchEmbedContents`. */
export function geminiOfBody(body: JsonBody): Operation | undefined {
  if ('contents' in body) return isStateful(body) ? PINNED_GENERATE : GENERATE
  if (!isEmbedding(body) && !(Array.isArray(body['requests']) && body['requests'].some(isEmbedding)))
    return undefined
  return isStateful(body) ? PINNED_EMBED : EMBED
}

function isEmbedding(body: unknown): boolean {
  return isRecord(body) && isRecord(body['content']) && Array.isArray(body['content']['parts'])
}

/** Removes the collection `models/`, as the SDK adds it. A name with a provider, such as `gemini/gemini-2.5-pro`, stays as it is. */
function modelOf(name: string): string {
  return name.startsWith('models/') ? modelIn(name) : name
}
