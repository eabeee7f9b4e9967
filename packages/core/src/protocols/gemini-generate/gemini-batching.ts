import { isRecord, type JsonBody } from '../../base/json.ts'
import type { BatchingFormat } from '../shared/batching-format.ts'
import { listAt, recordAt } from './fields.ts'

/**
 * Combines several calls of `batchEmbedContents`, each with one text, into one call, and splits its answer. The SDK calls
 * `batchEmbedContents` even for a single text. Calls of `embedContent` are not combined, since it has another address and takes one content
 * only.
 */
export const GEMINI_BATCHING: BatchingFormat = {
  inputOf: (body) => textIn(onlyRequestIn(body)),
  withoutInput: (body) => ({ ...body, requests: [withText(onlyRequestIn(body), '')] }),
  withInputs: (body, inputs) => ({
    ...body,
    requests: inputs.map((text) => withText(onlyRequestIn(body), text)),
  }),
  // The embeddings are in the order of their requests: https://ai.google.dev/api/embeddings
  split(answer, count) {
    const embeddings = listAt(answer, 'embeddings')
    if (embeddings.length !== count) return 'unequal'
    return embeddings.map((embedding) => ({ ...answer, embeddings: [embedding] }))
  },
  withUsage: (answer, inputTokens) => ({
    ...answer,
    usageMetadata: { promptTokenCount: inputTokens, totalTokenCount: inputTokens },
  }),
}

function onlyRequestIn(body: JsonBody): JsonBody | undefined {
  const { requests } = body
  return Array.isArray(requests) && requests.length === 1 && isRecord(requests[0]) ? requests[0] : undefined
}

/** Returns the text of a request whose content is exactly one text; otherwise undefined. */
function textIn(request: JsonBody | undefined): string | undefined {
  const { parts } = recordAt(request ?? {}, 'content')
  if (!Array.isArray(parts) || parts.length !== 1 || !isRecord(parts[0])) return undefined
  const { text, ...others } = parts[0]
  return typeof text === 'string' && text !== '' && Object.keys(others).length === 0 ? text : undefined
}

function withText(request: JsonBody = {}, text: string): JsonBody {
  return { ...request, content: { ...recordAt(request, 'content'), parts: [{ text }] } }
}
