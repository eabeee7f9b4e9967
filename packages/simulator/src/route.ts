/** The wire format of a call, named after the vendor whose API it uses. Azure's API counts as `openai`. */
export type WireName = 'openai' | 'anthropic' | 'gemini'

/**
 * What a request does. `'connect'`: a fault ended the connection before a request arrived. `'other'`: the path is
 * unknown.
 */
export type Operation = RequestOperation | 'connect'

/**
 * What a request does, as a rule can name it, such as `chat` (chat completions), `messages` (Anthropic) or `generate-content` (Gemini).
 * `stored-responses`: reads, cancels or deletes a response. `other`: the path is unknown.
 */
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

/** Whether an operation counts towards the rate limits of a script. Only operations that run a model do. */
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
  /** The path of the URL, without the query. */
  path: string
  query: string
  headers: Readonly<Record<string, string | readonly string[] | undefined>>
}

/** What is known about a request from its URL and headers alone. */
export interface Route {
  wire: WireName
  operation: RequestOperation
  /** The model; undefined if the URL does not name it. */
  model?: string | undefined
  /** Whether a stream is requested; undefined if the URL does not say it. */
  stream?: boolean | undefined
}

/** Decodes a part of a URL's path. Returns the part unchanged if its encoding is invalid. */
export function decodePart(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    return part
  }
}
