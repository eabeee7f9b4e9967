import { isRecord, type JsonBody } from '../../base/json.ts'
import type { Operation } from '../protocol.ts'
import { OTHER } from '../unknown/operation.ts'
import { GEMINI_ENDPOINT } from './gemini-endpoint.ts'
import { GEMINI_REQUEST, isStateful } from './gemini-request.ts'
import { GEMINI_TOKENS, INPUT_TOKENS } from './gemini-tokens.ts'
import { modelIn } from './gemini-url.ts'

/**
 * A request whose URL is not known, for `explain()`. It has what decides about targets and keys. It is never sent, so it needs none of the
 * code that reads answers, which is loaded with the first request. The URL would name the model, so the body does.
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
  endpoint: GEMINI_ENDPOINT,
  tokens: GEMINI_TOKENS,
}
const EMBED: Operation = { ...GENERATE, name: 'embedContent', tokens: INPUT_TOKENS }
const PINNED_GENERATE: Operation = { ...GENERATE, portable: false }
const PINNED_EMBED: Operation = { ...EMBED, portable: false }

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
