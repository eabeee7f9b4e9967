import { decodePart, type RequestHead, type Route } from '../../route.ts'

const BATCHES = /\/v1\/messages\/batches(?:\/|$)/
const vertexPath = /\/publishers\/anthropic\/models\/([^/:]+):(rawPredict|streamRawPredict)$/

/** Recognises requests to Anthropic's API, below any root path, and to its models on Google's Vertex AI. */
export function routeAnthropic({ method, path, headers }: RequestHead): Route | undefined {
  if (BATCHES.test(path)) return { wire: 'anthropic', operation: 'batches' }
  if (method === 'GET') {
    const isModels = /\/v1\/models(?:\/[^/]*)?$/.test(path)
    return isModels && headers['anthropic-version'] !== undefined
      ? { wire: 'anthropic', operation: 'models' }
      : undefined
  }
  if (method !== 'POST') return undefined
  if (path.endsWith('/v1/messages')) return { wire: 'anthropic', operation: 'messages' }
  if (path.endsWith('/v1/messages/count_tokens')) return { wire: 'anthropic', operation: 'count-tokens' }

  const [, model, action] = vertexPath.exec(path) ?? []
  if (model === undefined) return undefined
  if (model === 'count-tokens') return { wire: 'anthropic', operation: 'count-tokens' }
  const stream = action === 'streamRawPredict' ? true : undefined
  return { wire: 'anthropic', operation: 'messages', model: decodePart(model), stream }
}

/** Whether a path belongs to Vertex AI. Its requests have the version in the body, and the model in the path. */
export function isVertex(path: string): boolean {
  return vertexPath.test(path)
}
