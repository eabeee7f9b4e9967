/** The operation of a request. `connect` is a connection that was ended before its request; `other` is any unknown path. */
export type Operation =
  'chat' | 'responses' | 'embeddings' | 'models' | 'files' | 'batches' | 'other' | 'connect'

/** The operations that a rule can name. */
export type RequestOperation = Exclude<Operation, 'connect'>

export const requestOperations: readonly RequestOperation[] = [
  'chat',
  'responses',
  'embeddings',
  'models',
  'files',
  'batches',
  'other',
]

/** The operation behind a method and a path without its query. */
export function route(method: string, path: string): RequestOperation {
  if (method === 'POST') {
    if (path === '/v1/chat/completions') return 'chat'
    if (path === '/v1/responses') return 'responses'
    if (path === '/v1/embeddings') return 'embeddings'
  }
  if (method === 'GET' && (path === '/v1/models' || path.startsWith('/v1/models/'))) return 'models'
  if (path === '/v1/files' || path.startsWith('/v1/files/')) return 'files'
  if (path === '/v1/batches' || path.startsWith('/v1/batches/')) return 'batches'
  return 'other'
}
