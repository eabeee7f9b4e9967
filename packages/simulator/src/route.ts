/** The wire formats that a simulated provider speaks, by vendor. */
export type WireName = 'openai' | 'anthropic' | 'gemini'

/**
 * The operation of a request. `connect` is a connection that was ended before its request; `other` is any unknown
 * path.
 */
export type Operation = RequestOperation | 'connect'

/** The operations that a rule can name. */
export type RequestOperation =
  | 'chat'
  | 'responses'
  | 'stored-responses'
  | 'embeddings'
  | 'messages'
  | 'generate-content'
  | 'embed-content'
  | 'count-tokens'
  | 'models'
  | 'files'
  | 'batches'
  | 'other'

export const requestOperations: readonly RequestOperation[] = [
  'chat',
  'responses',
  'stored-responses',
  'embeddings',
  'messages',
  'generate-content',
  'embed-content',
  'count-tokens',
  'models',
  'files',
  'batches',
  'other',
]

/** The operations that use up the rate limits of a script. */
export function isMetered(operation: Operation): boolean {
  return metered.has(operation)
}

const metered: ReadonlySet<Operation> = new Set([
  'chat',
  'responses',
  'embeddings',
  'messages',
  'generate-content',
  'embed-content',
])

/** The first line and the headers of a request: all that is known before its body has been read. */
export interface RequestHead {
  method: string
  /** Without the query. */
  path: string
  query: string
  headers: Readonly<Record<string, string | readonly string[] | undefined>>
}

/** What the URL and the headers of a request say about it. */
export interface Route {
  wire: WireName
  operation: RequestOperation
  /** The model, if the URL names it. */
  model?: string | undefined
  /** Whether a stream is requested, if the URL says so. */
  stream?: boolean | undefined
}

/** A part of a URL's path, decoded; as it is if it is not encoded correctly. */
export function decodePart(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    return part
  }
}
