import type { JsonBody } from '../base/json.ts'

/** What a request asks for, as far as Harbor treats requests differently. */
export interface Operation {
  readonly name: 'chat' | 'completions' | 'responses' | 'embeddings' | 'other'
  /** Its answer is judged before anybody sees it: JSON is read whole, a stream must prove its end. */
  readonly judged: boolean
  /** Any provider can serve it: it continues nothing that one of them keeps. */
  readonly portable: boolean
  /**
   * How often it may be sent again when an earlier copy may have been carried out, and billed: never when it
   * changes something at the provider, always when it only reads.
   */
  readonly ambiguousRetries: number
}

const OTHER: Operation = { name: 'other', judged: false, portable: false, ambiguousRetries: 0 }
const SAFE: Operation = { name: 'other', judged: false, portable: false, ambiguousRetries: Infinity }
const CHAT: Operation = { name: 'chat', judged: true, portable: true, ambiguousRetries: 1 }
const COMPLETIONS: Operation = { name: 'completions', judged: true, portable: true, ambiguousRetries: 1 }
const EMBEDDINGS: Operation = { name: 'embeddings', judged: true, portable: true, ambiguousRetries: 1 }
const RESPONSES: Operation = { name: 'responses', judged: true, portable: true, ambiguousRetries: 1 }
const STATEFUL_RESPONSES: Operation = {
  name: 'responses',
  judged: true,
  portable: false,
  ambiguousRetries: 0,
}

/**
 * Recognises an operation by its method and path, whatever stands before the path: providers put these
 * endpoints under many roots.
 */
export function operationOf(method: string, url: string, body: JsonBody | undefined): Operation {
  if (method === 'GET' || method === 'HEAD' || method === 'OPTIONS') return SAFE
  if (method !== 'POST' || body === undefined) return OTHER
  const path = pathOf(url)
  if (path.endsWith('/chat/completions')) return CHAT
  if (path.endsWith('/embeddings')) return EMBEDDINGS
  if (path.endsWith('/responses')) return isStateful(body) ? STATEFUL_RESPONSES : RESPONSES
  if (path.endsWith('/completions')) return COMPLETIONS
  return OTHER
}

/** A Responses request that continues or leaves something at the provider, so that a second copy is not the same. */
function isStateful(body: JsonBody): boolean {
  return body['previous_response_id'] != null || body['conversation'] != null || body['background'] === true
}

function pathOf(url: string): string {
  const query = url.search(/[?#]/)
  return query === -1 ? url : url.slice(0, query)
}
